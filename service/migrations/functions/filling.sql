-- Filling a group that was collected for: in an order that is settled before, each application has a place, waits, or is
-- refused.

-- Gives an application the place it was collected for, and says whether it could be given: the child may be in other
-- lessons by now, or its certificate suspended. Who can't have it keeps nobody from theirs.
CREATE OR REPLACE FUNCTION place_collected(named applications, place groups, p_serial integer, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE applications SET
        placed = true, serial = p_serial, updated_at = p_now, decide_by = decision_deadline(place, p_now)
    WHERE region_id = named.region_id AND id = named.id;
    IF place.instant THEN
        UPDATE applications SET status = 'enrolled', decide_by = NULL, enrolled_on = first_day(place, p_now)
        WHERE region_id = named.region_id AND id = named.id;
    END IF;
    RETURN true;
EXCEPTION WHEN exclusion_violation OR check_violation OR SQLSTATE 'ZP001' THEN
    RETURN false;
END $$;

-- Fills the group, whose row the caller has locked, with applications in the order of p_ids: as long as there are places
-- they are placed, the others wait in that order, or are refused where the group has no waiting list. p_first: the place
-- in the whole order of the first of them. What was withdrawn meanwhile is passed over.
CREATE OR REPLACE FUNCTION fill_places(
    p_region smallint, p_group uuid, p_ids uuid[], p_first integer, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    named applications;
    free integer;
    becomes text;
    filled integer := 0;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
    free := place.capacity - place.taken;
    FOR nth IN 1..cardinality(p_ids) LOOP
        SELECT * INTO named FROM applications
        WHERE region_id = p_region AND id = p_ids[nth] AND group_id = p_group
          AND status = 'submitted' AND NOT placed FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        IF free > 0 AND place_collected(named, place, p_first + nth - 1, p_now) THEN
            free := free - 1;
            becomes := CASE WHEN place.instant THEN 'enrolled' ELSE 'placed' END;
        ELSE
            becomes := CASE WHEN place.waiting_list THEN 'waiting' ELSE 'refused' END;
            UPDATE applications SET
                status = becomes, serial = p_first + nth - 1, updated_at = p_now,
                decision = CASE becomes WHEN 'refused' THEN '{"decision": "refuse", "reason": "no_places"}'::jsonb END
            WHERE region_id = p_region AND id = named.id;
        END IF;
        PERFORM journal(p_region, gen_random_uuid(), p_now, by_itself(), 'application_' || becomes, named.id,
                        jsonb_build_object('from', 'submitted', 'group_id', p_group), true);
        filled := filled + 1;
    END LOOP;
    RETURN filled;
END $$;
