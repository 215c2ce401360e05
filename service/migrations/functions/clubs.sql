-- A club's places.

CREATE OR REPLACE FUNCTION apply_to_group(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_group uuid, p_person uuid,
    p_application uuid, p_number text, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    child record;
    place record;
    applied boolean;
    months integer;
    terms jsonb;
    result jsonb;
    earlier jsonb;
BEGIN
    SELECT p.id, p.identity, p.birth_date, p.last_name, p.first_name, p.patronymic INTO child
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;

    SELECT g.*, r.name AS programme_name, i.name AS institution_name, i.phone, i.zone
    INTO place
    FROM groups g
    JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
    JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
    WHERE g.region_id = p_region AND g.id = p_group;

    applied := EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = p_region AND a.group_id = p_group AND a.identity = child.identity
          AND a.status IN ('submitted', 'approved', 'enrolled'));

    earlier := idempotency_find(p_region, p_citizen, 'applyToGroup', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;

    months := full_months(child.birth_date, place.starts_on);
    PERFORM refuse(CASE
        WHEN child.id IS NULL THEN 'person_not_found'
        WHEN place.id IS NULL THEN 'group_not_found'
        WHEN p_now < place.enrolment_opens_at THEN 'enrolment_not_open'
        WHEN p_now >= place.enrolment_closes_at THEN 'enrolment_closed'
        WHEN months < place.age_from_months THEN 'too_young'
        WHEN months >= place.age_until_months THEN 'too_old'
        WHEN applied THEN 'already_applied'
        WHEN place.taken >= place.capacity THEN 'group_full'
    END);

    terms := jsonb_build_object(
        'zone', place.zone, 'group_name', place.name, 'starts_on', place.starts_on, 'ends_on', place.ends_on,
        'weekly_lessons', place.weekly_lessons, 'address', place.address, 'teachers', to_jsonb(place.teachers),
        'price_month_roubles', place.price_month_roubles,
        'programme', jsonb_build_object('id', place.programme_id, 'name', place.programme_name),
        'institution', jsonb_build_object('id', place.institution_id, 'name', place.institution_name,
                                          'address', place.address, 'phone', place.phone));
    result := jsonb_build_object(
        'id', p_application, 'number', p_number, 'status', 'submitted', 'group_id', p_group, 'terms', terms,
        'decision', NULL, 'created_at', p_now, 'updated_at', p_now,
        'person', jsonb_build_object('id', child.id, 'last_name', child.last_name,
                                     'first_name', child.first_name, 'patronymic', child.patronymic));

    earlier := idempotency_keep(p_region, p_citizen, 'applyToGroup', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;

    INSERT INTO applications (region_id, id, number, institution_id, group_id, citizen_id, person_id, identity, status,
                              terms, created_at, updated_at)
    VALUES (p_region, p_application, p_number, place.institution_id, p_group, p_citizen, p_person, child.identity,
            'submitted', terms, p_now, p_now);
    INSERT INTO engagements (region_id, booking_id, identity, times)
    VALUES (p_region, p_application, child.identity, place.lessons);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'application_submitted', p_application,
                    jsonb_build_object('group_id', p_group, 'person_id', p_person), true);
    UPDATE groups SET taken = taken + 1
    WHERE region_id = p_region AND id = p_group AND capacity - taken > 0 AND lessons = place.lessons;
    IF NOT FOUND THEN
        PERFORM refuse('group_full');
    END IF;
    RETURN result;
END $$;

-- Moves an application from one of p_from to p_to; gives the place back where p_to holds none. The same move twice
-- changes nothing. p_citizen is null when the institution moves it, p_institution when the citizen does.
CREATE OR REPLACE FUNCTION move_application(
    p_region smallint, p_citizen uuid, p_institution uuid, p_application uuid, p_from text[], p_to text,
    p_decision jsonb, p_event_id uuid, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved applications;
BEGIN
    SELECT a.* INTO moved FROM applications a
    WHERE a.region_id = p_region AND a.id = p_application
      AND (p_institution IS NULL OR a.institution_id = p_institution)
      AND (p_citizen IS NULL OR EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id))
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN moved.id IS NULL THEN 'application_not_found'
        WHEN moved.status <> p_to AND moved.status <> ALL (p_from) THEN 'application_illegal_move'
    END);
    IF moved.status = p_to THEN
        RETURN;
    END IF;
    UPDATE applications SET status = p_to, decision = coalesce(p_decision, decision), updated_at = p_now
    WHERE region_id = p_region AND id = p_application;
    PERFORM journal(p_region, p_event_id, p_now, p_actor, 'application_' || p_to, p_application,
                    jsonb_build_object('from', moved.status), true);
    IF p_to IN ('refused', 'withdrawn') THEN
        DELETE FROM engagements WHERE region_id = p_region AND booking_id = p_application;
        UPDATE groups SET taken = taken - 1 WHERE region_id = p_region AND id = moved.group_id;
    END IF;
END $$;
