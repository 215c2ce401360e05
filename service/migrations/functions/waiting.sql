-- Offers of places: to those whose time the clinic took away, and to those who wait.

-- The slot's row is locked by the caller and has a free place: it is offered to the first who may have it. False where
-- nobody waits for it.
CREATE OR REPLACE FUNCTION offer_place(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RETURN false;
END $$;

-- Makes the open offer of an orphaned ticket, without another time as yet.
CREATE OR REPLACE FUNCTION offer_rebooking(p_region smallint, p_appointment uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, appointment_id, places, status,
                        created_at)
    SELECT region_id, gen_random_uuid(), institution_id, specialty_code, citizen_id, id, '[]', 'open', p_now
    FROM appointments WHERE region_id = p_region AND id = p_appointment;
END $$;

-- The citizen has found another time, or has given the ticket up: its open offer ends, what it held is given back.
CREATE OR REPLACE FUNCTION close_rebooking(p_region smallint, p_appointment uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    held uuid;
BEGIN
    FOR held IN
        DELETE FROM holds h USING offers o
        WHERE h.region_id = p_region AND o.region_id = p_region AND o.id = h.offer_id
          AND o.appointment_id = p_appointment AND o.status = 'open'
        RETURNING h.slot_id
    LOOP
        PERFORM free_place(p_region, held, p_now);
    END LOOP;
    UPDATE offers SET status = 'withdrawn', closed_at = p_now
    WHERE region_id = p_region AND appointment_id = p_appointment AND status = 'open';
END $$;

-- The clinic takes a slot away that is held for offers: none of them may go on with it.
CREATE OR REPLACE FUNCTION withdraw_offers(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
END $$;
