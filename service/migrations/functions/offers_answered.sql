-- What becomes of an offer: accepted, declined, lapsed, withdrawn.

-- Closing -----------------------------------------------------------------------------------------------------------

-- Closes an open offer, whose row and whose entry or ticket are locked. What it held is the caller's to give back.
CREATE OR REPLACE FUNCTION close_offer(offer offers, p_status text, p_actor uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE offers SET status = p_status, closed_at = p_now WHERE region_id = offer.region_id AND id = offer.id;
    PERFORM journal(offer.region_id, gen_random_uuid(), p_now, p_actor, 'offer_' || p_status, offer.id, '{}',
                    p_status IN ('lapsed', 'withdrawn'));
END $$;

-- The waiting is over: the entry's persons may wait for the same again.
CREATE OR REPLACE FUNCTION end_waiting(p_region smallint, p_entry uuid, p_status text, p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
    UPDATE waiting_entries SET status = p_status, ended_at = p_now WHERE region_id = p_region AND id = p_entry;
    UPDATE waiting_persons SET active = false WHERE region_id = p_region AND entry_id = p_entry;
$$;

-- Nobody answered. A waiting entry goes to the end of its queue, and after the third time out of it; a ticket's offer
-- stays open without a time.
CREATE OR REPLACE FUNCTION lapse_offer(offer offers, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    times smallint;
BEGIN
    PERFORM close_offer(offer, 'lapsed', by_itself(), p_now);
    IF offer.entry_id IS NULL THEN
        PERFORM open_rebooking(offer.region_id, offer.appointment_id, p_now);
    ELSE
        UPDATE waiting_entries SET status = 'waiting', lapses = lapses + 1, queued_at = p_now
        WHERE region_id = offer.region_id AND id = offer.entry_id
        RETURNING lapses INTO times;
        IF times >= 3 THEN
            PERFORM end_waiting(offer.region_id, offer.entry_id, 'expired', p_now);
        END IF;
    END IF;
    PERFORM release_places(offer.region_id, offer.id, p_now);
END $$;

-- The citizen has found another time, or has given the ticket up: its open offer ends, what it held is passed on. The
-- ticket is locked by the caller.
CREATE OR REPLACE FUNCTION close_rebooking(p_region smallint, p_appointment uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    offer offers;
BEGIN
    SELECT * INTO offer FROM offers
    WHERE region_id = p_region AND appointment_id = p_appointment AND status = 'open'
    FOR UPDATE;
    IF FOUND THEN
        PERFORM close_offer(offer, 'withdrawn', by_itself(), p_now);
        PERFORM release_places(p_region, offer.id, p_now);
    END IF;
END $$;

-- The clinic takes a slot away that is held for offers, and has closed it: none of them may go on with it. A waiting entry
-- keeps its place in the queue, a ticket gets another time.
CREATE OR REPLACE FUNCTION withdraw_offers(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    held record;
    offer offers;
BEGIN
    FOR held IN
        SELECT DISTINCT o.id, o.entry_id, o.appointment_id
        FROM holds h JOIN offers o ON o.region_id = h.region_id AND o.id = h.offer_id
        WHERE h.region_id = p_region AND h.slot_id = p_slot AND o.status = 'open'
    LOOP
        PERFORM FROM waiting_entries WHERE region_id = p_region AND id = held.entry_id FOR UPDATE;
        PERFORM FROM appointments WHERE region_id = p_region AND id = held.appointment_id FOR UPDATE;
        SELECT * INTO offer FROM offers WHERE region_id = p_region AND id = held.id AND status = 'open' FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        PERFORM close_offer(offer, 'withdrawn', by_itself(), p_now);
        PERFORM release_places(p_region, offer.id, p_now);
        IF offer.entry_id IS NULL THEN
            PERFORM find_rebooking(p_region, open_rebooking(p_region, offer.appointment_id, p_now), p_now);
        ELSE
            UPDATE waiting_entries SET status = 'waiting' WHERE region_id = p_region AND id = offer.entry_id;
        END IF;
    END LOOP;
END $$;

-- The citizen's answer ----------------------------------------------------------------------------------------------

-- The offer, locked with its entry or ticket. An entry is of the citizen who made it, a ticket of everyone who looks after
-- its person.
CREATE OR REPLACE FUNCTION lock_offer(p_region smallint, p_citizen uuid, p_offer uuid) RETURNS offers
LANGUAGE plpgsql AS $$
DECLARE
    named offers;
BEGIN
    SELECT o.* INTO named FROM offers o
    WHERE o.region_id = p_region AND o.id = p_offer AND (
        (o.entry_id IS NOT NULL AND o.citizen_id = p_citizen) OR EXISTS (
            SELECT FROM appointments a
            JOIN guardians g ON g.region_id = a.region_id AND g.person_id = a.person_id
            WHERE a.region_id = p_region AND a.id = o.appointment_id AND g.citizen_id = p_citizen));
    PERFORM refuse('offer_not_found') WHERE named.id IS NULL;
    PERFORM FROM waiting_entries WHERE region_id = p_region AND id = named.entry_id FOR UPDATE;
    PERFORM FROM appointments WHERE region_id = p_region AND id = named.appointment_id FOR UPDATE;
    SELECT * INTO named FROM offers WHERE region_id = p_region AND id = p_offer FOR UPDATE;
    RETURN named;
END $$;

-- Why the offer can't be answered any more, or not yet; null where it can.
CREATE OR REPLACE FUNCTION answer_refusal(offer offers, p_now timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN offer.status = 'lapsed' OR (offer.status = 'open' AND offer.expires_at <= p_now) THEN 'offer_lapsed'
        WHEN offer.status <> 'open' THEN 'offer_closed'
        WHEN offer.places = '[]' THEN 'offer_without_time'
    END
$$;

-- Books what is offered, all of it or nothing, and gives the tickets' ids; once more where it is accepted already.
-- p_appointments and p_numbers: for a ticket for each person.
CREATE OR REPLACE FUNCTION accept_offer(
    p_region smallint, p_citizen uuid, p_offer uuid, p_appointments uuid[], p_numbers text[], p_now timestamptz
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    offer offers := lock_offer(p_region, p_citizen, p_offer);
BEGIN
    IF offer.status <> 'accepted' THEN
        PERFORM refuse(answer_refusal(offer, p_now));
        PERFORM close_offer(offer, 'accepted', p_citizen, p_now);
        -- The places stay taken: from now on by tickets.
        DELETE FROM holds WHERE region_id = p_region AND offer_id = p_offer;
        offer.places := CASE
            WHEN offer.entry_id IS NULL THEN accept_rebooking(offer, p_citizen, p_now)
            ELSE accept_waiting(offer, p_appointments, p_numbers, p_now)
        END;
        UPDATE offers SET places = offer.places WHERE region_id = p_region AND id = p_offer;
    END IF;
    RETURN ARRAY(SELECT (given ->> 'appointment_id')::uuid FROM jsonb_array_elements(offer.places) AS given);
END $$;

-- Books a ticket for each of the places; they come back with the tickets' ids.
CREATE OR REPLACE FUNCTION accept_waiting(offer offers, p_appointments uuid[], p_numbers text[], p_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    referral text := (SELECT referral_number FROM waiting_entries
                      WHERE region_id = offer.region_id AND id = offer.entry_id);
    place bookable_slots;
    patient persons;
    given jsonb;
    booked jsonb := '[]';
    number integer := 0;
BEGIN
    PERFORM end_waiting(offer.region_id, offer.entry_id, 'served', p_now);
    FOR given IN SELECT jsonb_array_elements(offer.places) LOOP
        number := number + 1;
        SELECT p.* INTO patient
        FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = offer.region_id AND g.citizen_id = offer.citizen_id
          AND g.person_id = (given ->> 'person_id')::uuid AND p.deleted_at IS NULL
        FOR KEY SHARE OF p;
        PERFORM refuse('person_not_found') WHERE patient.id IS NULL;
        PERFORM require_consent(offer.region_id, offer.citizen_id, patient.id, 'booking', p_now);
        place := place_offered(offer.region_id, (given ->> 'slot_id')::uuid);
        PERFORM refuse(booking_refusal(place, patient, referral, 'internet', p_now));
        PERFORM refuse(booking_limit(place, patient, p_now));
        PERFORM write_appointment(place, patient, offer.citizen_id, referral, NULL, 'internet', NULL,
                                  p_appointments[number], p_numbers[number], gen_random_uuid(), offer.citizen_id,
                                  p_now);
        booked := booked || jsonb_build_array(given || jsonb_build_object('appointment_id', p_appointments[number]));
    END LOOP;
    RETURN booked;
END $$;

-- Moves the orphaned ticket to its new place.
CREATE OR REPLACE FUNCTION accept_rebooking(offer offers, p_actor uuid, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    place bookable_slots := place_offered(offer.region_id, (offer.places #>> '{0,slot_id}')::uuid);
BEGIN
    PERFORM refuse('offer_closed') WHERE place.status <> 'open';
    PERFORM move_appointment(offer.region_id, offer.appointment_id, place, p_actor, gen_random_uuid(),
                             'appointment_rescheduled', p_now);
    RETURN jsonb_build_array(offer.places -> 0 || jsonb_build_object('appointment_id', offer.appointment_id));
END $$;

-- A declined waiting offer ends the waiting; a declined time is not offered to the ticket again, another may be.
-- Declining what is declined changes nothing.
CREATE OR REPLACE FUNCTION decline_offer(p_region smallint, p_citizen uuid, p_offer uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    offer offers := lock_offer(p_region, p_citizen, p_offer);
BEGIN
    IF offer.status = 'declined' THEN
        RETURN;
    END IF;
    PERFORM refuse(answer_refusal(offer, p_now));
    PERFORM close_offer(offer, 'declined', p_citizen, p_now);
    IF offer.entry_id IS NULL THEN
        PERFORM open_rebooking(p_region, offer.appointment_id, p_now);
    ELSE
        PERFORM end_waiting(p_region, offer.entry_id, 'declined', p_now);
    END IF;
    PERFORM release_places(p_region, p_offer, p_now);
END $$;

-- By itself, with time -----------------------------------------------------------------------------------------------
-- Each of these does a little and returns how much; many workers may run them at once, for each takes what nobody else
-- is busy with.

-- Locks an offer that is still open, with its entry or ticket; null where somebody else is busy with it.
CREATE OR REPLACE FUNCTION try_offer(p_region smallint, p_offer uuid) RETURNS offers LANGUAGE plpgsql AS $$
DECLARE
    named offers;
BEGIN
    SELECT * INTO named FROM offers WHERE region_id = p_region AND id = p_offer AND status = 'open';
    PERFORM FROM waiting_entries WHERE region_id = p_region AND id = named.entry_id FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        PERFORM FROM appointments WHERE region_id = p_region AND id = named.appointment_id FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT * INTO named FROM offers WHERE region_id = p_region AND id = p_offer AND status = 'open'
    FOR UPDATE SKIP LOCKED;
    RETURN named;
END $$;

-- Passes on what one offer has held too long. One only: two would have the slots of one locked while waiting for the
-- other's.
CREATE OR REPLACE FUNCTION lapse_an_offer(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due record;
    offer offers;
BEGIN
    FOR due IN
        SELECT o.region_id, o.id FROM regions r
        JOIN offers o ON o.region_id = r.code AND o.status = 'open' AND o.expires_at <= p_now
    LOOP
        offer := try_offer(due.region_id, due.id);
        IF offer.id IS NOT NULL THEN
            PERFORM lapse_offer(offer, p_now);
            RETURN 1;
        END IF;
    END LOOP;
    RETURN 0;
END $$;

-- Finds another time for one orphaned ticket that has none yet. Looks at some by chance, so that those for whom there is
-- nothing do not stand in the way of the others.
CREATE OR REPLACE FUNCTION rebook_a_ticket(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due record;
BEGIN
    FOR due IN
        SELECT o.region_id, o.id FROM regions r
        JOIN offers o ON o.region_id = r.code AND o.status = 'open' AND o.expires_at IS NULL
        ORDER BY random() LIMIT 50
    LOOP
        IF find_rebooking(due.region_id, due.id, p_now) THEN
            RETURN 1;
        END IF;
    END LOOP;
    RETURN 0;
END $$;

-- Offers one place that is free, however it came to be, and that somebody waits for. Looks at some by chance, so that
-- those that suit nobody do not stand in the way of the others.
CREATE OR REPLACE FUNCTION offer_a_free_place(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    free_slot slots;
BEGIN
    FOR free_slot IN
        SELECT sample.* FROM (
            SELECT s.* FROM regions r
            CROSS JOIN LATERAL (
                SELECT DISTINCT institution_id, specialty_code FROM waiting_entries
                WHERE region_id = r.code AND status = 'waiting') AS queue
            JOIN slots s ON s.region_id = r.code AND s.institution_id = queue.institution_id
                        AND s.specialty_code = queue.specialty_code AND s.status = 'open' AND s.taken < s.capacity
                        AND s.starts_at > p_now
            WHERE can_be_offered(s, p_now)
            ORDER BY random() LIMIT 50) AS sample
        ORDER BY sample.starts_at, sample.id
    LOOP
        CONTINUE WHEN NOT is_waited_for(free_slot, p_now);
        PERFORM FROM slots s WHERE s.region_id = free_slot.region_id AND s.id = free_slot.id
        FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND AND offer_place(free_slot.region_id, free_slot.id, p_now) THEN
            RETURN 1;
        END IF;
    END LOOP;
    RETURN 0;
END $$;

-- Whether offer_place would find somebody in the queue.
CREATE OR REPLACE FUNCTION is_waited_for(free_slot slots, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bookable_slots := place_offered(free_slot.region_id, free_slot.id);
    entry waiting_entries;
BEGIN
    FOR entry IN
        SELECT e.* FROM waiting_entries e
        WHERE e.region_id = free_slot.region_id AND e.institution_id = free_slot.institution_id
          AND e.specialty_code = free_slot.specialty_code AND e.status = 'waiting' AND waits_for(e, place)
    LOOP
        IF EXISTS (SELECT FROM places_together(free_slot, persons_of(entry), p_now) AS together
                   WHERE seated(entry, together, p_now) IS NOT NULL) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;
