-- The waiting list of a group: places that are free are offered to one after the other, and answered.

-- Whether places of this group go to those who wait.
CREATE OR REPLACE FUNCTION offers_places(place groups, p_now timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT place.locked_at IS NULL AND place.taken < place.capacity AND place.waiting > 0
       AND p_now < upper(place.lessons)
       AND (place.filling = 'first_come' OR place.filled_at IS NOT NULL)
$$;

-- Offers the free places of a group to those who wait, one after the other; a family that needs places elsewhere too is
-- passed over until all of them are free. Returns how many places were offered. Locks only what nobody is busy with, so
-- it can't be part of a deadlock.
CREATE OR REPLACE FUNCTION offer_group_places(p_region smallint, p_group uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    first applications;
    offered integer := 0;
    now_offered integer;
BEGIN
    PERFORM FROM groups WHERE region_id = p_region AND id = p_group FOR NO KEY UPDATE;
    FOR first IN
        SELECT * FROM applications WHERE region_id = p_region AND group_id = p_group AND status = 'waiting'
        ORDER BY weight DESC, serial
    LOOP
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
        EXIT WHEN NOT offers_places(place, p_now);
        now_offered := offer_to_family(first, p_now);
        offered := offered + now_offered;
    END LOOP;
    RETURN offered;
END $$;

-- Free places that wait to be offered, since a group has just been made larger say, go to those who wait for them before
-- anybody comes now. The groups are locked.
CREATE OR REPLACE FUNCTION offer_before(p_region smallint, p_groups uuid[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offer_group_places(p_region, g.id, p_now) FROM groups g
    WHERE g.region_id = p_region AND g.id = ANY (p_groups) AND offers_places(g, p_now) ORDER BY g.id;
END $$;

-- Offers an application that waits, and those that wait together with it, a place each; 0 where there is not one for all.
CREATE OR REPLACE FUNCTION offer_to_family(first applications, p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    family uuid[];
    one applications;
    hours smallint := (SELECT group_offer_hours FROM institutions
                       WHERE region_id = first.region_id AND id = first.institution_id);
BEGIN
    WITH free_groups AS (
        SELECT id FROM groups WHERE region_id = first.region_id AND id IN (
            SELECT a.group_id FROM applications a
            WHERE a.region_id = first.region_id AND a.status = 'waiting'
              AND (a.id = first.id OR a.family_id = first.family_id))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED),
    mine AS (
        SELECT a.id, a.group_id FROM applications a
        WHERE a.region_id = first.region_id AND a.status = 'waiting'
          AND (a.id = first.id OR a.family_id = first.family_id)
          AND consent_stands(a.region_id, a.citizen_id, a.person_id, 'enrolment', p_now)
        ORDER BY a.id FOR UPDATE SKIP LOCKED)
    SELECT array_agg(m.id ORDER BY m.id) INTO family FROM mine m JOIN free_groups f ON f.id = m.group_id;
    IF family IS NULL OR EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = first.region_id AND a.family_id = first.family_id AND a.status = 'offered')
       OR cardinality(family) < (
        SELECT count(*) FROM applications a
        WHERE a.region_id = first.region_id AND a.status = 'waiting'
          AND (a.id = first.id OR a.family_id = first.family_id))
       OR NOT all_have_places(first.region_id, ARRAY(
           SELECT group_id FROM applications WHERE region_id = first.region_id AND id = ANY (family))) THEN
        RETURN 0;
    END IF;
    FOR one IN SELECT * FROM applications WHERE region_id = first.region_id AND id = ANY (family) ORDER BY id LOOP
        PERFORM move_application(
            one, 'offered', jsonb_build_object('offer_expires_at', p_now + make_interval(hours => hours)), by_itself(), p_now);
    END LOOP;
    RETURN cardinality(family);
END $$;

-- The parent takes the offered place, with those of the family; once more where it is taken already.
CREATE OR REPLACE FUNCTION accept_group_place(
    p_region smallint, p_citizen uuid, p_application uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_application(p_region, p_citizen, NULL, p_application);
    one applications;
    taken applications;
    place groups;
BEGIN
    IF named.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled') THEN
        RETURN;
    END IF;
    PERFORM refuse(CASE
        WHEN named.status <> 'offered' THEN 'place_not_offered'
        WHEN named.offer_expires_at <= p_now THEN 'place_offer_lapsed'
    END);
    PERFORM lock_children(p_region, ARRAY(SELECT person_id FROM offered_with(named)));
    FOR one IN SELECT * FROM offered_with(named) LOOP
        PERFORM require_consent(p_region, p_citizen, one.person_id, 'enrolment', p_now);
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = one.group_id;
        taken := as_submitted(one, place, CASE WHEN place.instant THEN 'enrolled' ELSE 'submitted' END, p_now);
        -- One item of none: the refusal names the whole.
        taken.family_id := NULL;
        taken := with_warnings(taken, place, p_citizen, 0, p_now);
        PERFORM move_application(one, taken.status, jsonb_build_object(
            'decide_by', taken.decide_by, 'enrolled_on', taken.enrolled_on, 'warnings', taken.warnings),
            p_citizen, p_now);
    END LOOP;
END $$;

-- The parent does not want the offered place, nor those of the family: the waiting ends. Twice is no error.
CREATE OR REPLACE FUNCTION decline_group_place(
    p_region smallint, p_citizen uuid, p_application uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_application(p_region, p_citizen, NULL, p_application);
    one applications;
BEGIN
    IF named.status = 'withdrawn' THEN
        RETURN;
    END IF;
    PERFORM refuse('place_not_offered') WHERE named.status <> 'offered';
    FOR one IN SELECT * FROM offered_with(named) LOOP
        PERFORM move_application(one, 'withdrawn', '{}', p_citizen, p_now);
    END LOOP;
END $$;

-- The application and those of its family that places are offered to, locked.
CREATE OR REPLACE FUNCTION offered_with(named applications) RETURNS SETOF applications LANGUAGE sql AS $$
    SELECT * FROM applications a
    WHERE a.region_id = named.region_id AND a.status = 'offered'
      AND (a.id = named.id OR a.family_id = named.family_id)
    ORDER BY a.id FOR UPDATE
$$;

-- Passes on what one offer has kept too long: nobody answered. The application goes to the end of the queue, and after the
-- third time, or where a campaign had matched it, out of it, and so does its family.
CREATE OR REPLACE FUNCTION lapse_a_place(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due record;
    named applications;
    one applications;
    last_time boolean;
BEGIN
    FOR due IN
        SELECT a.region_id, a.id FROM regions r
        JOIN applications a ON a.region_id = r.code AND a.status = 'offered' AND a.offer_expires_at <= p_now
        ORDER BY a.offer_expires_at LIMIT 50
    LOOP
        named := lock_application(due.region_id, NULL, NULL, due.id);
        CONTINUE WHEN named.status <> 'offered' OR named.offer_expires_at > p_now;
        last_time := (SELECT bool_or(lapses >= 2 OR is_match(o)) FROM offered_with(named) AS o);
        FOR one IN SELECT * FROM offered_with(named) LOOP
            PERFORM move_application(one, CASE WHEN last_time THEN 'expired' ELSE 'waiting' END,
                                     jsonb_build_object('lapses', one.lapses + 1), by_itself(), p_now);
        END LOOP;
        RETURN 1;
    END LOOP;
    RETURN 0;
END $$;

-- Offers what is free, however it came to be. Looks at groups by chance, so that those whose queue waits for something else
-- do not stand in the way of the others.
CREATE OR REPLACE FUNCTION offer_free_group_places(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    offered integer;
BEGIN
    FOR place IN
        SELECT g.* FROM regions r JOIN groups g ON g.region_id = r.code AND g.waiting > 0
        WHERE offers_places(g, p_now) ORDER BY random() LIMIT 50
    LOOP
        offered := offer_group_places(place.region_id, place.id, p_now);
        IF offered > 0 THEN
            RETURN offered;
        END IF;
    END LOOP;
    RETURN 0;
END $$;
