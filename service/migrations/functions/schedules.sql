-- Slots that schedules make.

-- Of slots that are new, or have come back, whoever waits has their turn before anybody else. Returns how many places
-- were offered.
CREATE OR REPLACE FUNCTION offer_slots(p_region smallint, p_institution uuid, p_slots uuid[], p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    slot uuid;
    offered integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM waiting_entries
                   WHERE region_id = p_region AND institution_id = p_institution AND status = 'waiting')
       AND NOT EXISTS (SELECT FROM offers
                       WHERE region_id = p_region AND institution_id = p_institution AND status = 'open'
                         AND appointment_id IS NOT NULL AND expires_at IS NULL) THEN
        RETURN 0;
    END IF;
    FOR slot IN SELECT id FROM slots WHERE region_id = p_region AND id = ANY (p_slots) ORDER BY starts_at, id LOOP
        WHILE EXISTS (SELECT FROM slots WHERE region_id = p_region AND id = slot AND taken < capacity)
              AND offer_place(p_region, slot, p_now) LOOP
            offered := offered + 1;
        END LOOP;
    END LOOP;
    RETURN offered;
END $$;
