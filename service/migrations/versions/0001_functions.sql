-- What must be one round trip: each function takes the place, writes the booking, the idempotency row, the audit row and
-- the outbox row. A refusal is an exception whose constraint name says which; it undoes everything.

-- Refuses with that name; with null it does nothing.
CREATE FUNCTION refuse(p_refusal text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal;
    END IF;
END $$;

CREATE FUNCTION journal(
    p_region smallint, p_event_id uuid, p_now timestamptz, p_actor uuid, p_event text, p_subject uuid, p_details jsonb,
    p_tell boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_trail (region_id, id, at, actor_id, event, subject_id, details)
    VALUES (p_region, p_event_id, p_now, p_actor, p_event, p_subject, p_details);
    IF p_tell THEN
        INSERT INTO outbox (region_id, id, at, event, subject_id)
        VALUES (p_region, p_event_id, p_now, p_event, p_subject);
    END IF;
END $$;

-- What the key has already brought about, or null. Call it after reading what the request needs: then whatever this
-- key's own effect changed in those rows comes with the key's row, and a retry can't be refused by its own success.
CREATE FUNCTION idempotency_find(p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    kept idempotency_keys;
BEGIN
    SELECT * INTO kept FROM idempotency_keys
    WHERE region_id = p_region AND caller_id = p_caller AND operation = p_operation AND key = p_key;
    PERFORM refuse('idempotency_key_reused') WHERE kept.request_hash <> p_request_hash;
    RETURN kept.result;
END $$;

-- Null when the result is now kept under the key; else the result of the twin that was quicker. Waits for a twin in
-- flight, so call it before the place is taken.
CREATE FUNCTION idempotency_keep(
    p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea, p_result jsonb,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (region_id, caller_id, operation, key, request_hash, result, created_at)
    VALUES (p_region, p_caller, p_operation, p_key, p_request_hash, p_result, p_now)
    ON CONFLICT (region_id, caller_id, operation, key) DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN idempotency_find(p_region, p_caller, p_operation, p_key, p_request_hash);
END $$;

-- Full months of age on a day; negative before the birth, where age() would give 0 for the month before it.
CREATE FUNCTION full_months(p_birth_date date, p_on date) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(year FROM p_on) - extract(year FROM p_birth_date)) * 12
    + extract(month FROM p_on) - extract(month FROM p_birth_date)
    - CASE WHEN extract(day FROM p_on) < extract(day FROM p_birth_date) THEN 1 ELSE 0 END;

-- People ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION create_person(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person jsonb, p_kinship text,
    p_result jsonb, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person persons := jsonb_populate_record(NULL::persons, p_person);
    earlier jsonb;
BEGIN
    earlier := coalesce(
        idempotency_find(p_region, p_citizen, 'createPerson', p_key, p_request_hash),
        idempotency_keep(p_region, p_citizen, 'createPerson', p_key, p_request_hash, p_result, p_now));
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO persons SELECT person.*;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity)
    VALUES (p_region, p_citizen, person.id, p_kinship, person.identity);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_created', person.id, '{}', false);
    RETURN p_result;
END $$;

-- The same human being under another hash: whatever is booked goes along, and a booking that this brings into conflict
-- with another refuses the change.
CREATE FUNCTION change_identity(p_region smallint, p_person uuid, p_identity bytea) RETURNS void LANGUAGE sql AS $$
    UPDATE guardians SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE appointments SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE engagements SET identity = p_identity
    WHERE region_id = p_region AND booking_id IN (
        SELECT id FROM appointments WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM applications WHERE region_id = p_region AND person_id = p_person);
$$;

-- Takes the person away from the citizen; with the last guardian go the names and the identifiers.
CREATE FUNCTION delete_person(
    p_region smallint, p_citizen uuid, p_person uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    nobody bytea := sha256(uuid_send(p_event_id));
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = p_person AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person)
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('person_not_found');
    END IF;
    PERFORM refuse('person_has_bookings') WHERE EXISTS (
        SELECT FROM appointments a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.active AND a.ends_at > p_now
    ) OR EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.status IN ('submitted', 'approved', 'enrolled'));
    DELETE FROM guardians WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    IF NOT EXISTS (SELECT FROM guardians WHERE region_id = p_region AND person_id = p_person) THEN
        UPDATE persons SET identity = nobody, last_name = '', first_name = '', patronymic = NULL,
               birth_date = '1900-01-01', snils_sealed = NULL, policy_sealed = NULL, deleted_at = p_now
        WHERE region_id = p_region AND id = p_person;
        PERFORM change_identity(p_region, p_person, nobody);
        DELETE FROM idempotency_keys WHERE region_id = p_region AND caller_id = p_citizen
            AND (result ->> 'id' = p_person::text OR result #>> '{person,id}' = p_person::text);
    END IF;
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_deleted', p_person, '{}', false);
END $$;

-- Doctor's tickets --------------------------------------------------------------------------------------------------

CREATE FUNCTION book_appointment(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_slot uuid, p_person uuid, p_referral text,
    p_appointment uuid, p_number text, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    patient record;
    place record;
    years integer;
    terms jsonb;
    result jsonb;
    earlier jsonb;
BEGIN
    -- Who waits here for a deletion sees the guardian as before it, and the person as after it: hence deleted_at.
    SELECT p.id, p.identity, p.birth_date, p.sex, p.last_name, p.first_name, p.patronymic INTO patient
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;

    SELECT s.id, s.institution_id, s.practitioner_id, s.location_id, s.specialty_code, s.starts_at, s.ends_at,
           s.capacity, s.taken, s.status, s.age_from, s.age_to, s.sex, o.access, i.require_attachment, i.cancel_until_minutes,
           i.name, i.address, i.phone, i.zone, y.name_ru, y.name_en,
           l.name AS location_name, l.address AS location_address, l.room,
           d.last_name, d.first_name, d.patronymic
    INTO place
    FROM slots s
    JOIN institutions i ON i.region_id = s.region_id AND i.id = s.institution_id
    JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
    JOIN locations l ON l.region_id = s.region_id AND l.id = s.location_id
    JOIN specialties y ON y.code = s.specialty_code
    JOIN offered_specialties o ON o.region_id = s.region_id AND o.institution_id = s.institution_id
                              AND o.specialty_code = s.specialty_code
    WHERE s.region_id = p_region AND s.id = p_slot;

    earlier := idempotency_find(p_region, p_citizen, 'bookAppointment', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;

    years := full_months(patient.birth_date, (place.starts_at AT TIME ZONE place.zone)::date) / 12;
    PERFORM refuse(CASE
        WHEN patient.id IS NULL THEN 'person_not_found'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN place.starts_at <= p_now THEN 'time_passed'
        WHEN place.status <> 'open' OR place.taken >= place.capacity THEN 'time_taken'
        WHEN place.access = 'closed' THEN 'specialty_closed'
        WHEN place.access = 'referral' AND p_referral IS NULL THEN 'referral_needed'
        WHEN years < place.age_from OR years > place.age_to THEN 'slot_for_another_age'
        WHEN place.sex <> patient.sex THEN 'slot_for_another_sex'
        WHEN place.require_attachment AND NOT EXISTS (
            SELECT FROM attachments a
            WHERE a.region_id = p_region AND a.institution_id = place.institution_id AND a.identity = patient.identity
        ) THEN 'not_attached'
    END);

    terms := jsonb_build_object(
        'starts_at', place.starts_at, 'ends_at', place.ends_at, 'zone', place.zone,
        'cancel_until', place.starts_at - make_interval(mins => place.cancel_until_minutes),
        'institution', jsonb_build_object('id', place.institution_id, 'name', place.name, 'address', place.address,
                                          'phone', place.phone),
        'practitioner', jsonb_build_object('id', place.practitioner_id, 'last_name', place.last_name,
                                           'first_name', place.first_name, 'patronymic', place.patronymic),
        'specialty', jsonb_build_object('code', place.specialty_code, 'name_ru', place.name_ru,
                                        'name_en', place.name_en),
        'location', jsonb_build_object('name', place.location_name, 'address', place.location_address,
                                       'room', place.room));
    result := jsonb_build_object(
        'id', p_appointment, 'number', p_number, 'status', 'booked', 'slot_id', p_slot, 'terms', terms,
        'referral_number', p_referral, 'created_at', p_now, 'cancelled_at', NULL,
        'person', jsonb_build_object('id', patient.id, 'last_name', patient.last_name,
                                     'first_name', patient.first_name, 'patronymic', patient.patronymic));

    earlier := idempotency_keep(p_region, p_citizen, 'bookAppointment', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;

    UPDATE appointments SET active = false
    WHERE region_id = p_region AND institution_id = place.institution_id AND specialty_code = place.specialty_code
      AND identity = patient.identity AND active AND ends_at <= p_now;
    INSERT INTO appointments (region_id, id, number, institution_id, slot_id, specialty_code, citizen_id, person_id,
                              identity, status, active, source, referral_number, terms, starts_at, ends_at, created_at)
    VALUES (p_region, p_appointment, p_number, place.institution_id, p_slot, place.specialty_code, p_citizen, p_person,
            patient.identity, 'booked', true, 'internet', p_referral, terms, place.starts_at, place.ends_at, p_now);
    INSERT INTO engagements (region_id, booking_id, identity, times)
    VALUES (p_region, p_appointment, patient.identity,
            tstzmultirange(tstzrange(place.starts_at, place.ends_at)));
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'appointment_booked', p_appointment,
                    jsonb_build_object('slot_id', p_slot, 'person_id', p_person), true);
    -- The hot row comes last, so that it is locked for as short as can be. Its terms are compared again: the slot may
    -- have been published anew since it was read. The guard is not written as in the index of free slots: PostgreSQL 18
    -- would skip through that index in place of the primary key.
    UPDATE slots SET taken = taken + 1
    WHERE region_id = p_region AND id = p_slot AND status = 'open' AND capacity - taken > 0
      AND (starts_at, ends_at, practitioner_id, location_id)
          = (place.starts_at, place.ends_at, place.practitioner_id, place.location_id);
    IF NOT FOUND THEN
        PERFORM refuse('time_taken');
    END IF;
    RETURN result;
END $$;

-- Cancelling what is cancelled changes nothing and is no error: a double tap.
CREATE FUNCTION cancel_appointment(
    p_region smallint, p_citizen uuid, p_appointment uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    booked appointments;
BEGIN
    SELECT a.* INTO booked FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN booked.id IS NULL THEN 'appointment_not_found'
        WHEN booked.status = 'booked' AND (booked.terms ->> 'cancel_until')::timestamptz <= p_now
            THEN 'cancellation_closed'
    END);
    IF booked.status = 'cancelled' THEN
        RETURN;
    END IF;
    UPDATE appointments SET status = 'cancelled', active = false, cancelled_at = p_now
    WHERE region_id = p_region AND id = p_appointment;
    DELETE FROM engagements WHERE region_id = p_region AND booking_id = p_appointment;
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'appointment_cancelled', p_appointment, '{}', true);
    UPDATE slots SET taken = taken - 1 WHERE region_id = p_region AND id = booked.slot_id;
END $$;

-- Club places -------------------------------------------------------------------------------------------------------

CREATE FUNCTION apply_to_group(
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
CREATE FUNCTION move_application(
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
