-- What all migrations together give: written by `make schema`, read by people and by a test, run by nobody.
-- squawk-ignore-file

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE FUNCTION public.apply_to_group(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_group uuid, p_person uuid, p_application uuid, p_number text, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.book_appointment(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_slot uuid, p_person uuid, p_referral text, p_appointment uuid, p_number text, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.cancel_appointment(p_region smallint, p_citizen uuid, p_appointment uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.change_identity(p_region smallint, p_person uuid, p_identity bytea) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE guardians SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE appointments SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE engagements SET identity = p_identity
    WHERE region_id = p_region AND booking_id IN (
        SELECT id FROM appointments WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM applications WHERE region_id = p_region AND person_id = p_person);
$$;

CREATE FUNCTION public.create_person(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person jsonb, p_kinship text, p_result jsonb, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.delete_person(p_region smallint, p_citizen uuid, p_person uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.full_months(p_birth_date date, p_on date) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((EXTRACT(year FROM p_on) - EXTRACT(year FROM p_birth_date)) * (12)::numeric) + EXTRACT(month FROM p_on)) - EXTRACT(month FROM p_birth_date)) - (CASE WHEN (EXTRACT(day FROM p_on) < EXTRACT(day FROM p_birth_date)) THEN 1 ELSE 0 END)::numeric);

CREATE FUNCTION public.idempotency_find(p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    kept idempotency_keys;
BEGIN
    SELECT * INTO kept FROM idempotency_keys
    WHERE region_id = p_region AND caller_id = p_caller AND operation = p_operation AND key = p_key;
    PERFORM refuse('idempotency_key_reused') WHERE kept.request_hash <> p_request_hash;
    RETURN kept.result;
END $$;

CREATE FUNCTION public.idempotency_keep(p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO idempotency_keys (region_id, caller_id, operation, key, request_hash, result, created_at)
    VALUES (p_region, p_caller, p_operation, p_key, p_request_hash, p_result, p_now)
    ON CONFLICT (region_id, caller_id, operation, key) DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN idempotency_find(p_region, p_caller, p_operation, p_key, p_request_hash);
END $$;

CREATE FUNCTION public.journal(p_region smallint, p_event_id uuid, p_now timestamp with time zone, p_actor uuid, p_event text, p_subject uuid, p_details jsonb, p_tell boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO audit_trail (region_id, id, at, actor_id, event, subject_id, details)
    VALUES (p_region, p_event_id, p_now, p_actor, p_event, p_subject, p_details);
    IF p_tell THEN
        INSERT INTO outbox (region_id, id, at, event, subject_id)
        VALUES (p_region, p_event_id, p_now, p_event, p_subject);
    END IF;
END $$;

CREATE FUNCTION public.move_application(p_region smallint, p_citizen uuid, p_institution uuid, p_application uuid, p_from text[], p_to text, p_decision jsonb, p_event_id uuid, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.refuse(p_refusal text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal;
    END IF;
END $$;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.applications (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    institution_id uuid NOT NULL,
    group_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    status text NOT NULL,
    terms jsonb NOT NULL,
    decision jsonb,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT applications_status_check CHECK ((status = ANY (ARRAY['submitted'::text, 'approved'::text, 'enrolled'::text, 'refused'::text, 'withdrawn'::text])))
);

CREATE TABLE public.appointments (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    institution_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    specialty_code text NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    status text NOT NULL,
    active boolean NOT NULL,
    source text NOT NULL,
    referral_number text,
    terms jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    cancelled_at timestamp with time zone,
    CONSTRAINT appointments_active_are_booked CHECK (((NOT active) OR (status = 'booked'::text))),
    CONSTRAINT appointments_source_check CHECK ((source = 'internet'::text)),
    CONSTRAINT appointments_status_check CHECK ((status = ANY (ARRAY['booked'::text, 'cancelled'::text])))
);

CREATE TABLE public.attachments (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    identity bytea NOT NULL,
    section text,
    since date NOT NULL
);

CREATE TABLE public.audit_trail (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL,
    details jsonb NOT NULL
);

CREATE TABLE public.citizens (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    platform text NOT NULL,
    external_id text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.clients (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

CREATE TABLE public.engagements (
    region_id smallint NOT NULL,
    booking_id uuid NOT NULL,
    identity bytea NOT NULL,
    times tstzmultirange NOT NULL
);

CREATE TABLE public.groups (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    age_from numeric(4,2) NOT NULL,
    age_to numeric(4,2) NOT NULL,
    age_from_months smallint NOT NULL,
    age_until_months smallint NOT NULL,
    capacity smallint NOT NULL,
    taken smallint DEFAULT 0 NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    enrolment_opens_at timestamp with time zone NOT NULL,
    enrolment_closes_at timestamp with time zone NOT NULL,
    weekly_lessons jsonb NOT NULL,
    lessons tstzmultirange NOT NULL,
    address text NOT NULL,
    teachers text[] NOT NULL,
    price_month_roubles integer NOT NULL,
    CONSTRAINT groups_not_oversold CHECK (((taken >= 0) AND (taken <= capacity))),
    CONSTRAINT groups_price_month_roubles_check CHECK ((price_month_roubles >= 0))
)
WITH (fillfactor='80');

CREATE TABLE public.guardians (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kinship text NOT NULL,
    identity bytea NOT NULL,
    CONSTRAINT guardians_kinship_check CHECK ((kinship = ANY (ARRAY['self'::text, 'child'::text, 'spouse'::text, 'parent'::text, 'ward'::text, 'other'::text])))
);

CREATE TABLE public.idempotency_keys (
    region_id smallint NOT NULL,
    caller_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    result jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.institutions (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    municipality text NOT NULL,
    address text NOT NULL,
    phone text,
    zone text NOT NULL,
    require_attachment boolean DEFAULT false NOT NULL,
    cancel_until_minutes integer DEFAULT 0 NOT NULL,
    CONSTRAINT institutions_cancel_until_minutes_check CHECK ((cancel_until_minutes >= 0)),
    CONSTRAINT institutions_kind_check CHECK ((kind = ANY (ARRAY['clinic'::text, 'school'::text, 'club'::text, 'sports'::text, 'other'::text])))
);

CREATE TABLE public.locations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    room text
);

CREATE TABLE public.offered_specialties (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    access text NOT NULL,
    CONSTRAINT offered_specialties_access_check CHECK ((access = ANY (ARRAY['self'::text, 'referral'::text, 'closed'::text])))
);

CREATE TABLE public.outbox (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL
);

CREATE TABLE public.pages (
    platform text NOT NULL,
    external_id text NOT NULL,
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    mini_apps text[] NOT NULL,
    CONSTRAINT pages_mini_apps_check CHECK ((mini_apps <@ ARRAY['doctor'::text, 'club'::text])),
    CONSTRAINT pages_platform_check CHECK ((platform = 'vk'::text))
);

CREATE TABLE public.persons (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    identity bytea NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    birth_date date NOT NULL,
    sex text NOT NULL,
    snils_sealed text,
    policy_sealed text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT persons_sex_check CHECK ((sex = ANY (ARRAY['male'::text, 'female'::text])))
);

CREATE TABLE public.practitioner_specialties (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    institution_id uuid NOT NULL
);

CREATE TABLE public.practitioners (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text
);

CREATE TABLE public.programmes (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    direction text NOT NULL,
    level text NOT NULL,
    description text NOT NULL
);

CREATE TABLE public.regions (
    code smallint NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    zone text NOT NULL
);

CREATE TABLE public.slots (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    location_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    capacity smallint NOT NULL,
    taken smallint DEFAULT 0 NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    age_from smallint,
    age_to smallint,
    sex text,
    CONSTRAINT slots_not_oversold CHECK (((taken >= 0) AND (taken <= capacity))),
    CONSTRAINT slots_sex_check CHECK ((sex = ANY (ARRAY['male'::text, 'female'::text]))),
    CONSTRAINT slots_status_check CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text]))),
    CONSTRAINT slots_take_time CHECK ((ends_at > starts_at))
)
WITH (fillfactor='80');

CREATE TABLE public.specialties (
    code text NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    access text NOT NULL,
    CONSTRAINT specialties_access_check CHECK ((access = ANY (ARRAY['self'::text, 'referral'::text])))
);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_number UNIQUE (region_id, institution_id, number);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_number UNIQUE (region_id, institution_id, number);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (region_id, institution_id, identity);

ALTER TABLE ONLY public.audit_trail
    ADD CONSTRAINT audit_trail_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_one_per_platform_user UNIQUE (region_id, platform, external_id);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.engagements
    ADD CONSTRAINT engagements_one_place_at_a_time EXCLUDE USING gist (region_id WITH =, identity WITH =, times WITH &&);

ALTER TABLE ONLY public.engagements
    ADD CONSTRAINT engagements_pkey PRIMARY KEY (region_id, booking_id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_person_once UNIQUE (region_id, citizen_id, identity);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_pkey PRIMARY KEY (region_id, citizen_id, person_id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (region_id, caller_id, operation, key);

ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_pkey PRIMARY KEY (region_id, institution_id, specialty_code);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pages_pkey PRIMARY KEY (platform, external_id);

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT persons_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.practitioner_specialties
    ADD CONSTRAINT practitioner_specialties_pkey PRIMARY KEY (region_id, practitioner_id, specialty_code);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT practitioners_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT practitioners_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.programmes
    ADD CONSTRAINT programmes_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.programmes
    ADD CONSTRAINT programmes_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.specialties
    ADD CONSTRAINT specialties_pkey PRIMARY KEY (code);

CREATE INDEX applications_by_institution ON public.applications USING btree (region_id, institution_id, id);

CREATE INDEX applications_by_person ON public.applications USING btree (region_id, person_id, id);

CREATE UNIQUE INDEX applications_person_once_a_group ON public.applications USING btree (region_id, group_id, identity) WHERE (status = ANY (ARRAY['submitted'::text, 'approved'::text, 'enrolled'::text]));

CREATE INDEX appointments_by_person ON public.appointments USING btree (region_id, person_id, starts_at DESC, id);

CREATE UNIQUE INDEX appointments_one_a_specialty ON public.appointments USING btree (region_id, institution_id, specialty_code, identity) WHERE active;

CREATE UNIQUE INDEX appointments_person_once_a_slot ON public.appointments USING btree (region_id, slot_id, identity) WHERE (status = 'booked'::text);

CREATE INDEX audit_trail_by_subject ON public.audit_trail USING btree (region_id, subject_id, id);

CREATE INDEX groups_by_programme ON public.groups USING btree (region_id, programme_id, starts_on, id);

CREATE INDEX groups_by_start ON public.groups USING btree (region_id, starts_on, id);

CREATE INDEX guardians_by_person ON public.guardians USING btree (region_id, person_id);

CREATE UNIQUE INDEX guardians_one_self ON public.guardians USING btree (region_id, citizen_id) WHERE (kinship = 'self'::text);

CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);

CREATE INDEX institutions_by_name ON public.institutions USING btree (region_id, name, id);

CREATE INDEX pages_by_institution ON public.pages USING btree (region_id, institution_id);

CREATE INDEX practitioners_by_name ON public.practitioners USING btree (region_id, institution_id, last_name, first_name, id);

CREATE INDEX programmes_by_name ON public.programmes USING btree (region_id, name, id);

CREATE INDEX slots_by_time ON public.slots USING btree (region_id, institution_id, starts_at, id);

CREATE INDEX slots_free ON public.slots USING btree (region_id, institution_id, specialty_code, starts_at, id) WHERE ((status = 'open'::text) AND (taken < capacity));

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_region_id_slot_id_fkey FOREIGN KEY (region_id, slot_id) REFERENCES public.slots(region_id, id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_region_id_programme_id_fkey FOREIGN KEY (region_id, programme_id) REFERENCES public.programmes(region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_specialty_code_fkey FOREIGN KEY (specialty_code) REFERENCES public.specialties(code);

ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pages_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.practitioner_specialties
    ADD CONSTRAINT practitioner_specialties_region_id_institution_id_specialt_fkey FOREIGN KEY (region_id, institution_id, specialty_code) REFERENCES public.offered_specialties(region_id, institution_id, specialty_code);

ALTER TABLE ONLY public.practitioner_specialties
    ADD CONSTRAINT practitioner_specialties_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT practitioners_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.programmes
    ADD CONSTRAINT programmes_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_region_id_location_id_fkey FOREIGN KEY (region_id, location_id) REFERENCES public.locations(region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_specialty_of_practitioner FOREIGN KEY (region_id, practitioner_id, specialty_code) REFERENCES public.practitioner_specialties(region_id, practitioner_id, specialty_code);
