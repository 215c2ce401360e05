-- What all migrations together give: written by `make schema`, read by people and by a test, run by nobody.
-- squawk-ignore-file

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE TYPE public.group_wish AS (
	institution_id uuid,
	programme_id uuid,
	municipality text,
	kind text,
	school_year smallint,
	mask integer,
	packed integer,
	born_on date,
	open_only boolean,
	opens_within_days integer,
	begins_minute smallint,
	ends_minute smallint,
	price_month_to integer,
	latitude double precision,
	longitude double precision,
	within_km double precision,
	search text,
	sort text,
	fitting_only boolean
);

CREATE FUNCTION public.accept_group_place(p_region smallint, p_citizen uuid, p_application uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.accept_offer(p_region smallint, p_citizen uuid, p_offer uuid, p_appointments uuid[], p_numbers text[], p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE TABLE public.offers (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    citizen_id uuid,
    entry_id uuid,
    appointment_id uuid,
    places jsonb NOT NULL,
    status text NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT offers_status_check CHECK ((status = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'lapsed'::text, 'withdrawn'::text]))),
    CONSTRAINT offers_to_one CHECK (((entry_id IS NULL) <> (appointment_id IS NULL)))
);

CREATE FUNCTION public.accept_rebooking(offer public.offers, p_actor uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place bookable_slots := place_offered(offer.region_id, (offer.places #>> '{0,slot_id}')::uuid);
BEGIN
    PERFORM refuse('offer_closed') WHERE place.status <> 'open';
    PERFORM move_appointment(offer.region_id, offer.appointment_id, place, p_actor, gen_random_uuid(),
                             'appointment_rescheduled', p_now);
    RETURN jsonb_build_array(offer.places -> 0 || jsonb_build_object('appointment_id', offer.appointment_id));
END $$;

CREATE FUNCTION public.accept_waiting(offer public.offers, p_appointments uuid[], p_numbers text[], p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.add_verified_person(p_region smallint, p_citizen uuid, p_kinship text, p_verified jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    given persons := jsonb_populate_record(NULL::persons, p_verified);
BEGIN
    INSERT INTO persons SELECT given.*;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, given.id, p_kinship, given.identity, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'person_created', given.id, '{}', false);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'person_verified', given.id, '{}', false);
END $$;

CREATE FUNCTION public.addresses_of(p_places jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT array_agg(place ->> 'address' ORDER BY place ->> 'address') FROM jsonb_array_elements(p_places) AS place
$$;

CREATE FUNCTION public.admit_document(p_region smallint, p_citizen uuid, p_application uuid, p_key text, p_bytes bigint, p_limits jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := application_of_family(p_region, p_citizen, p_application);
BEGIN
    PERFORM refuse(document_refusal(named, p_citizen, p_bytes, p_limits, p_now)) WHERE NOT EXISTS (
        SELECT FROM idempotency_keys
        WHERE region_id = p_region AND caller_id = p_citizen AND operation = 'uploadDocument' AND key = p_key);
END $$;

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
    lessons tstzmultirange NOT NULL,
    teachers text[] NOT NULL,
    school_year smallint DEFAULT 2026 NOT NULL,
    continues_id uuid,
    age_rule text DEFAULT 'start'::text NOT NULL,
    age_on date,
    age_by_year boolean DEFAULT false NOT NULL,
    min_size smallint DEFAULT 1 NOT NULL,
    hours_a_year smallint,
    lesson_plan jsonb DEFAULT '{}'::jsonb NOT NULL,
    places jsonb DEFAULT '[]'::jsonb NOT NULL,
    financing jsonb DEFAULT '[]'::jsonb NOT NULL,
    documents text[] DEFAULT '{}'::text[] NOT NULL,
    trial_places smallint DEFAULT 0 NOT NULL,
    entrance_test boolean DEFAULT false NOT NULL,
    instant boolean DEFAULT false NOT NULL,
    waiting_list boolean DEFAULT true NOT NULL,
    filling text DEFAULT 'first_come'::text NOT NULL,
    collect_until timestamp with time zone,
    filled_at timestamp with time zone,
    campaign_id uuid,
    locked_at timestamp with time zone,
    waiting integer DEFAULT 0 NOT NULL,
    serial integer DEFAULT 0 NOT NULL,
    CONSTRAINT groups_age_on CHECK (((age_rule = 'date'::text) = (age_on IS NOT NULL))),
    CONSTRAINT groups_age_rule_check CHECK ((age_rule = ANY (ARRAY['start'::text, 'applying'::text, 'date'::text]))),
    CONSTRAINT groups_campaign CHECK (((filling = 'matching'::text) = (campaign_id IS NOT NULL))),
    CONSTRAINT groups_collect CHECK (((filling = ANY (ARRAY['priority'::text, 'draw'::text])) = (collect_until IS NOT NULL))),
    CONSTRAINT groups_filling_check CHECK ((filling = ANY (ARRAY['first_come'::text, 'priority'::text, 'draw'::text, 'matching'::text]))),
    CONSTRAINT groups_hours_a_year_check CHECK ((hours_a_year > 0)),
    CONSTRAINT groups_not_oversold CHECK (((taken >= 0) AND (taken <= capacity))),
    CONSTRAINT groups_size CHECK (((min_size >= 1) AND (min_size <= capacity))),
    CONSTRAINT groups_trial_places_check CHECK (((trial_places >= 0) AND (trial_places <= 100))),
    CONSTRAINT groups_waiting_check CHECK ((waiting >= 0))
)
WITH (fillfactor='80');

CREATE FUNCTION public.age_refusal(place public.groups, p_birth_date date, p_today date) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    counted_on date := CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'applying' THEN p_today ELSE place.age_on END;
    months integer := CASE WHEN place.age_by_year
        THEN 12 * (extract(year FROM counted_on) - extract(year FROM p_birth_date))::integer
        ELSE full_months(p_birth_date, counted_on) END;
BEGIN
    RETURN CASE
        WHEN months < place.age_from_months THEN 'too_young'
        WHEN months >= place.age_until_months THEN 'too_old'
    END;
END $$;

CREATE FUNCTION public.all_have_places(p_region smallint, p_groups uuid[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT bool_and(g.capacity - g.taken >= wanted.places)
    FROM (SELECT group_id, count(*) AS places FROM unnest(p_groups) AS given (group_id) GROUP BY 1) AS wanted
    JOIN groups g ON g.region_id = p_region AND g.id = wanted.group_id
$$;

CREATE FUNCTION public.anonymise(p_region smallint, p_person uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    left_over persons;
BEGIN
    PERFORM erase_person(p_region, p_person, p_now);
    UPDATE appointments SET active = false, referral_number = NULL, home_address_sealed = NULL, override_reason = NULL, appeal = NULL
    WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET benefits = '{}', benefits_confirmed = NULL, decision = NULL, test = NULL, warnings = '[]'
    WHERE region_id = p_region AND person_id = p_person;
    UPDATE draw_requests SET referral_number = NULL WHERE region_id = p_region AND person_id = p_person;
    SELECT * INTO left_over FROM persons WHERE region_id = p_region AND id = p_person;
    left_over.id := gen_random_uuid();
    left_over.sex := 'female';
    left_over.created_at := p_now;
    left_over.updated_at := p_now;
    INSERT INTO persons SELECT left_over.*;
    PERFORM merge_persons(p_region, p_person, left_over.id, nobody(), p_now);
    DELETE FROM guardians WHERE region_id = p_region AND person_id IN (p_person, left_over.id);
    DELETE FROM persons WHERE region_id = p_region AND id = p_person;
END $$;

CREATE FUNCTION public.answer_refusal(offer public.offers, p_now timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN offer.status = 'lapsed' OR (offer.status = 'open' AND offer.expires_at <= p_now) THEN 'offer_lapsed'
        WHEN offer.status <> 'open' THEN 'offer_closed'
        WHEN offer.places = '[]' THEN 'offer_without_time'
    END
$$;

CREATE FUNCTION public.appeal_no_show(p_region smallint, p_citizen uuid, p_appointment uuid, p_text text, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT a.* INTO ticket FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status <> 'noshow' THEN 'not_a_no_show'
        WHEN ticket.appeal_decided_at IS NOT NULL AND ticket.appeal IS DISTINCT FROM p_text THEN 'appeal_decided'
    END);
    IF ticket.appeal IS DISTINCT FROM p_text THEN
        UPDATE appointments SET appeal = p_text WHERE region_id = p_region AND id = p_appointment;
        PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'no_show_appealed', p_appointment, '{}', true);
    END IF;
END $$;

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
    verified_at timestamp with time zone,
    snils_verified_at timestamp with time zone,
    CONSTRAINT persons_sex_check CHECK ((sex = ANY (ARRAY['male'::text, 'female'::text])))
);

CREATE FUNCTION public.applicant_refusal(place public.groups, child public.persons, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    club institutions;
BEGIN
    SELECT * INTO club FROM institutions WHERE region_id = place.region_id AND id = place.institution_id;
    RETURN coalesce(
        age_refusal(place, child.birth_date, (p_now AT TIME ZONE club.zone)::date),
        CASE WHEN EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ) THEN 'already_applied' END,
        (SELECT CASE
            WHEN count(*) FILTER (WHERE a.status <> 'enrolled') >= club.most_applications THEN 'too_many_applications'
            WHEN count(*) FILTER (WHERE a.status = 'enrolled') >= club.most_groups THEN 'too_many_groups'
         END
         FROM applications a
         WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id AND a.identity = child.identity
           AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')));
END $$;

CREATE FUNCTION public.application_begins(p_status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_status = ANY (ARRAY['draft'::text, 'submitted'::text, 'waiting'::text, 'offered'::text, 'enrolled'::text]));

CREATE FUNCTION public.application_may_move(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_to = ANY (CASE p_from WHEN 'draft'::text THEN ARRAY['submitted'::text, 'waiting'::text, 'enrolled'::text, 'withdrawn'::text, 'expired'::text] WHEN 'submitted'::text THEN ARRAY['under_review'::text, 'invited'::text, 'approved'::text, 'enrolled'::text, 'waiting'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text] WHEN 'under_review'::text THEN ARRAY['invited'::text, 'approved'::text, 'enrolled'::text, 'refused'::text, 'withdrawn'::text] WHEN 'invited'::text THEN ARRAY['approved'::text, 'refused'::text, 'withdrawn'::text] WHEN 'approved'::text THEN ARRAY['enrolled'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text] WHEN 'waiting'::text THEN ARRAY['offered'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text] WHEN 'offered'::text THEN ARRAY['submitted'::text, 'enrolled'::text, 'waiting'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text] WHEN 'enrolled'::text THEN ARRAY['left'::text] ELSE ARRAY[]::text[] END));

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
    placed boolean DEFAULT false NOT NULL,
    serial integer,
    weight smallint DEFAULT 0 NOT NULL,
    overlap_rule text DEFAULT 'refuse'::text NOT NULL,
    family_id uuid,
    financing text DEFAULT 'budget'::text NOT NULL,
    certificate_id uuid,
    certificate_cost integer DEFAULT 0 NOT NULL,
    certificate_back integer DEFAULT 0 NOT NULL,
    benefits text[] DEFAULT '{}'::text[] NOT NULL,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    lapses smallint DEFAULT 0 NOT NULL,
    draw_request_id uuid,
    test jsonb,
    order_number text,
    order_date date,
    enrolled_on date,
    left_on date,
    submitted_at timestamp with time zone,
    decide_by timestamp with time zone,
    originals_by timestamp with time zone,
    offer_expires_at timestamp with time zone,
    wait boolean DEFAULT false NOT NULL,
    campaign_id uuid,
    benefits_confirmed text[],
    certificate_used integer DEFAULT 0 NOT NULL,
    CONSTRAINT applications_back CHECK (((certificate_back >= 0) AND (certificate_back <= certificate_cost))),
    CONSTRAINT applications_certificate_cost_check CHECK ((certificate_cost >= 0)),
    CONSTRAINT applications_certificate_used CHECK (((certificate_used >= 0) AND (certificate_used <= certificate_cost))),
    CONSTRAINT applications_financing_check CHECK ((financing = ANY (ARRAY['budget'::text, 'certificate'::text, 'own'::text]))),
    CONSTRAINT applications_numbered CHECK (((serial IS NOT NULL) OR (status = ANY (ARRAY['draft'::text, 'withdrawn'::text, 'expired'::text])))),
    CONSTRAINT applications_placed CHECK (((placed = (status = ANY (ARRAY['under_review'::text, 'invited'::text, 'approved'::text, 'enrolled'::text, 'offered'::text]))) OR (status = 'submitted'::text))),
    CONSTRAINT applications_status CHECK ((status = ANY (ARRAY['draft'::text, 'submitted'::text, 'under_review'::text, 'invited'::text, 'approved'::text, 'enrolled'::text, 'waiting'::text, 'offered'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text, 'left'::text])))
);

CREATE FUNCTION public.application_of_family(p_region smallint, p_citizen uuid, p_application uuid) RETURNS public.applications
    LANGUAGE sql STABLE
    AS $$
    SELECT a.* FROM applications a
    WHERE a.region_id = p_region AND a.id = p_application AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id
          AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'papers'))
$$;

CREATE FUNCTION public.application_refusal(place public.groups, child public.persons, wish public.applications, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN coalesce(
        CASE WHEN child.id IS NULL THEN 'person_not_found' END,
        enrolment_refusal(place, p_now),
        applicant_refusal(place, child, p_now),
        CASE WHEN wish.family_id IS NOT NULL AND place.filling <> 'first_come' THEN 'family_first_come_only' END,
        terms_refusal(place, child, wish),
        certificate_refusal(place, child, wish.certificate_id, p_now));
END $$;

CREATE FUNCTION public.applications_before(a public.applications) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT CASE WHEN a.status = 'waiting' THEN (
        SELECT count(*) FROM applications b
        WHERE b.region_id = a.region_id AND b.group_id = a.group_id AND b.status = 'waiting'
          AND (-b.weight, b.serial) < (-a.weight, a.serial)) END
$$;

CREATE FUNCTION public.applications_keep_members() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    was_in boolean := TG_OP = 'UPDATE' AND OLD.status = 'enrolled';
    is_in boolean := NEW.status = 'enrolled';
    today date;
    last_day date;
BEGIN
    IF was_in AND is_in AND OLD.group_id = NEW.group_id THEN
        UPDATE group_members SET since = NEW.enrolled_on
        WHERE region_id = NEW.region_id AND group_id = NEW.group_id AND application_id = NEW.id AND until IS NULL
          AND since = OLD.enrolled_on AND NEW.enrolled_on <> OLD.enrolled_on;
        RETURN NULL;
    END IF;
    IF NOT was_in AND NOT is_in THEN
        RETURN NULL;
    END IF;
    SELECT (NEW.updated_at AT TIME ZONE i.zone)::date INTO today FROM institutions i
    WHERE i.region_id = NEW.region_id AND i.id = NEW.institution_id;
    IF was_in THEN
        last_day := CASE WHEN is_in THEN greatest(today, NEW.enrolled_on) - 1 ELSE coalesce(NEW.left_on, today) END;
        DELETE FROM group_members
        WHERE region_id = NEW.region_id AND group_id = OLD.group_id AND application_id = NEW.id AND until IS NULL
          AND since > last_day;
        UPDATE group_members SET until = last_day
        WHERE region_id = NEW.region_id AND group_id = OLD.group_id AND application_id = NEW.id AND until IS NULL;
    END IF;
    IF is_in THEN
        INSERT INTO group_members (region_id, group_id, application_id, since)
        VALUES (NEW.region_id, NEW.group_id, NEW.id,
                CASE WHEN was_in THEN greatest(today, NEW.enrolled_on) ELSE coalesce(NEW.enrolled_on, today) END)
        ON CONFLICT (region_id, group_id, application_id, since) DO UPDATE SET until = NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.applications_keep_step() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    was applications;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := OLD;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE CASE TG_OP
        WHEN 'INSERT' THEN NOT application_begins(NEW.status)
        ELSE (NEW.status <> was.status AND NOT application_may_move(was.status, NEW.status))
          OR (NEW.group_id <> was.group_id AND NOT (was.status = 'enrolled' AND NEW.status = 'enrolled'))
    END;
    -- Nobody has a place, and nobody may be decided on, while the group is being collected for.
    PERFORM refuse('group_not_filled') WHERE TG_OP = 'UPDATE' AND was.status = 'submitted' AND NOT was.placed
        AND NEW.status IN ('under_review', 'invited', 'approved', 'enrolled');
    NEW.placed := CASE NEW.status
        WHEN 'submitted' THEN NEW.placed OR coalesce(was.placed, false)
        ELSE NEW.status IN ('under_review', 'invited', 'approved', 'enrolled', 'offered')
    END;
    NEW.serial := count_application(was, NEW);
    PERFORM keep_engagement(was, NEW);
    PERFORM keep_certificate(was, NEW);
    RETURN NEW;
END $$;

CREATE FUNCTION public.applications_stay() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM refuse('application_illegal_move');
END $$;

CREATE FUNCTION public.apply_matches(p_region smallint, p_campaign uuid, p_limit integer, p_ids uuid[], p_numbers text[], p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named campaigns;
    wish campaign_wishes;
    child persons;
    used integer := 0;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND id = p_campaign;
    PERFORM FROM groups WHERE region_id = p_region AND id = ANY (ARRAY(
        SELECT unnest(CASE WHEN w.rank IS NULL THEN w.group_ids ELSE ARRAY[w.matched_group_id] END)
        FROM campaign_wishes w
        WHERE w.region_id = p_region AND w.campaign_id = p_campaign AND w.lot > named.applied
          AND w.lot <= named.applied + p_limit))
    ORDER BY id FOR NO KEY UPDATE;
    FOR wish IN
        SELECT * FROM campaign_wishes
        WHERE region_id = p_region AND campaign_id = p_campaign AND lot > named.applied AND lot <= named.applied + p_limit
        ORDER BY lot
    LOOP
        SELECT * INTO child FROM persons
        WHERE region_id = p_region AND id = wish.person_id AND deleted_at IS NULL
          AND consent_stands(p_region, wish.citizen_id, wish.person_id, 'enrolment', p_now);
        FOR nth IN 1..cardinality(wish.group_ids) LOOP
            CONTINUE WHEN child.id IS NULL OR wish.matched_group_id <> wish.group_ids[nth];
            used := used + 1;
            PERFORM write_match(wish, child, named, wish.group_ids[nth], wish.weights[nth], wish.rank IS NOT NULL,
                                p_ids[used], p_numbers[used], p_now);
        END LOOP;
    END LOOP;
    UPDATE campaigns SET applied = least(applied + p_limit, wishes) WHERE region_id = p_region AND id = p_campaign
    RETURNING applied INTO used;
    RETURN used;
END $$;

CREATE TABLE public.appointments (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    institution_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    specialty_code text NOT NULL,
    citizen_id uuid,
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
    sequence smallint DEFAULT 0 NOT NULL,
    purpose text DEFAULT 'routine'::text NOT NULL,
    home_address_sealed text,
    override_reason text,
    arrived_at timestamp with time zone,
    fulfilled_at timestamp with time zone,
    noshow_at timestamp with time zone,
    appeal text,
    appeal_decided_at timestamp with time zone,
    excused boolean DEFAULT false NOT NULL,
    CONSTRAINT appointments_active_status CHECK (((NOT active) OR (status = ANY (ARRAY['booked'::text, 'orphaned'::text, 'arrived'::text])))),
    CONSTRAINT appointments_source CHECK ((source = ANY (ARRAY['internet'::text, 'desk'::text, 'call_centre'::text, 'doctor'::text, 'other_clinic'::text]))),
    CONSTRAINT appointments_status CHECK ((status = ANY (ARRAY['booked'::text, 'orphaned'::text, 'arrived'::text, 'fulfilled'::text, 'noshow'::text, 'cancelled'::text])))
);

CREATE FUNCTION public.apply_status(ticket public.appointments, p_to text, p_actor uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place bookable_slots;
BEGIN
    UPDATE appointments
    SET status = p_to, active = p_to IN ('booked', 'arrived') AND ends_at > p_now,
        arrived_at = CASE p_to WHEN 'arrived' THEN p_now WHEN 'fulfilled' THEN arrived_at END,
        fulfilled_at = CASE p_to WHEN 'fulfilled' THEN p_now END,
        noshow_at = CASE p_to WHEN 'noshow' THEN p_now END
    WHERE region_id = ticket.region_id AND id = ticket.id;
    IF p_to IN ('fulfilled', 'noshow') THEN
        DELETE FROM engagements WHERE region_id = ticket.region_id AND booking_id = ticket.id;
    ELSIF ticket.purpose <> 'home_visit' THEN
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (ticket.region_id, ticket.id, ticket.identity,
                tstzmultirange(tstzrange(ticket.starts_at, ticket.ends_at)))
        ON CONFLICT (region_id, booking_id) DO NOTHING;
    END IF;
    PERFORM journal(ticket.region_id, p_event_id, p_now, p_actor, 'appointment_' || p_to, ticket.id,
                    jsonb_build_object('from', ticket.status), true);
    IF ticket.status = 'noshow' AND ticket.noshow_at < ticket.starts_at THEN
        SELECT * INTO place FROM bookable_slots WHERE region_id = ticket.region_id AND id = ticket.slot_id;
        PERFORM claim_place(place, NULL, p_now);
    ELSIF p_to = 'noshow' AND p_now < ticket.starts_at THEN
        PERFORM free_place(ticket.region_id, ticket.slot_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.apply_to_groups(p_region smallint, p_citizen uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb, p_family uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    wanted uuid[] := ARRAY(SELECT (item ->> 'group_id')::uuid FROM jsonb_array_elements(p_items) AS item);
    asked uuid[] := ARRAY(SELECT (item ->> 'person_id')::uuid FROM jsonb_array_elements(p_items) AS item);
    item jsonb;
    number integer := 0;
    place groups;
    child persons;
    wish applications;
    unseated integer;
    comes_as text;
    shown jsonb := '[]';
    earlier jsonb;
BEGIN
    PERFORM FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = ANY (asked) AND p.deleted_at IS NULL
    ORDER BY p.id FOR KEY SHARE OF p;
    PERFORM FROM groups WHERE region_id = p_region AND id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE;
    earlier := idempotency_find(p_region, p_citizen, p_operation, p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    PERFORM lock_children(p_region, asked);
    PERFORM offer_before(p_region, wanted, p_now);
    unseated := first_without_place(p_region, wanted);
    FOR item IN SELECT jsonb_array_elements(p_items) LOOP
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = (item ->> 'group_id')::uuid;
        SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (item ->> 'person_id')::uuid
          AND p.deleted_at IS NULL;
        wish := new_application(place, child, p_citizen, item, p_family, p_now);
        PERFORM refuse_item(application_refusal(place, child, wish, p_now), p_family, number);
        PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now, CASE WHEN p_family IS NOT NULL THEN number END);
        comes_as := status_on_coming(place, unseated IS NULL, wish.wait);
        PERFORM refuse_item('group_full', p_family, coalesce(unseated, number)) WHERE comes_as IS NULL;
        wish := write_application(wish, place, comes_as, number, p_now);
        shown := shown || jsonb_build_array(shown_to_parent(wish));
        number := number + 1;
    END LOOP;
    shown := CASE WHEN p_family IS NULL THEN shown -> 0 ELSE jsonb_build_object('items', shown) END;
    PERFORM idempotency_keep(p_region, p_citizen, p_operation, p_key, p_request_hash, shown, p_now);
    RETURN shown;
END $$;

CREATE FUNCTION public.approve_application(named public.applications, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    days integer := (SELECT originals_days FROM institutions
                     WHERE region_id = named.region_id AND id = named.institution_id);
BEGIN
    PERFORM refuse('test_not_passed')
    WHERE named.status = 'invited' AND (named.test ->> 'result') IS DISTINCT FROM 'passed';
    PERFORM decide_move(named, 'approved', p_decision, jsonb_build_object(
        'originals_by', working_deadline(named.region_id, named.institution_id, p_now, days)), p_actor, p_now);
END $$;

CREATE FUNCTION public.as_submitted(wish public.applications, place public.groups, p_comes_as text, p_now timestamp with time zone) RETURNS public.applications
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    wish.status := CASE p_comes_as WHEN 'collected' THEN 'submitted' ELSE p_comes_as END;
    wish.placed := p_comes_as IN ('submitted', 'enrolled');
    wish.submitted_at := p_now;
    wish.updated_at := p_now;
    wish.decide_by := CASE p_comes_as WHEN 'submitted' THEN decision_deadline(place, p_now) END;
    wish.enrolled_on := CASE p_comes_as WHEN 'enrolled' THEN first_day(place, p_now) END;
    RETURN wish;
END $$;

CREATE FUNCTION public.award(p_region smallint, p_request uuid, p_slot uuid, p_appointment uuid, p_number text, p_event_id uuid, p_told_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    asked draw_requests;
    hindrance text := 'no_place_left';
BEGIN
    SELECT * INTO asked FROM draw_requests WHERE region_id = p_region AND id = p_request FOR UPDATE;
    IF p_slot IS NOT NULL THEN
        hindrance := award_place(asked, p_slot, p_appointment, p_number, p_event_id, p_now);
    END IF;
    UPDATE draw_requests
    SET status = CASE WHEN hindrance IS NULL THEN 'booked' ELSE 'lost' END, reason = hindrance,
        appointment_id = CASE WHEN hindrance IS NULL THEN p_appointment END
    WHERE region_id = p_region AND id = p_request;
    PERFORM journal(p_region, p_told_id, p_now, asked.citizen_id,
                    CASE WHEN hindrance IS NULL THEN 'draw_request_booked' ELSE 'draw_request_lost' END, p_request,
                    jsonb_build_object('draw_id', asked.draw_id, 'slot_id', p_slot, 'reason', hindrance), true);
END $$;

CREATE TABLE public.draw_requests (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    draw_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    wishes uuid[] NOT NULL,
    referral_number text,
    status text NOT NULL,
    appointment_id uuid,
    reason text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT draw_requests_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'booked'::text, 'lost'::text, 'withdrawn'::text])))
);

CREATE FUNCTION public.award_place(asked public.draw_requests, p_slot uuid, p_appointment uuid, p_number text, p_event_id uuid, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
    patient persons;
    place bookable_slots;
    hindrance text;
BEGIN
    SELECT p.* INTO patient FROM persons p
    WHERE p.region_id = asked.region_id AND p.id = asked.person_id AND p.deleted_at IS NULL FOR KEY SHARE;
    SELECT * INTO place FROM bookable_slots WHERE region_id = asked.region_id AND id = p_slot;
    hindrance := CASE
        WHEN patient.id IS NULL THEN 'person_not_found'
        WHEN NOT consent_stands(asked.region_id, asked.citizen_id, patient.id, 'booking', p_now) THEN 'consent_missing'
        ELSE coalesce(
            booking_refusal(place, patient, asked.referral_number, 'internet', p_now),
            booking_limit(place, patient, p_now))
    END;
    IF hindrance IS NOT NULL THEN
        RETURN hindrance;
    END IF;
    PERFORM write_appointment(place, patient, asked.citizen_id, asked.referral_number, NULL, 'internet', NULL,
                              p_appointment, p_number, p_event_id, asked.citizen_id, p_now);
    PERFORM take_place(place);
    RETURN NULL;
EXCEPTION WHEN unique_violation OR exclusion_violation OR check_violation OR SQLSTATE 'ZP001' THEN
    GET STACKED DIAGNOSTICS hindrance = CONSTRAINT_NAME;
    IF hindrance = 'appointments_number' THEN
        RAISE;
    END IF;
    RETURN CASE regexp_replace(hindrance, '_\d{5,}$', '')
        WHEN 'appointments_one_a_specialty' THEN 'already_has_ticket'
        WHEN 'appointments_person_once_a_slot' THEN 'already_has_ticket'
        WHEN 'appointments_referral_once' THEN 'referral_used'
        WHEN 'engagements_one_place_at_a_time' THEN 'person_busy'
        ELSE 'time_taken'
    END;
END $_$;

CREATE FUNCTION public.begin_chain(p_region smallint, p_log text, p_mac bytea, p_seal bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO audit_heads (region_id, log, position, mac, base_position, base_mac, base_seal)
    VALUES (p_region, p_log, 0, p_mac, 0, p_mac, p_seal)
    ON CONFLICT (region_id, log) DO NOTHING;
$$;

CREATE FUNCTION public.begin_export(p_region smallint, p_citizen uuid, p_most integer, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('citizen_gone') WHERE NOT FOUND;
    PERFORM refuse('exports_too_many') WHERE p_most <= (
        SELECT count(*) FROM audit_trail t
        WHERE t.region_id = p_region AND t.subject_id = p_citizen AND t.event = 'account_exported'
          AND t.at > p_now - interval '1 day');
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'account_exported', p_citizen, '{}', false);
END $$;

CREATE FUNCTION public.benefits_weight(place public.groups, child public.persons, p_benefits text[]) RETURNS smallint
    LANGUAGE sql STABLE
    AS $$
    SELECT (least(coalesce(sum(b.weight), 0), 10000) + CASE WHEN EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = place.region_id AND a.group_id = place.continues_id AND a.identity = child.identity
          AND a.status = 'enrolled') THEN 20000 ELSE 0 END)::smallint
    FROM benefits b
    WHERE b.region_id = place.region_id AND b.institution_id = place.institution_id AND b.code = ANY (p_benefits)
$$;

CREATE FUNCTION public.birthday(p_birth_date date, p_years integer) RETURNS date
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    falls_on date := p_birth_date + make_interval(years => p_years);
BEGIN
    RETURN falls_on + (extract(day FROM falls_on) < extract(day FROM p_birth_date))::integer;
END $$;

CREATE FUNCTION public.bits_of(p_all text[], p_of text[]) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(bit_or(1 << (array_position(p_all, each) - 1)), 0) FROM unnest(p_of) AS each
$$;

CREATE FUNCTION public.book_appointments(p_region smallint, p_citizen uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    count integer := jsonb_array_length(p_items);
    item jsonb;
    patient persons;
    patients persons[];
    place bookable_slots;
    places bookable_slots[];
    held boolean[];
    ticket jsonb;
    tickets jsonb := '[]';
    kept jsonb := '[]';
    earlier jsonb;
BEGIN
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        -- Who waits here for a deletion sees the guardian as before it, and the person as after it: hence deleted_at.
        SELECT p.* INTO patient
        FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (item ->> 'person_id')::uuid
          AND p.deleted_at IS NULL
        FOR KEY SHARE OF p;
        SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = (item ->> 'slot_id')::uuid;
        patients[number] := patient;
        places[number] := place;
        -- Only where it matters, which is seldom.
        held[number] := place.taken >= place.capacity AND EXISTS (
            SELECT FROM holds h
            WHERE h.region_id = p_region AND h.slot_id = place.id AND h.offer_id IS NULL
              AND (h.citizen_id = p_citizen OR h.expires_at <= p_now));
    END LOOP;

    earlier := idempotency_find(p_region, p_citizen, p_operation, p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, earlier);
    END IF;

    -- What stands in the way whoever else books: most of a rush ends here, before anything is written.
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        patient := patients[number];
        place := places[number];
        PERFORM refuse(CASE
            WHEN patient.id IS NULL THEN 'person_not_found'
            WHEN place.id IS NULL THEN 'slot_not_found'
            ELSE coalesce(booking_refusal(place, patient, item ->> 'referral', 'internet', p_now), CASE
                WHEN place.taken >= place.capacity AND NOT held[number] THEN 'time_taken'
                WHEN place.purpose = 'home_visit' AND item ->> 'home_address' IS NULL THEN 'home_address_needed'
            END)
        END, number);
        PERFORM require_consent(p_region, p_citizen, patient.id, 'booking', p_now, number);
        ticket := ticket_answer(place, patient, item ->> 'referral', item ->> 'home_address',
                                (item ->> 'id')::uuid, item ->> 'number', p_now);
        tickets := tickets || ticket;
        kept := kept || (ticket - 'home_address_sealed');
    END LOOP;

    earlier := idempotency_keep(p_region, p_citizen, p_operation, p_key, p_request_hash, kept, p_now);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, earlier);
    END IF;

    PERFORM take_turns(p_region, p_citizen, ARRAY(SELECT identity FROM unnest(patients)));
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        patient := patients[number];
        place := places[number];
        PERFORM refuse_until(p_region, 'too_many_today',
                             day_is_full_until(p_region, p_citizen, patient.identity, p_now), p_now, number);
        PERFORM refuse(booking_limit(place, patient, p_now), number);
        IF count > 1 THEN
            PERFORM refuse(booking_conflict(place, patient, p_now), number);
        END IF;
        PERFORM write_appointment(
            place, patient, p_citizen, item ->> 'referral', item ->> 'home_address', 'internet', NULL,
            (item ->> 'id')::uuid, item ->> 'number', (item ->> 'event_id')::uuid, p_citizen, p_now);
    END LOOP;
    -- In the order of their ids, so that two families never wait for each other.
    FOR place IN SELECT * FROM unnest(places) AS wanted ORDER BY wanted.id LOOP
        PERFORM claim_place(place, p_citizen, p_now);
    END LOOP;
    RETURN tickets;
END $$;

CREATE FUNCTION public.book_for_patient(p_region smallint, p_institution uuid, p_actor uuid, p_key text, p_request_hash bytea, p_slot uuid, p_patient uuid, p_citizen uuid, p_papers jsonb, p_referral text, p_home_address text, p_source text, p_override text, p_overridable text[], p_appointment uuid, p_number text, p_event_ids uuid[], p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place bookable_slots;
    papers persons := jsonb_populate_record(NULL::persons, p_papers);
    patient persons;
    gone_over text;
    ticket jsonb;
    earlier jsonb;
BEGIN
    IF p_patient IS NOT NULL THEN
        SELECT * INTO patient FROM persons
        WHERE region_id = p_region AND id = p_patient AND deleted_at IS NULL
        FOR KEY SHARE;
    ELSE
        SELECT p.* INTO patient FROM persons p
        WHERE p.region_id = p_region AND p.identity = papers.identity AND p.deleted_at IS NULL AND NOT EXISTS (
            SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = p.id)
        ORDER BY p.id
        LIMIT 1
        FOR KEY SHARE OF p;
        IF patient.id IS NULL THEN
            patient := papers;
        END IF;
    END IF;
    SELECT * INTO place FROM bookable_slots
    WHERE region_id = p_region AND id = p_slot AND institution_id = p_institution;
    earlier := idempotency_find(p_region, p_actor, 'bookForPatient', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, jsonb_build_array(earlier)) -> 0;
    END IF;
    PERFORM refuse(CASE
        WHEN patient.id IS NULL THEN 'patient_of_ticket_gone'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN place.purpose = 'home_visit' AND p_home_address IS NULL THEN 'home_address_needed'
    END);
    gone_over := refuse_to_staff(place, patient, p_referral, p_source, p_override, p_overridable, p_now);
    IF p_patient IS NOT NULL AND place.purpose <> 'home_visit' THEN
        place.purpose := 'repeat';
    END IF;
    ticket := ticket_answer(place, patient, p_referral, p_home_address, p_appointment, p_number, p_now);
    earlier := idempotency_keep(p_region, p_actor, 'bookForPatient', p_key, p_request_hash,
                                ticket - 'home_address_sealed', p_now);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, jsonb_build_array(earlier)) -> 0;
    END IF;
    IF patient.id = papers.id THEN
        INSERT INTO persons SELECT papers.*;
    END IF;
    PERFORM write_appointment(place, patient, p_citizen, p_referral, p_home_address, p_source, p_override,
                              p_appointment, p_number, p_event_ids[1], p_actor, p_now);
    IF p_override IS NOT NULL THEN
        PERFORM journal(p_region, p_event_ids[2], p_now, p_actor, 'rules_gone_over', p_appointment,
                        jsonb_build_object('reason', p_override, 'rule', gone_over), false);
    END IF;
    PERFORM claim_place(place, NULL, p_now);
    RETURN ticket;
END $$;

CREATE FUNCTION public.book_trial(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_trial jsonb, p_lesson_refusal text, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    wish trials := jsonb_populate_record(NULL::trials, p_trial);
    place groups;
    child persons;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'bookTrial', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = wish.group_id;
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = wish.person_id AND p.deleted_at IS NULL;
    PERFORM refuse(CASE
        WHEN child.id IS NULL THEN 'person_not_found'
        WHEN place.id IS NULL THEN 'group_not_found'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        WHEN place.trial_places = 0 THEN 'trials_not_offered'
        ELSE coalesce(p_lesson_refusal, trial_refusal(place, child, p_now)) END);
    PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now);
    wish.region_id := p_region;
    wish.citizen_id := p_citizen;
    wish.identity := child.identity;
    wish.status := 'booked';
    wish.created_at := p_now;
    PERFORM refuse('trials_once_a_group') FROM trials t
    WHERE t.region_id = p_region AND t.group_id = place.id AND t.identity = child.identity AND t.status = 'booked';
    INSERT INTO trials SELECT wish.*;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'trial_booked', wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), true);
    PERFORM idempotency_keep(p_region, p_citizen, 'bookTrial', p_key, p_request_hash, shown_trial(wish), p_now);
    RETURN shown_trial(wish);
END $$;

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
    hold_minutes smallint DEFAULT 10 NOT NULL,
    offer_minutes smallint DEFAULT 60 NOT NULL,
    rebooking_hours smallint DEFAULT 48 NOT NULL,
    rest_minutes smallint DEFAULT 0 NOT NULL,
    most_tickets smallint,
    most_bookings smallint,
    bookings_days smallint DEFAULT 30 NOT NULL,
    check_referrals boolean DEFAULT false NOT NULL,
    noshow_after_minutes smallint,
    noshow_limit smallint,
    noshow_days smallint DEFAULT 90 NOT NULL,
    noshow_pause_days smallint DEFAULT 30 NOT NULL,
    decision_days smallint DEFAULT 7 NOT NULL,
    decision_days_with_tests smallint DEFAULT 45 NOT NULL,
    originals_days smallint DEFAULT 4 NOT NULL,
    group_offer_hours smallint DEFAULT 48 NOT NULL,
    overlap_rule text DEFAULT 'refuse'::text NOT NULL,
    travel_minutes smallint DEFAULT 0 NOT NULL,
    most_applications smallint,
    most_groups smallint,
    documents_days smallint DEFAULT 365 NOT NULL,
    CONSTRAINT institutions_bookings_days_check CHECK (((bookings_days >= 1) AND (bookings_days <= 366))),
    CONSTRAINT institutions_cancel_until_minutes_check CHECK ((cancel_until_minutes >= 0)),
    CONSTRAINT institutions_decision_days_check CHECK (((decision_days >= 1) AND (decision_days <= 90))),
    CONSTRAINT institutions_decision_days_with_tests_check CHECK (((decision_days_with_tests >= 1) AND (decision_days_with_tests <= 90))),
    CONSTRAINT institutions_documents_days_check CHECK (((documents_days >= 1) AND (documents_days <= 1825))),
    CONSTRAINT institutions_group_offer_hours_check CHECK (((group_offer_hours >= 1) AND (group_offer_hours <= 336))),
    CONSTRAINT institutions_hold_minutes_check CHECK (((hold_minutes >= 1) AND (hold_minutes <= 60))),
    CONSTRAINT institutions_kind_check CHECK ((kind = ANY (ARRAY['clinic'::text, 'school'::text, 'club'::text, 'sports'::text, 'other'::text]))),
    CONSTRAINT institutions_most_applications_check CHECK ((most_applications >= 1)),
    CONSTRAINT institutions_most_bookings_check CHECK ((most_bookings >= 1)),
    CONSTRAINT institutions_most_groups_check CHECK ((most_groups >= 1)),
    CONSTRAINT institutions_most_tickets_check CHECK ((most_tickets >= 1)),
    CONSTRAINT institutions_noshow_after_minutes_check CHECK (((noshow_after_minutes >= 5) AND (noshow_after_minutes <= 1440))),
    CONSTRAINT institutions_noshow_days_check CHECK (((noshow_days >= 1) AND (noshow_days <= 366))),
    CONSTRAINT institutions_noshow_limit_check CHECK ((noshow_limit >= 1)),
    CONSTRAINT institutions_noshow_pause_days_check CHECK (((noshow_pause_days >= 1) AND (noshow_pause_days <= 366))),
    CONSTRAINT institutions_offer_minutes_check CHECK (((offer_minutes >= 5) AND (offer_minutes <= 2880))),
    CONSTRAINT institutions_originals_days_check CHECK (((originals_days >= 1) AND (originals_days <= 30))),
    CONSTRAINT institutions_overlap_rule_check CHECK ((overlap_rule = ANY (ARRAY['refuse'::text, 'warn'::text]))),
    CONSTRAINT institutions_rebooking_hours_check CHECK (((rebooking_hours >= 1) AND (rebooking_hours <= 336))),
    CONSTRAINT institutions_rest_minutes_check CHECK (((rest_minutes >= 0) AND (rest_minutes <= 120))),
    CONSTRAINT institutions_travel_minutes_check CHECK (((travel_minutes >= 0) AND (travel_minutes <= 240)))
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

CREATE TABLE public.practitioners (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text
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
    schedule_id uuid,
    purpose text DEFAULT 'routine'::text NOT NULL,
    channels text[] DEFAULT '{internet,desk,call_centre,doctor,other_clinic}'::text[] NOT NULL,
    access text,
    policy text DEFAULT 'first_come'::text NOT NULL,
    internet_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    min_lead_minutes integer DEFAULT 0 NOT NULL,
    draw_id uuid,
    CONSTRAINT slots_access CHECK ((access = ANY (ARRAY['self'::text, 'referral'::text, 'closed'::text]))),
    CONSTRAINT slots_channels CHECK (((channels <@ ARRAY['internet'::text, 'desk'::text, 'call_centre'::text, 'doctor'::text, 'other_clinic'::text]) AND (channels <> '{}'::text[]))),
    CONSTRAINT slots_not_oversold CHECK (((taken >= 0) AND (taken <= capacity))),
    CONSTRAINT slots_policy CHECK ((policy = ANY (ARRAY['first_come'::text, 'jittered'::text, 'draw'::text]))),
    CONSTRAINT slots_purpose CHECK ((purpose = ANY (ARRAY['routine'::text, 'repeat'::text, 'referral'::text, 'checkup'::text, 'vaccination'::text, 'home_visit'::text, 'diagnostics'::text]))),
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

CREATE VIEW public.bookable_slots AS
 SELECT s.region_id,
    s.id,
    s.institution_id,
    s.practitioner_id,
    s.specialty_code,
    s.location_id,
    s.starts_at,
    s.ends_at,
    s.capacity,
    s.taken,
    s.status,
    s.age_from,
    s.age_to,
    s.sex,
    s.purpose,
    s.channels,
    s.policy,
    s.internet_at,
    s.min_lead_minutes,
    s.draw_id,
    COALESCE(s.access, o.access) AS access,
    i.name,
    i.address,
    i.phone,
    i.zone,
    i.require_attachment,
    i.cancel_until_minutes,
    i.hold_minutes,
    i.offer_minutes,
    i.rebooking_hours,
    i.most_tickets,
    i.most_bookings,
    i.bookings_days,
    i.check_referrals,
    i.noshow_limit,
    i.noshow_days,
    i.noshow_pause_days,
    y.name_ru,
    y.name_en,
    l.name AS location_name,
    l.address AS location_address,
    l.room,
    d.last_name,
    d.first_name,
    d.patronymic
   FROM (((((public.slots s
     JOIN public.institutions i ON (((i.region_id = s.region_id) AND (i.id = s.institution_id))))
     JOIN public.practitioners d ON (((d.region_id = s.region_id) AND (d.id = s.practitioner_id))))
     JOIN public.locations l ON (((l.region_id = s.region_id) AND (l.id = s.location_id))))
     JOIN public.specialties y ON ((y.code = s.specialty_code)))
     JOIN public.offered_specialties o ON (((o.region_id = s.region_id) AND (o.institution_id = s.institution_id) AND (o.specialty_code = s.specialty_code))));

CREATE FUNCTION public.booking_conflict(place public.bookable_slots, patient public.persons, p_now timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN EXISTS (
            SELECT FROM appointments a
            WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id
              AND a.specialty_code = place.specialty_code AND a.identity = patient.identity AND a.active
              AND a.override_reason IS NULL
              AND (a.ends_at > p_now OR a.status = 'orphaned')
        ) THEN 'appointments_one_a_specialty'
        WHEN place.purpose <> 'home_visit' AND EXISTS (
            SELECT FROM engagements e
            WHERE e.region_id = place.region_id AND e.identity = patient.identity
              AND e.times && tstzmultirange(tstzrange(place.starts_at, place.ends_at))
        ) THEN 'engagements_one_place_at_a_time'
    END
$$;

CREATE FUNCTION public.booking_limit(place public.bookable_slots, patient public.persons, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF coalesce(place.most_tickets, place.most_bookings, place.noshow_limit) IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(patient.identity, 'hex'), place.region_id));
    RETURN limit_reached(place, patient, p_now);
END $$;

CREATE FUNCTION public.booking_refusal(place public.bookable_slots, patient public.persons, p_referral text, p_source text, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    visit_on date := (place.starts_at AT TIME ZONE place.zone)::date;
    years integer := full_months(patient.birth_date, visit_on) / 12;
    online boolean := p_source = 'internet';
BEGIN
    RETURN CASE
        WHEN place.starts_at <= p_now THEN 'time_passed'
        WHEN place.status <> 'open' THEN 'time_taken'
        WHEN online AND place.internet_at = 'infinity' THEN 'not_online'
        WHEN online AND place.internet_at > p_now THEN 'not_released'
        WHEN online AND place.starts_at - make_interval(mins => place.min_lead_minutes) <= p_now THEN 'too_late_online'
        WHEN NOT online AND p_source <> ALL (place.channels) THEN 'another_channel'
        WHEN online AND place.access = 'closed' THEN 'specialty_closed'
        WHEN online AND place.access = 'referral' AND p_referral IS NULL AND patient.id IS NOT NULL
            THEN 'referral_needed'
        WHEN place.check_referrals AND p_referral IS NOT NULL AND NOT EXISTS (
            SELECT FROM referrals r
            WHERE r.region_id = place.region_id AND r.institution_id = place.institution_id AND r.number = p_referral
              AND r.specialty_code = place.specialty_code AND visit_on BETWEEN r.valid_from AND r.valid_to
              AND (r.identity IS NULL OR r.identity = patient.identity)
        ) THEN 'referral_unknown'
        WHEN years < place.age_from OR years > place.age_to THEN 'slot_for_another_age'
        WHEN place.sex <> patient.sex THEN 'slot_for_another_sex'
        WHEN place.require_attachment AND patient.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM attachments a
            WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id
              AND a.identity = patient.identity
        ) THEN 'not_attached'
    END;
END $$;

CREATE FUNCTION public.bookings_near(p_region smallint, p_citizen uuid, p_identity bytea, p_except uuid, p_near tstzmultirange) RETURNS TABLE(kind text, name text, times tstzmultirange, addresses text[], engaged boolean, own boolean)
    LANGUAGE sql STABLE
    AS $$
    WITH there AS (
        SELECT e.booking_id, true AS engaged FROM engagements e
        WHERE e.region_id = p_region AND e.identity = p_identity AND e.times && p_near
        UNION ALL
        SELECT a.id, false FROM applications a
        WHERE a.region_id = p_region AND a.identity = p_identity AND a.placed AND NOT is_engaged(a)
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled')),
    known AS (
        SELECT 'lesson' AS kind, a.terms -> 'programme' ->> 'name' AS name, g.lessons AS times,
               addresses_of(g.places) AS addresses, t.engaged, a.person_id
        FROM there t JOIN applications a ON a.region_id = p_region AND a.id = t.booking_id
        JOIN groups g ON g.region_id = p_region AND g.id = a.group_id
        WHERE a.id <> p_except AND g.lessons && p_near
        UNION ALL
        SELECT 'ticket', a.terms -> 'specialty' ->> 'name_ru', tstzmultirange(tstzrange(a.starts_at, a.ends_at)),
               ARRAY[a.terms -> 'location' ->> 'address'], true, a.person_id
        FROM there t JOIN appointments a ON a.region_id = p_region AND a.id = t.booking_id)
    SELECT k.kind, k.name, k.times, k.addresses, k.engaged, EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = k.person_id)
    FROM known k
$$;

CREATE FUNCTION public.born_by(p_on date, p_months integer, p_by_year boolean) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN p_by_year THEN make_date(((EXTRACT(year FROM p_on))::integer - ((p_months + 11) / 12)), 12, 31) ELSE LEAST((((date_trunc('month'::text, (p_on)::timestamp without time zone) - make_interval(months => p_months)))::date + ((EXTRACT(day FROM p_on))::integer - 1)), (((date_trunc('month'::text, (p_on)::timestamp without time zone) - make_interval(months => (p_months - 1))))::date - 1)) END;

CREATE FUNCTION public.by_itself() RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '00000000-0000-0000-0000-000000000000'::uuid;

CREATE FUNCTION public.call_off_lost_trials(p_region smallint, p_group uuid, p_days date[], p_starts time without time zone[], p_begins timestamp with time zone[], p_ends timestamp with time zone[], p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT call_off_trials(p_region, ARRAY(
        SELECT t.id FROM trials t
        WHERE t.region_id = p_region AND t.group_id = p_group AND t.status = 'booked' AND t.begins_at > p_now
          AND NOT EXISTS (
            SELECT FROM unnest(p_days, p_starts, p_begins, p_ends) AS kept (day, starts, begins_at, ends_at)
            WHERE (kept.day, kept.starts, kept.begins_at, kept.ends_at) = (t.day, t.starts, t.begins_at, t.ends_at))
        ORDER BY t.id), p_actor, p_now)
$$;

CREATE FUNCTION public.call_off_trials(p_region smallint, p_trials uuid[], p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    one uuid;
BEGIN
    FOR one IN
        UPDATE trials SET status = 'called_off' WHERE region_id = p_region AND id = ANY (p_trials) AND status = 'booked'
        RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'trial_called_off', one, '{}', true);
    END LOOP;
END $$;

CREATE TABLE public.lesson_changes (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    day date NOT NULL,
    starts time without time zone NOT NULL,
    planned tstzrange NOT NULL,
    moved_to tstzrange,
    place smallint,
    reason text NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT lesson_changes_place CHECK (((place IS NULL) = (moved_to IS NULL)))
);

CREATE FUNCTION public.call_off_trials_of(change public.lesson_changes) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT call_off_trials(change.region_id, ARRAY(
        SELECT t.id FROM trials t
        WHERE t.region_id = change.region_id AND t.group_id = change.group_id AND t.day = change.day
          AND t.starts = change.starts AND t.status = 'booked'
          AND (change.moved_to IS NULL OR t.place <> change.place
               OR tstzrange(t.begins_at, t.ends_at) <> change.moved_to)
        ORDER BY t.id), change.changed_by, change.changed_at)
$$;

CREATE FUNCTION public.campaign_parts(p_region smallint, p_campaign uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'groups', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', g.id, 'places', g.capacity - g.taken) ORDER BY g.id)
            FROM groups g WHERE g.region_id = p_region AND g.campaign_id = p_campaign), '[]'),
        'wishes', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', w.id, 'groups', w.group_ids, 'weights', w.weights) ORDER BY w.id)
            FROM campaign_wishes w
            WHERE w.region_id = p_region AND w.campaign_id = p_campaign
              AND (SELECT p.deleted_at IS NULL FROM persons p WHERE p.region_id = p_region AND p.id = w.person_id)), '[]'))
$$;

CREATE FUNCTION public.can_be_offered(place public.slots, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT place.status = 'open' AND place.taken < place.capacity AND place.internet_at < 'infinity'
       AND place.starts_at - make_interval(mins => place.min_lead_minutes) > p_now
       AND (place.policy <> 'draw' OR place.internet_at <= p_now)
$$;

CREATE FUNCTION public.can_move_to(ticket public.appointments, place public.bookable_slots, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT ticket.purpose = place.purpose AND ticket.slot_id <> place.id
       AND (ticket.override_reason IS NOT NULL OR booking_refusal(place, p, ticket.referral_number, ticket.source, p_now)
            IS NULL)
       AND NOT EXISTS (
           SELECT FROM engagements e
           WHERE e.region_id = ticket.region_id AND e.identity = ticket.identity
             AND e.times && tstzmultirange(tstzrange(place.starts_at, place.ends_at)))
       AND NOT EXISTS (
           SELECT FROM offers o
           WHERE o.region_id = ticket.region_id AND o.appointment_id = ticket.id
             AND o.status IN ('declined', 'lapsed') AND o.places @> jsonb_build_array(jsonb_build_object('slot_id', place.id)))
       AND (SELECT count(*) FROM offers o
            WHERE o.region_id = ticket.region_id AND o.appointment_id = ticket.id AND o.status = 'lapsed') < 3
    FROM persons p WHERE p.region_id = ticket.region_id AND p.id = ticket.person_id
$$;

CREATE FUNCTION public.cancel_appointment(p_region smallint, p_citizen uuid, p_appointment uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
        WHEN booked.status NOT IN ('booked', 'orphaned', 'cancelled') THEN 'appointment_over'
        WHEN booked.status = 'booked' AND (booked.terms ->> 'cancel_until')::timestamptz <= p_now
            THEN 'cancellation_closed'
    END);
    IF booked.status <> 'cancelled' THEN
        PERFORM count_ticket_let_go(booked, p_citizen, p_now);
        PERFORM end_appointment(booked, p_event_id, p_citizen, '{}', p_now);
    END IF;
END $$;

CREATE FUNCTION public.cancel_for_patient(p_region smallint, p_institution uuid, p_appointment uuid, p_reason text, p_actor uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status IN ('fulfilled', 'noshow') THEN 'appointment_over'
    END);
    IF ticket.status <> 'cancelled' THEN
        PERFORM end_appointment(ticket, p_event_id, p_actor, jsonb_build_object('reason', p_reason), p_now);
    END IF;
END $$;

CREATE FUNCTION public.cancel_trial(p_region smallint, p_citizen uuid, p_trial uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named trials;
BEGIN
    SELECT t.* INTO named FROM trials t
    WHERE t.region_id = p_region AND t.id = p_trial AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = t.person_id)
    FOR NO KEY UPDATE OF t;
    PERFORM refuse('trial_not_found') WHERE named.id IS NULL;
    IF named.status = 'booked' THEN
        PERFORM refuse('lesson_begun') WHERE p_now >= named.begins_at;
        PERFORM count_let_go(p_region, p_citizen, 'club', p_now);
        UPDATE trials SET status = 'cancelled' WHERE region_id = p_region AND id = p_trial RETURNING * INTO named;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'trial_cancelled', p_trial, '{}', true);
    END IF;
    RETURN shown_trial(named);
END $$;

CREATE FUNCTION public.certificate_back(named public.applications, p_now timestamp with time zone) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN count(*) = 0 THEN 0
        ELSE (named.certificate_cost - named.certificate_used) * count(*) FILTER (WHERE lower(lesson) > p_now) / count(*) END::integer
    FROM groups g, institutions i, unnest(g.lessons) AS lesson
    WHERE g.region_id = named.region_id AND g.id = named.group_id
      AND i.region_id = g.region_id AND i.id = g.institution_id
      AND lower(lesson) >= coalesce(named.enrolled_on, g.starts_on)::timestamp AT TIME ZONE i.zone
$$;

CREATE FUNCTION public.certificate_cost(place public.groups, p_certificate uuid) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce((
        SELECT CASE c.unit WHEN 'hours' THEN (f ->> 'hours')::integer ELSE (f ->> 'price_total_roubles')::integer END
        FROM certificates c, jsonb_array_elements(place.financing) AS f
        WHERE c.region_id = place.region_id AND c.id = p_certificate AND f ->> 'source' = 'certificate'), 0)
$$;

CREATE FUNCTION public.certificate_over(a public.applications) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    good certificates;
    place groups;
BEGIN
    SELECT * INTO good FROM certificates WHERE region_id = a.region_id AND id = a.certificate_id FOR NO KEY UPDATE;
    SELECT * INTO place FROM groups WHERE region_id = a.region_id AND id = a.group_id;
    RETURN CASE
        -- The child may have turned out to be another since.
        WHEN good.identity <> a.identity THEN 'certificate_not_found'
        WHEN good.status <> 'active' THEN 'certificate_suspended'
        WHEN good.year <> extract(year FROM first_day(place, a.updated_at)) THEN 'certificate_of_another_year'
    END;
END $$;

CREATE FUNCTION public.certificate_refusal(place public.groups, child public.persons, p_certificate uuid, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    good certificates;
    begins date := first_day(place, p_now);
BEGIN
    SELECT * INTO good FROM certificates
    WHERE region_id = place.region_id AND id = p_certificate AND identity = child.identity;
    RETURN CASE
        WHEN p_certificate IS NULL THEN NULL
        WHEN good.id IS NULL THEN 'certificate_not_found'
        WHEN good.year <> extract(year FROM begins) THEN 'certificate_of_another_year'
        WHEN good.status <> 'active' THEN 'certificate_suspended'
        WHEN NOT has_price_in_unit(place, good.id) THEN 'financing_not_offered'
        WHEN full_months(child.birth_date, begins) NOT BETWEEN 5 * 12 AND 18 * 12 - 1 THEN 'certificate_age'
    END;
END $$;

CREATE FUNCTION public.certificate_share(a public.applications) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
SELECT CASE
    WHEN a.certificate_id IS NULL THEN 'none'
    WHEN a.status = 'approved' THEN 'reserved'
    WHEN a.status = 'enrolled' THEN 'spent'
    ELSE 'none'
END $$;

CREATE FUNCTION public.certificate_share_from(place public.groups, p_certificate uuid, p_from timestamp with time zone) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT (certificate_cost(place, p_certificate) * count(*) FILTER (WHERE lower(lesson) >= p_from) / count(*))::integer
    FROM unnest(place.lessons) AS lesson
$$;

CREATE FUNCTION public.certificate_use(a public.applications) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'application_id', a.id, 'application_number', a.number, 'group_name', a.terms -> 'group_name',
        'programme_name', a.terms #> '{programme,name}',
        'state', CASE a.status WHEN 'approved' THEN 'reserved' WHEN 'enrolled' THEN 'spent' ELSE 'left' END,
        'amount', a.certificate_cost - a.certificate_back)
$$;

CREATE FUNCTION public.chain_entries(p_region smallint, p_log text, p_ids uuid[], p_macs bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
    head audit_heads;
    chained integer;
BEGIN
    SELECT * INTO STRICT head FROM audit_heads WHERE region_id = p_region AND log = p_log FOR UPDATE;
    EXECUTE format(
        'UPDATE %I e SET position = $1 + n.number, mac = n.mac FROM unnest($2, $3) WITH ORDINALITY n (id, mac, number)
         WHERE e.region_id = $4 AND e.id = n.id AND e.position IS NULL', head.log)
    USING head.position, p_ids, p_macs, p_region;
    GET DIAGNOSTICS chained = ROW_COUNT;
    IF chained <> cardinality(p_ids) THEN
        RAISE EXCEPTION 'only % of % entries were still to be chained', chained, cardinality(p_ids);
    END IF;
    UPDATE audit_heads SET position = head.position + chained, mac = p_macs[chained]
    WHERE region_id = p_region AND log = p_log;
END $_$;

CREATE FUNCTION public.change_identity(p_region smallint, p_person uuid, p_identity bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE guardians SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE appointments SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE waiting_persons SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE draw_requests SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE campaign_wishes SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE trials SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE engagements SET identity = p_identity
    WHERE region_id = p_region AND booking_id IN (
        SELECT id FROM appointments WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM applications WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM trials WHERE region_id = p_region AND person_id = p_person);
$$;

CREATE FUNCTION public.change_lesson(change public.lesson_changes, p_on date) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place groups;
    kept lesson_changes;
    told integer := 0;
    conflicts jsonb;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = change.region_id AND id = change.group_id FOR NO KEY UPDATE;
    SELECT * INTO kept FROM lesson_changes c
    WHERE c.region_id = change.region_id AND c.group_id = change.group_id AND c.day = change.day AND c.starts = change.starts;
    SELECT coalesce(jsonb_agg(a.id ORDER BY a.id), '[]') INTO conflicts
    FROM applications a
    JOIN engagements e ON e.region_id = a.region_id AND e.booking_id = a.id
    WHERE a.region_id = change.region_id AND a.group_id = change.group_id AND change.moved_to IS NOT NULL
      AND elsewhere(a.region_id, a.id, a.identity, tstzmultirange(change.moved_to)) <> '{}';
    IF kept.day IS NULL OR (kept.moved_to, kept.place, kept.reason) IS DISTINCT FROM
                           (change.moved_to, change.place, change.reason) THEN
        DELETE FROM lesson_changes c
        WHERE c.region_id = change.region_id AND c.group_id = change.group_id AND c.day = change.day
          AND c.starts = change.starts;
        INSERT INTO lesson_changes SELECT change.*;
        PERFORM call_off_trials_of(change);
        PERFORM follow_lessons(place);
        told := tell_members(change, p_on);
        PERFORM journal(change.region_id, gen_random_uuid(), change.changed_at, change.changed_by, 'lesson_changed',
                        change.group_id, jsonb_build_object('day', change.day, 'starts', change.starts), false);
    END IF;
    RETURN jsonb_build_object('told', told, 'conflicts', conflicts);
END $$;

CREATE FUNCTION public.check_benefits(named public.applications, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    proved text[] := ARRAY(SELECT DISTINCT code FROM jsonb_array_elements_text(p_decision -> 'confirmed') AS code ORDER BY 1);
    place groups;
    child persons;
BEGIN
    IF named.benefits_confirmed = proved THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move')
    WHERE named.status NOT IN ('submitted', 'under_review', 'invited', 'approved', 'waiting', 'offered');
    PERFORM refuse('benefit_not_claimed') WHERE NOT proved <@ named.benefits;
    SELECT * INTO place FROM groups WHERE region_id = named.region_id AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = named.region_id AND id = named.person_id;
    UPDATE applications SET
        benefits_confirmed = proved, updated_at = p_now,
        weight = CASE place.filling WHEN 'priority' THEN benefits_weight(place, child, proved) ELSE weight END
    WHERE region_id = named.region_id AND id = named.id;
    PERFORM journal(named.region_id, gen_random_uuid(), p_now, p_actor, 'application_benefits_checked', named.id,
                    jsonb_build_object('confirmed', proved), true);
END $$;

CREATE FUNCTION public.child_busy(place public.groups, child public.persons, p_citizen uuid, p_zone text) RETURNS TABLE(starts_at timestamp without time zone, name_ru text, name_en text)
    LANGUAGE sql STABLE
    AS $$
    SELECT lower(first_time) AT TIME ZONE p_zone, coalesce(a.terms #>> '{programme,name}', s.name_ru),
           coalesce(a.terms #>> '{programme,name}', s.name_en)
    FROM engagements e
    CROSS JOIN LATERAL (
        SELECT each AS first_time FROM unnest(e.times) AS each WHERE each && place.lessons ORDER BY each LIMIT 1) AS first
    LEFT JOIN applications a ON a.region_id = e.region_id AND a.id = e.booking_id AND a.person_id IN (
        SELECT person_id FROM guardians WHERE region_id = place.region_id AND citizen_id = p_citizen)
    LEFT JOIN appointments t ON t.region_id = e.region_id AND t.id = e.booking_id AND t.person_id IN (
        SELECT person_id FROM guardians WHERE region_id = place.region_id AND citizen_id = p_citizen)
    LEFT JOIN specialties s ON s.code = t.specialty_code
    WHERE e.region_id = place.region_id AND e.identity = child.identity AND e.times && place.lessons
      AND NOT EXISTS (
          SELECT FROM applications own
          WHERE own.region_id = e.region_id AND own.id = e.booking_id AND own.group_id = place.id)
    ORDER BY first_time
    LIMIT 5
$$;

CREATE FUNCTION public.claim_page(p_region smallint, p_code_hash bytea, p_platform text, p_page text, p_account_hash bytea, p_address_hash bytea, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    invitation page_invitations;
BEGIN
    PERFORM FROM regions WHERE code = p_region;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM count_wrong_claims(p_region, p_account_hash, 5, p_now);
    PERFORM count_wrong_claims(p_region, p_address_hash, 50, p_now);
    SELECT * INTO invitation FROM page_invitations
    WHERE region_id = p_region AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF invitation.revoked_at IS NULL AND (invitation.platform, invitation.page_id, invitation.account_hash)
       = (p_platform, p_page, p_account_hash) THEN
        RETURN invitation.institution_id;
    END IF;
    IF invitation.id IS NULL OR invitation.revoked_at IS NOT NULL OR invitation.claimed_at IS NOT NULL
       OR invitation.expires_at <= p_now THEN
        UPDATE wrong_claims SET wrong = wrong + 1
        WHERE region_id = p_region AND caller_hash IN (p_account_hash, p_address_hash);
        RETURN NULL;
    END IF;
    INSERT INTO pages AS p (platform, external_id, region_id, institution_id, mini_apps)
    VALUES (p_platform, p_page, p_region, invitation.institution_id, invitation.mini_apps)
    ON CONFLICT (platform, external_id) DO UPDATE
    SET mini_apps = (SELECT array_agg(DISTINCT one ORDER BY one DESC) FROM unnest(p.mini_apps || excluded.mini_apps) one)
    WHERE p.region_id = excluded.region_id AND p.institution_id = excluded.institution_id;
    IF NOT FOUND THEN
        PERFORM refuse('page_claimed');
    END IF;
    UPDATE page_invitations
    SET claimed_at = p_now, platform = p_platform, page_id = p_page, account_hash = p_account_hash
    WHERE region_id = p_region AND id = invitation.id;
    -- Who claims is no citizen yet, so the invitation stands for them.
    PERFORM journal(p_region, gen_random_uuid(), p_now, invitation.id, 'page_claimed', invitation.institution_id,
                    jsonb_build_object('platform', p_platform, 'page', p_page), false);
    RETURN invitation.institution_id;
END $$;

CREATE FUNCTION public.claim_place(place public.bookable_slots, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM holds
    WHERE region_id = place.region_id AND slot_id = place.id AND citizen_id = p_citizen AND offer_id IS NULL;
    IF FOUND THEN
        RETURN;
    END IF;
    IF place.taken >= place.capacity THEN
        PERFORM free_expired_holds(place.region_id, place.id, p_now);
    END IF;
    PERFORM take_place(place);
END $$;

CREATE FUNCTION public.claim_place_for(ticket public.appointments, place public.bookable_slots, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM holds h USING offers o
    WHERE h.region_id = place.region_id AND h.slot_id = place.id
      AND o.region_id = place.region_id AND o.id = h.offer_id AND o.appointment_id = ticket.id AND o.status = 'open';
    IF NOT FOUND THEN
        PERFORM claim_place(place, p_citizen, p_now);
    END IF;
END $$;

CREATE FUNCTION public.close_offer(offer public.offers, p_status text, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE offers SET status = p_status, closed_at = p_now WHERE region_id = offer.region_id AND id = offer.id;
    PERFORM journal(offer.region_id, gen_random_uuid(), p_now, p_actor, 'offer_' || p_status, offer.id, '{}',
                    p_status IN ('lapsed', 'withdrawn'));
END $$;

CREATE FUNCTION public.close_rebooking(p_region smallint, p_appointment uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.close_slot(p_region smallint, p_slot uuid, p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    held integer;
BEGIN
    UPDATE slots SET status = 'closed' WHERE region_id = p_region AND id = p_slot;
    DELETE FROM holds WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    UPDATE slots SET taken = taken - held WHERE region_id = p_region AND id = p_slot;
    PERFORM withdraw_offers(p_region, p_slot, p_now);
    RETURN orphan_appointments(p_region, p_slot, 32767, p_actor, p_now);
END $$;

CREATE FUNCTION public.confirm_citizen(p_region smallint, p_citizen uuid, p_subject_hash bytea, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    known bytea;
BEGIN
    SELECT confirmed_as INTO known FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('confirmed_as_another') WHERE known <> p_subject_hash;
    UPDATE citizens SET confirmed_as = p_subject_hash, confirmed_at = p_now WHERE region_id = p_region AND id = p_citizen;
    RETURN known IS NOT NULL;
END $$;

CREATE FUNCTION public.consent_needed(p_purpose text, p_now timestamp with time zone) RETURNS smallint
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT max(version) FROM consent_texts
            WHERE purpose = p_purpose AND requires_new AND in_force_from <= p_now);
END $$;

CREATE FUNCTION public.consent_stands(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN consent_state(p_region, p_citizen, p_person, p_purpose, p_now) <> 'withdrawn';
END $$;

CREATE FUNCTION public.consent_state(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    ever smallint;
    standing smallint;
BEGIN
    SELECT max(version), max(version) FILTER (WHERE withdrawn_at IS NULL) INTO ever, standing FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose;
    RETURN consent_state_of(ever, standing, p_purpose, p_now);
END $$;

CREATE FUNCTION public.consent_state_of(p_ever smallint, p_standing smallint, p_purpose text, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN CASE
        WHEN p_ever IS NULL THEN 'absent'
        WHEN p_standing IS NULL THEN 'withdrawn'
        WHEN p_standing < consent_needed(p_purpose, p_now) THEN 'outdated'
        ELSE 'given'
    END;
END $$;

CREATE FUNCTION public.consent_texts_stay() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM refuse('consent_texts_stay');
END $$;

CREATE FUNCTION public.consents_stay() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    may_change text[] := ARRAY['citizen_id', 'person_id', 'withdrawn_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change
       AND (OLD.withdrawn_at IS NULL OR NEW.withdrawn_at = OLD.withdrawn_at) THEN
        RETURN NEW;
    END IF;
    PERFORM refuse('consents_stay');
END $$;

CREATE FUNCTION public.count_application(was public.applications, now_is public.applications) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    comes boolean := now_is.status IN ('submitted', 'waiting', 'offered', 'enrolled')
        AND (was.id IS NULL OR was.status = 'draft' OR (was.status = 'offered' AND now_is.status = 'waiting'));
    same boolean := was.group_id = now_is.group_id;
    number integer;
BEGIN
    IF NOT comes AND coalesce(same, true) AND coalesce(was.placed, false) = now_is.placed
       AND (coalesce(was.status, '') = 'waiting') = (now_is.status = 'waiting') THEN
        RETURN now_is.serial;
    END IF;
    IF NOT coalesce(same, true) THEN
        UPDATE groups SET taken = taken - was.placed::int, waiting = waiting - (was.status = 'waiting')::int
        WHERE region_id = was.region_id AND id = was.group_id;
        was := NULL;
        comes := true;
    END IF;
    UPDATE groups SET
        serial = serial + comes::int,
        taken = taken + now_is.placed::int - coalesce(was.placed, false)::int,
        waiting = waiting + (now_is.status = 'waiting')::int - (coalesce(was.status, '') = 'waiting')::int
    WHERE region_id = now_is.region_id AND id = now_is.group_id
    RETURNING serial INTO number;
    RETURN CASE WHEN comes THEN number ELSE now_is.serial END;
END $$;

CREATE FUNCTION public.count_application_let_go(named public.applications, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF named.placed AND named.status <> 'offered' THEN
        PERFORM count_let_go(named.region_id, p_citizen, 'club', p_now);
    END IF;
END $$;

CREATE FUNCTION public.count_launch(p_region smallint, p_launch_hash bytea, p_until timestamp with time zone, p_most integer, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    counted integer;
BEGIN
    INSERT INTO launch_uses AS known (region_id, launch_hash, uses, expires_at)
    VALUES (p_region, p_launch_hash, 1, p_until)
    ON CONFLICT (region_id, launch_hash) DO UPDATE SET
        uses = CASE WHEN known.expires_at <= p_now THEN 1 ELSE known.uses + 1 END,
        expires_at = CASE WHEN known.expires_at <= p_now THEN excluded.expires_at ELSE known.expires_at END
    RETURNING uses INTO counted;
    PERFORM refuse('launch_spent') WHERE counted > p_most;
END $$;

CREATE FUNCTION public.count_let_go(p_region smallint, p_citizen uuid, p_mini_app text, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO places_let_go (region_id, citizen_id, at, id, mini_app)
    VALUES (p_region, p_citizen, p_at, gen_random_uuid(), p_mini_app);
END $$;

CREATE FUNCTION public.count_sealed() RETURNS TABLE(in_table text, in_column text, key_id text, sealed bigint)
    LANGUAGE plpgsql STABLE
    AS $_$
DECLARE
    place record;
BEGIN
    FOR place IN SELECT c.in_table, c.in_column FROM sealed_columns() c LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %1$L, %2$L, split_part(t.%2$I, ''.'', 1), count(*)
             FROM regions r JOIN %1$I t ON t.region_id = r.code
             WHERE t.%2$I IS NOT NULL GROUP BY 3 ORDER BY 3', place.in_table, place.in_column);
    END LOOP;
END $_$;

CREATE FUNCTION public.count_ticket_let_go(booked public.appointments, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF booked.status = 'booked' AND booked.source = 'internet' THEN
        PERFORM count_let_go(booked.region_id, p_citizen, 'doctor', p_now);
    END IF;
END $$;

CREATE FUNCTION public.count_wrong_claims(p_region smallint, p_caller_hash bytea, p_at_most integer, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    counted integer;
BEGIN
    INSERT INTO wrong_claims AS w (region_id, caller_hash, wrong, since) VALUES (p_region, p_caller_hash, 0, p_now)
    ON CONFLICT (region_id, caller_hash) DO UPDATE
    SET wrong = CASE WHEN w.since > p_now - interval '1 hour' THEN w.wrong ELSE 0 END,
        since = CASE WHEN w.since > p_now - interval '1 hour' THEN w.since ELSE p_now END
    RETURNING wrong INTO counted;
    PERFORM refuse('too_many_attempts') WHERE counted >= p_at_most;
END $$;

CREATE FUNCTION public.count_wrong_codes(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('citizen_gone') WHERE NOT FOUND;
    PERFORM refuse('too_many_attempts') WHERE 5 <= (
        SELECT count(*) FROM wrong_codes
        WHERE region_id = p_region AND citizen_id = p_citizen AND at > p_now - interval '1 hour');
END $$;

CREATE FUNCTION public.create_client(p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_client jsonb, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb;
    made clients;
BEGIN
    IF p_key IS NOT NULL THEN
        earlier := coalesce(
            idempotency_find(p_region, p_actor, 'createClient', p_key, p_request_hash),
            idempotency_keep(p_region, p_actor, 'createClient', p_key, p_request_hash, p_result, p_now));
    END IF;
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO clients (region_id, id, institution_id, name, secret_hash, public_keys, scopes, created_at)
    SELECT p_region, c.id, c.institution_id, c.name, c.secret_hash, c.public_keys, c.scopes, p_now
    FROM jsonb_to_record(p_client)
        AS c (id uuid, institution_id uuid, name text, secret_hash bytea, public_keys text[], scopes text[])
    RETURNING * INTO made;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'client_created', made.id,
                    jsonb_build_object('institution', made.institution_id, 'scopes', made.scopes), false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.create_confirmation(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_id uuid, p_expires_at timestamp with time zone, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_citizen, 'createConfirmation', p_key, p_request_hash),
        idempotency_keep(p_region, p_citizen, 'createConfirmation', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    UPDATE confirmations SET status = 'failed', failure = 'replaced', claims_sealed = NULL
    WHERE region_id = p_region AND citizen_id = p_citizen AND status IN ('begun', 'checking', 'awaiting_code');
    INSERT INTO confirmations (region_id, id, citizen_id, status, begun_at, expires_at)
    VALUES (p_region, p_id, p_citizen, 'begun', p_now, p_expires_at);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'confirmation_begun', p_id, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.create_identity_code(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_code_hash bytea, p_expires_at timestamp with time zone, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_citizen, 'createIdentityCode', p_key, p_request_hash),
        idempotency_keep(p_region, p_citizen, 'createIdentityCode', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO identity_codes (region_id, citizen_id, code_hash, expires_at)
    VALUES (p_region, p_citizen, p_code_hash, p_expires_at)
    ON CONFLICT (region_id, citizen_id) DO UPDATE
    SET code_hash = excluded.code_hash, expires_at = excluded.expires_at;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'identity_code_created', p_citizen, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.create_invitation(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person uuid, p_code_hash bytea, p_expires_at timestamp with time zone, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    own guardians;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'createInvitation', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    SELECT g.* INTO own FROM persons p JOIN guardians g ON g.region_id = p.region_id AND g.person_id = p.id
    WHERE p.region_id = p_region AND p.id = p_person AND g.citizen_id = p_citizen AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    IF NOT FOUND OR guardianship_over(own, p_now) THEN
        PERFORM refuse('person_not_found');
    END IF;
    PERFORM refuse('guardian_may_not') WHERE NOT guardian_may(own.kinship, own.ends_on IS NOT NULL, 'invite');
    earlier := idempotency_keep(p_region, p_citizen, 'createInvitation', p_key, p_request_hash, p_result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO invitations (region_id, person_id, citizen_id, code_hash, expires_at, helper)
    VALUES (p_region, p_person, p_citizen, p_code_hash, p_expires_at, coalesce((p_result ->> 'helper')::boolean, false))
    ON CONFLICT (region_id, person_id, citizen_id)
    DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at, helper = excluded.helper,
                  used_by = NULL;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'guardian_invited', p_person, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.create_page_invitations(p_region smallint, p_actor uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, p_operation, p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, p_operation, p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO page_invitations (region_id, id, institution_id, mini_apps, code_hash, created_at, expires_at)
    SELECT p_region, item.id, item.institution_id, item.mini_apps, item.code_hash, p_now, item.expires_at
    FROM jsonb_to_recordset(p_items)
        AS item (id uuid, institution_id uuid, mini_apps text[], code_hash bytea, expires_at timestamptz);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'page_invited', item.institution_id,
                    jsonb_build_object('invitation', item.id), false)
    FROM jsonb_to_recordset(p_items) AS item (id uuid, institution_id uuid);
    RETURN p_result;
END $$;

CREATE FUNCTION public.create_person(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person jsonb, p_kinship text, p_result jsonb, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, person.id, p_kinship, person.identity, p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_created', person.id, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.current_lessons(place public.groups) RETURNS tstzmultirange
    LANGUAGE sql STABLE
    AS $$
    SELECT place.lessons - coalesce(range_agg(c.planned), '{}') + coalesce(range_agg(c.moved_to), '{}')
    FROM lesson_changes c WHERE c.region_id = place.region_id AND c.group_id = place.id
$$;

CREATE FUNCTION public.day_is_full_until(p_region smallint, p_citizen uuid, p_identity bytea, p_now timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (
        SELECT greatest((
            SELECT a.created_at FROM persons p
            CROSS JOIN LATERAL (
                SELECT created_at FROM appointments
                WHERE region_id = p_region AND person_id = p.id
                  -- What was booked within a day was of a time to come then.
                  AND starts_at > p_now - interval '1 day'
                  AND created_at > p_now - interval '1 day' AND source = 'internet'
                -- In the order of the index by person: where a plan was made while the table was empty, and all indexes
                -- seemed alike, it is this that tells them apart.
                ORDER BY starts_at DESC OFFSET 0
            ) a
            WHERE p.region_id = p_region AND p.identity = p_identity AND p.deleted_at IS NULL
              AND r.person_bookings_a_day IS NOT NULL
            ORDER BY a.created_at DESC OFFSET r.person_bookings_a_day - 1 LIMIT 1
        ), (
            SELECT a.created_at FROM appointments a
            WHERE a.region_id = p_region AND a.citizen_id = p_citizen
              AND a.created_at > p_now - interval '1 day' AND a.source = 'internet'
              AND r.account_bookings_a_day IS NOT NULL
            ORDER BY a.created_at DESC OFFSET r.account_bookings_a_day - 1 LIMIT 1
        )) + interval '1 day'
        FROM regions r WHERE r.code = p_region);
END $$;

CREATE FUNCTION public.decide_appeal(p_region smallint, p_institution uuid, p_appointment uuid, p_excused boolean, p_actor uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution AND appeal IS NOT NULL
    FOR UPDATE;
    PERFORM refuse(CASE WHEN ticket.id IS NULL THEN 'appeal_not_found' END);
    IF ticket.appeal_decided_at IS NULL OR ticket.excused <> p_excused THEN
        UPDATE appointments SET excused = p_excused, appeal_decided_at = p_now
        WHERE region_id = p_region AND id = p_appointment;
        PERFORM journal(p_region, p_event_id, p_now, p_actor, 'no_show_appeal_decided', p_appointment,
                        jsonb_build_object('excused', p_excused), true);
    END IF;
END $$;

CREATE FUNCTION public.decide_application(p_region smallint, p_institution uuid, p_application uuid, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := lock_application(p_region, NULL, p_institution, p_application);
BEGIN
    CASE p_decision ->> 'decision'
        WHEN 'take' THEN PERFORM decide_move(named, 'under_review', p_decision, '{}', p_actor, p_now);
        WHEN 'invite' THEN PERFORM invite_to_test(named, p_decision, p_actor, p_now);
        WHEN 'record_test' THEN PERFORM record_test(named, p_decision, p_actor, p_now);
        WHEN 'approve' THEN PERFORM approve_application(named, p_decision, p_actor, p_now);
        WHEN 'enrol' THEN PERFORM enrol_by_order(named, p_decision, p_actor, p_now);
        WHEN 'refuse' THEN PERFORM decide_move(named, 'refused', p_decision, '{}', p_actor, p_now);
        WHEN 'expel' THEN PERFORM decide_move(named, 'left', p_decision, leaving(named, p_now), p_actor, p_now);
        WHEN 'check_benefits' THEN PERFORM check_benefits(named, p_decision, p_actor, p_now);
    END CASE;
END $$;

CREATE FUNCTION public.decide_move(named public.applications, p_to text, p_decision jsonb, p_changes jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF named.status <> p_to THEN
        PERFORM move_application(named, p_to, p_changes || jsonb_build_object('decision', p_decision), p_actor, p_now);
    END IF;
END $$;

CREATE FUNCTION public.decision_deadline(place public.groups, p_from timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT working_deadline(place.region_id, place.institution_id, p_from,
                            CASE WHEN place.entrance_test THEN decision_days_with_tests ELSE decision_days END)
    FROM institutions WHERE region_id = place.region_id AND id = place.institution_id
$$;

CREATE FUNCTION public.decline_group_place(p_region smallint, p_citizen uuid, p_application uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.decline_offer(p_region smallint, p_citizen uuid, p_offer uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.delete_document(p_region smallint, p_citizen uuid, p_document uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    found documents;
    named applications;
BEGIN
    SELECT * INTO found FROM documents WHERE region_id = p_region AND id = p_document;
    named := application_of_family(p_region, p_citizen, found.application_id);
    PERFORM refuse('document_not_found') WHERE named.id IS NULL;
    -- The decision waits, or is there.
    SELECT * INTO named FROM applications WHERE region_id = p_region AND id = named.id FOR NO KEY UPDATE;
    PERFORM refuse('document_decided') WHERE found.deleted_at IS NULL
        AND named.status NOT IN ('draft', 'submitted', 'under_review', 'invited', 'waiting', 'offered');
    PERFORM forget_documents(p_region, ARRAY[p_document], p_citizen, p_now);
END $$;

CREATE FUNCTION public.delete_person(p_region smallint, p_citizen uuid, p_person uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    alone boolean;
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = p_person AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person)
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('person_not_found');
    END IF;
    alone := NOT EXISTS (
        SELECT FROM guardians WHERE region_id = p_region AND person_id = p_person AND citizen_id <> p_citizen);
    PERFORM refuse('person_has_bookings') WHERE (alone AND EXISTS (
        SELECT FROM appointments a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.active
          AND (a.ends_at > p_now OR a.status = 'orphaned')
    )) OR (alone AND EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = p_region AND a.person_id = p_person
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
    )) OR (alone AND EXISTS (
        SELECT FROM trials t
        WHERE t.region_id = p_region AND t.person_id = p_person AND t.status = 'booked' AND t.ends_at > p_now
    -- These belong to the account that made them.
    )) OR EXISTS (
        SELECT FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
        WHERE w.region_id = p_region AND w.person_id = p_person AND w.active AND (alone OR e.citizen_id = p_citizen)
    ) OR EXISTS (
        SELECT FROM draw_requests d
        WHERE d.region_id = p_region AND d.person_id = p_person AND d.status = 'waiting'
          AND (alone OR d.citizen_id = p_citizen));
    DELETE FROM guardians WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    DELETE FROM invitations WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    IF alone THEN
        PERFORM move_application(a, 'withdrawn', '{}', p_citizen, p_now) FROM applications a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.status = 'draft';
        PERFORM forget_documents(p_region, ARRAY(
            SELECT id FROM documents WHERE region_id = p_region AND person_id = p_person AND deleted_at IS NULL
        ), p_citizen, p_now);
        PERFORM erase_person(p_region, p_person, p_now);
    END IF;
    -- Whoever gives a person up keeps no answers that tell of them, though another guardian stays.
    DELETE FROM idempotency_keys WHERE region_id = p_region AND caller_id = p_citizen
        AND position(p_person::text IN result::text) > 0;
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_deleted', p_person, '{}', false);
END $$;

CREATE FUNCTION public.document_refusal(named public.applications, p_citizen uuid, p_bytes bigint, p_limits jsonb, p_now timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN named.id IS NULL THEN 'application_not_found'
        WHEN named.status IN ('refused', 'withdrawn', 'expired', 'left') THEN 'documents_closed'
        WHEN (SELECT count(*) FROM documents d
              WHERE d.region_id = named.region_id AND d.application_id = named.id AND d.deleted_at IS NULL
             ) >= (p_limits ->> 'documents')::integer THEN 'documents_too_many'
        -- What was deleted counts too, or one could go on for ever.
        WHEN (SELECT coalesce(sum(d.bytes), 0) + p_bytes FROM documents d
              WHERE d.region_id = named.region_id AND d.citizen_id = p_citizen AND d.created_at > p_now - interval '1 day'
             ) > (p_limits ->> 'bytes_a_day')::bigint THEN 'uploads_too_many'
    END
$$;

CREATE FUNCTION public.documents_are_due(a public.applications, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN a.status IN ('refused', 'withdrawn', 'expired') THEN a.updated_at <= p_now - interval '30 days'
        ELSE least(g.ends_on, CASE a.status WHEN 'left' THEN a.left_on END) + i.documents_days
             < (p_now AT TIME ZONE i.zone)::date
    END
    FROM groups g, institutions i
    WHERE g.region_id = a.region_id AND g.id = a.group_id
      AND i.region_id = a.region_id AND i.id = a.institution_id
$$;

CREATE FUNCTION public.documents_missing(a public.applications) RETURNS text[]
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(array_agg(needed.kind ORDER BY needed.number), '{}')
    FROM jsonb_array_elements_text(coalesce(a.terms -> 'documents', '[]')) WITH ORDINALITY AS needed (kind, number)
    WHERE NOT EXISTS (
        SELECT FROM documents d
        WHERE d.region_id = a.region_id AND d.application_id = a.id AND d.kind = needed.kind AND d.deleted_at IS NULL)
$$;

CREATE FUNCTION public.documents_to_look_after(p_now timestamp with time zone) RETURNS TABLE(region_id smallint, id uuid, bytes integer, due boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT d.region_id, d.id, d.bytes, d.application_id FROM regions r
        JOIN documents d ON d.region_id = r.code AND d.deleted_at IS NULL AND d.look_at <= p_now
        ORDER BY d.look_at LIMIT 50 FOR UPDATE OF d SKIP LOCKED
    LOOP
        SELECT documents_are_due(a, p_now) INTO due FROM applications a
        WHERE a.region_id = found.region_id AND a.id = found.application_id;
        IF due THEN
            PERFORM forget_documents(found.region_id, ARRAY[found.id], by_itself(), p_now);
        ELSE
            UPDATE documents d SET look_at = p_now + interval '1 day'
            WHERE d.region_id = found.region_id AND d.id = found.id;
        END IF;
        region_id := found.region_id;
        id := found.id;
        bytes := found.bytes;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION public.draft_application(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_item jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    child persons;
    place groups;
    wish applications;
    shown jsonb;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'draftApplication', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (p_item ->> 'person_id')::uuid
      AND p.deleted_at IS NULL FOR KEY SHARE OF p;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = (p_item ->> 'group_id')::uuid;
    wish := new_application(place, child, p_citizen, p_item, NULL, p_now);
    PERFORM refuse(draft_refusal(place, child, wish, p_now));
    shown := shown_to_parent(wish);
    -- A twin waits here, and not at the draft that it would find taken.
    earlier := idempotency_keep(p_region, p_citizen, 'draftApplication', p_key, p_request_hash, shown, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO applications SELECT wish.*;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'application_draft', wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), false);
    RETURN shown;
END $$;

CREATE FUNCTION public.draft_refusal(place public.groups, child public.persons, wish public.applications, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN coalesce(
        CASE
            WHEN child.id IS NULL THEN 'person_not_found'
            WHEN place.id IS NULL THEN 'group_not_found'
            WHEN p_now >= place.enrolment_closes_at THEN 'enrolment_closed'
            WHEN place.filling = 'matching' AND place.filled_at IS NULL THEN 'group_by_wishes'
        END,
        terms_refusal(place, child, wish),
        certificate_refusal(place, child, wish.certificate_id, p_now));
END $$;

CREATE FUNCTION public.draft_renewed(named public.applications, place public.groups, child public.persons, p_changes jsonb, p_now timestamp with time zone) RETURNS public.applications
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    made applications := new_application(place, child, named.citizen_id, jsonb_build_object(
        'id', named.id, 'number', named.number, 'group_id', named.group_id, 'person_id', named.person_id,
        'wait', named.wait, 'financing', named.financing, 'certificate_id', named.certificate_id,
        'benefits', to_jsonb(named.benefits)) || p_changes, NULL, p_now);
BEGIN
    made.created_at := named.created_at;
    made.draw_request_id := named.draw_request_id;
    RETURN made;
END $$;

CREATE FUNCTION public.drop_person(p_region smallint, p_person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM persons p
    WHERE p.region_id = p_region AND p.id = p_person AND p.id <> nobody()
      AND NOT EXISTS (SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = p_person)
      AND NOT EXISTS (SELECT FROM appointments a WHERE a.region_id = p_region AND a.person_id = p_person)
      AND NOT EXISTS (SELECT FROM applications a WHERE a.region_id = p_region AND a.person_id = p_person);
EXCEPTION WHEN foreign_key_violation THEN
    -- Something else of them is there still.
    RETURN;
END $$;

CREATE FUNCTION public.drop_requests(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    asked uuid[] := ARRAY(SELECT id FROM waiting_entries WHERE region_id = p_region AND citizen_id = p_citizen ORDER BY id);
BEGIN
    PERFORM leave_waiting_list(p_region, p_citizen, e.id, gen_random_uuid(), p_now)
    FROM waiting_entries e WHERE e.region_id = p_region AND e.id = ANY (asked);
    DELETE FROM offers WHERE region_id = p_region AND entry_id = ANY (asked);
    DELETE FROM waiting_persons WHERE region_id = p_region AND entry_id = ANY (asked);
    DELETE FROM waiting_entries WHERE region_id = p_region AND id = ANY (asked);
    PERFORM release_hold(p_region, p_citizen, h.id, p_now) FROM holds h
    WHERE h.region_id = p_region AND h.citizen_id = p_citizen AND h.offer_id IS NULL;
END $$;

CREATE FUNCTION public.earth_km(p_latitude double precision, p_longitude double precision, q_latitude double precision, q_longitude double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((p_latitude IS NOT NULL) AND (q_latitude IS NOT NULL)) THEN ((12742.0176)::double precision * asin(sqrt(LEAST((1)::double precision, (power(sin((radians((q_latitude - p_latitude)) / (2)::double precision)), (2)::double precision) + ((cos(radians(p_latitude)) * cos(radians(q_latitude))) * power(sin((radians((q_longitude - p_longitude)) / (2)::double precision)), (2)::double precision))))))) ELSE NULL::double precision END;

CREATE FUNCTION public.elsewhere(p_region smallint, p_booking uuid, p_identity bytea, p_times tstzmultirange) RETURNS tstzmultirange
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(range_agg(one), '{}') FROM engagements e, unnest(e.times) AS one
    WHERE e.region_id = p_region AND e.identity = p_identity AND e.booking_id <> p_booking AND e.times && p_times
$$;

CREATE FUNCTION public.end_account_sessions(p_region smallint, p_actor uuid, p_account uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    citizen uuid := (SELECT coalesce(same_as, id) FROM citizens WHERE region_id = p_region AND id = p_account);
    ended integer;
BEGIN
    IF citizen IS NULL THEN
        RETURN NULL;
    END IF;
    ended := cardinality(end_sessions(p_region, citizen, NULL, p_now));
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'sessions_ended', citizen,
                    jsonb_build_object('count', ended), false);
    RETURN ended;
END $$;

CREATE FUNCTION public.end_appointment(booked public.appointments, p_event_id uuid, p_actor uuid, p_details jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE appointments SET status = 'cancelled', active = false, cancelled_at = p_now, sequence = sequence + 1
    WHERE region_id = booked.region_id AND id = booked.id;
    DELETE FROM engagements WHERE region_id = booked.region_id AND booking_id = booked.id;
    PERFORM journal(booked.region_id, p_event_id, p_now, p_actor, 'appointment_cancelled', booked.id, p_details, true);
    IF booked.status = 'orphaned' THEN
        PERFORM close_rebooking(booked.region_id, booked.id, p_now);
    ELSE
        PERFORM free_place(booked.region_id, booked.slot_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.end_guardianships(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    over guardians;
    ended integer := 0;
BEGIN
    FOR over IN
        SELECT g.* FROM regions r CROSS JOIN LATERAL (
            SELECT * FROM guardians
            WHERE region_id = r.code AND ends_on <= (p_now AT TIME ZONE r.zone)::date
            ORDER BY ends_on LIMIT 100 FOR UPDATE SKIP LOCKED
        ) g LIMIT 100
    LOOP
        PERFORM leave_waiting_list(over.region_id, over.citizen_id, e.id, gen_random_uuid(), p_now)
        FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
        WHERE w.region_id = over.region_id AND w.person_id = over.person_id AND w.active
          AND e.citizen_id = over.citizen_id AND e.status IN ('waiting', 'offered');
        DELETE FROM invitations
        WHERE region_id = over.region_id AND person_id = over.person_id AND citizen_id = over.citizen_id;
        DELETE FROM guardians
        WHERE region_id = over.region_id AND person_id = over.person_id AND citizen_id = over.citizen_id;
        PERFORM journal(over.region_id, gen_random_uuid(), p_now, by_itself(), 'guardianship_ended', over.person_id,
                        jsonb_build_object('citizen_id', over.citizen_id), true);
        ended := ended + 1;
    END LOOP;
    RETURN ended;
END $$;

CREATE FUNCTION public.end_matching(p_region smallint, p_campaign uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM groups WHERE region_id = p_region AND campaign_id = p_campaign ORDER BY id FOR NO KEY UPDATE;
    UPDATE groups SET filled_at = p_now
    WHERE region_id = p_region AND campaign_id = p_campaign AND filled_at IS NULL;
    UPDATE campaigns SET filled_at = p_now WHERE region_id = p_region AND id = p_campaign;
END $$;

CREATE FUNCTION public.end_processing(p_region smallint, p_citizen uuid, p_person uuid, p_kind text, p_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications;
    ticket appointments;
BEGIN
    CASE p_kind
        WHEN 'waiting_entry' THEN
            PERFORM leave_waiting_list(p_region, p_citizen, p_id, gen_random_uuid(), p_now);
        WHEN 'draw_request' THEN
            PERFORM withdraw_draw_request(p_region, p_citizen, p_id, gen_random_uuid(), p_now);
        WHEN 'appointment' THEN
            SELECT * INTO ticket FROM appointments WHERE region_id = p_region AND id = p_id FOR UPDATE;
            PERFORM count_ticket_let_go(ticket, p_citizen, p_now);
            PERFORM end_appointment(ticket, gen_random_uuid(), p_citizen, '{"reason": "consent_withdrawn"}', p_now)
            WHERE ticket.status IN ('booked', 'orphaned');
        WHEN 'wishes' THEN
            PERFORM withdraw_wishes(p_region, p_citizen, w.campaign_id, p_person, p_now) FROM campaign_wishes w
            WHERE w.region_id = p_region AND w.id = p_id;
        WHEN 'trial' THEN
            PERFORM cancel_trial(p_region, p_citizen, p_id, p_now);
        WHEN 'application' THEN
            named := lock_application(p_region, p_citizen, NULL, p_id);
            PERFORM count_application_let_go(named, p_citizen, p_now);
            PERFORM move_application(named, 'withdrawn', '{}', p_citizen, p_now)
            WHERE application_may_move(named.status, 'withdrawn');
    END CASE;
END $$;

CREATE FUNCTION public.end_session(p_region smallint, p_citizen uuid, p_session uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM refuse('session_not_found') WHERE NOT EXISTS (
        SELECT FROM sessions WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen);
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen AND ended_at IS NULL;
END $$;

CREATE FUNCTION public.end_sessions(p_region smallint, p_citizen uuid, p_account uuid, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH over AS (
        UPDATE sessions SET ended_at = p_now
        WHERE region_id = p_region AND citizen_id = p_citizen AND ended_at IS NULL
          AND (p_account IS NULL OR account_id = p_account)
        RETURNING id)
    SELECT coalesce(array_agg(id), '{}') FROM over;
$$;

CREATE FUNCTION public.end_waiting(p_region smallint, p_entry uuid, p_status text, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE waiting_entries SET status = p_status, ended_at = p_now WHERE region_id = p_region AND id = p_entry;
    UPDATE waiting_persons SET active = false WHERE region_id = p_region AND entry_id = p_entry;
$$;

CREATE FUNCTION public.end_work(p_region smallint, p_institution uuid, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE sessions s SET ended_at = p_now FROM pages p
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen AND s.ended_at IS NULL AND s.token_hash IS NULL
      AND p.platform = s.platform AND p.external_id = s.page AND p.region_id = p_region
      AND p.institution_id = p_institution;
END $$;

CREATE FUNCTION public.end_work_from(p_region smallint, p_platform text, p_page text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND platform = p_platform AND page = p_page AND token_hash IS NULL AND ended_at IS NULL;
END $$;

CREATE FUNCTION public.ended_clients(p_since timestamp with time zone) RETURNS TABLE(client uuid, generation integer, at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT c.id, c.generation, c.ended_at FROM regions r JOIN clients c ON c.region_id = r.code AND c.ended_at > p_since;
$$;

CREATE FUNCTION public.ended_sessions(p_since timestamp with time zone) RETURNS TABLE(session uuid, at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.id, s.ended_at FROM regions r JOIN sessions s ON s.region_id = r.code AND s.ended_at > p_since;
$$;

CREATE FUNCTION public.engage(p_appointment uuid, place public.bookable_slots, p_identity bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF place.purpose <> 'home_visit' THEN
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (place.region_id, p_appointment, p_identity, tstzmultirange(tstzrange(place.starts_at, place.ends_at)))
        ON CONFLICT (region_id, booking_id) DO UPDATE SET times = excluded.times;
    ELSE
        DELETE FROM engagements WHERE region_id = place.region_id AND booking_id = p_appointment;
    END IF;
END $$;

CREATE FUNCTION public.enrol_by_order(named public.applications, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place groups;
    is_written boolean := named.order_number IS NOT NULL;
BEGIN
    IF named.status = 'enrolled' AND (named.order_number, named.order_date)
       = (p_decision ->> 'order_number', (p_decision ->> 'order_date')::date) THEN
        RETURN;
    END IF;
    -- An offered place is the parent's to take.
    PERFORM refuse('application_illegal_move')
    WHERE named.status NOT IN ('submitted', 'under_review', 'approved', 'enrolled');
    PERFORM refuse('order_written') WHERE is_written;
    SELECT * INTO place FROM groups WHERE region_id = named.region_id AND id = named.group_id;
    PERFORM move_application(named, 'enrolled', order_changes(named, place, p_decision, p_now), p_actor, p_now);
END $$;

CREATE FUNCTION public.enrolment_refusal(place public.groups, p_now timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN place.id IS NULL THEN 'group_not_found'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        WHEN p_now < place.enrolment_opens_at THEN 'enrolment_not_open'
        WHEN p_now >= place.enrolment_closes_at THEN 'enrolment_closed'
        WHEN place.filling = 'matching' AND place.filled_at IS NULL THEN 'group_by_wishes'
        WHEN place.filled_at IS NULL AND p_now >= place.collect_until THEN 'group_being_filled'
    END
$$;

CREATE FUNCTION public.ensure_account(p_region smallint, p_platform text, p_user text, p_new uuid, p_now timestamp with time zone, OUT account uuid, OUT citizen uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    seen timestamptz;
BEGIN
    SELECT c.id, coalesce(c.same_as, c.id), c.seen_at INTO account, citizen, seen FROM citizens c
    WHERE c.region_id = p_region AND c.platform = p_platform AND c.external_id = p_user;
    IF FOUND THEN
        UPDATE citizens SET seen_at = p_now
        WHERE region_id = p_region AND id = account AND seen < p_now - interval '1 day';
        RETURN;
    END IF;
    -- Another launch may make it at this moment: then it is that one's.
    INSERT INTO citizens (region_id, id, platform, external_id, created_at, seen_at)
    VALUES (p_region, p_new, p_platform, p_user, p_now, p_now)
    ON CONFLICT ON CONSTRAINT citizens_one_per_platform_user DO NOTHING;
    SELECT c.id, coalesce(c.same_as, c.id) INTO account, citizen FROM citizens c
    WHERE c.region_id = p_region AND c.platform = p_platform AND c.external_id = p_user;
END $$;

CREATE FUNCTION public.ensure_nobody(p_region smallint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO citizens (region_id, id, platform, external_id, created_at, seen_at)
    VALUES (p_region, nobody(), 'erased', '', '2026-01-01', 'infinity') ON CONFLICT DO NOTHING;
    INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at, deleted_at)
    VALUES (p_region, nobody(), sha256('nobody'), '', '', '1900-01-01', 'female', '2026-01-01', '2026-01-01', '2026-01-01')
    ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION public.erase_account(p_region smallint, p_accounts uuid[], p_hashes text[], p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    citizen uuid := p_accounts[1];
    joined uuid;
    person uuid;
    alone uuid[];
    counts jsonb;
BEGIN
    FOREACH joined IN ARRAY p_accounts[2:] LOOP
        PERFORM hand_over(p_region, joined, citizen, p_now);
    END LOOP;
    PERFORM FROM persons WHERE region_id = p_region AND id IN (
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = citizen)
    ORDER BY id FOR UPDATE;
    alone := ARRAY(
        SELECT g.person_id FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = citizen AND NOT EXISTS (
            SELECT FROM guardians o
            WHERE o.region_id = p_region AND o.person_id = g.person_id AND o.citizen_id <> citizen)
        ORDER BY g.person_id);
    counts := erased_counts(p_region, citizen, alone);
    PERFORM drop_requests(p_region, citizen, p_now);
    FOREACH person IN ARRAY alone LOOP
        PERFORM give_back(p_region, person, p_actor, p_now);
        PERFORM anonymise(p_region, person, p_now);
    END LOOP;
    PERFORM leave_to_others(p_region, citizen, g.person_id)
    FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = citizen ORDER BY g.person_id;
    PERFORM forget_account(p_region, p_accounts, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'account_erased', citizen,
                    jsonb_build_object('hashes', p_hashes, 'counts', counts), false);
END $$;

CREATE FUNCTION public.erase_person(p_region smallint, p_person uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    nobody bytea := sha256(uuid_send(gen_random_uuid()));
BEGIN
    UPDATE persons SET identity = nobody, last_name = '', first_name = '', patronymic = NULL,
           birth_date = '1900-01-01', snils_sealed = NULL, policy_sealed = NULL, verified_at = NULL,
           snils_verified_at = NULL, deleted_at = p_now
    WHERE region_id = p_region AND id = p_person;
    PERFORM change_identity(p_region, p_person, nobody);
END $$;

CREATE FUNCTION public.erased_counts(p_region smallint, p_citizen uuid, p_alone uuid[]) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'persons', cardinality(p_alone),
        'persons_left', (SELECT count(*) FROM guardians
                         WHERE region_id = p_region AND citizen_id = p_citizen AND person_id <> ALL (p_alone)),
        'tickets', (SELECT count(*) FROM appointments WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'applications', (SELECT count(*) FROM applications WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'trials', (SELECT count(*) FROM trials WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'documents', (SELECT count(*) FROM documents
                      WHERE region_id = p_region AND person_id = ANY (p_alone) AND deleted_at IS NULL),
        'wishes', (SELECT count(*) FROM campaign_wishes WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'draw_requests', (SELECT count(*) FROM draw_requests WHERE region_id = p_region AND citizen_id = p_citizen),
        'waiting', (SELECT count(*) FROM waiting_entries WHERE region_id = p_region AND citizen_id = p_citizen))
$$;

CREATE FUNCTION public.expire_an_approved(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    due record;
    named applications;
BEGIN
    FOR due IN
        SELECT a.region_id, a.id FROM regions r
        JOIN applications a ON a.region_id = r.code AND a.status = 'approved' AND a.originals_by <= p_now
        ORDER BY a.originals_by LIMIT 50
    LOOP
        named := lock_application(due.region_id, NULL, NULL, due.id);
        CONTINUE WHEN named.status <> 'approved' OR named.originals_by > p_now;
        PERFORM move_application(named, 'expired', '{}', by_itself(), p_now);
        RETURN 1;
    END LOOP;
    RETURN 0;
END $$;

CREATE FUNCTION public.expire_applications(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    area smallint;
    expired integer;
BEGIN
    FOR area IN SELECT code FROM regions LOOP
        expired := expire_drafts(area, p_now);
        IF expired = 0 THEN
            expired := expire_waiting(area, p_now);
        END IF;
        IF expired > 0 THEN
            RETURN expired;
        END IF;
    END LOOP;
    RETURN 0;
END $$;

CREATE FUNCTION public.expire_drafts(p_region smallint, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    due applications;
    expired integer := 0;
BEGIN
    FOR due IN
        SELECT a.* FROM applications a JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
        WHERE a.region_id = p_region AND a.status = 'draft' AND g.enrolment_closes_at <= p_now
        LIMIT 100 FOR UPDATE OF a SKIP LOCKED
    LOOP
        PERFORM move_application(due, 'expired', '{}', by_itself(), p_now);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

CREATE FUNCTION public.expire_entries(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    over record;
    expired integer := 0;
BEGIN
    FOR over IN
        SELECT e.region_id, e.id FROM regions r
        JOIN waiting_entries e ON e.region_id = r.code AND e.status = 'waiting'
         -- The latest day that may be over anywhere: for the index.
         AND e.day_to < (p_now AT TIME ZONE 'Etc/GMT-14')::date
        JOIN institutions i ON i.region_id = e.region_id AND i.id = e.institution_id
        WHERE e.day_to < (p_now AT TIME ZONE i.zone)::date
        LIMIT 100
        FOR UPDATE OF e SKIP LOCKED
    LOOP
        PERFORM end_waiting(over.region_id, over.id, 'expired', p_now);
        PERFORM journal(over.region_id, gen_random_uuid(), p_now, by_itself(), 'waiting_expired', over.id, '{}', true);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

CREATE FUNCTION public.expire_holds(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    held holds;
    freed integer := 0;
BEGIN
    FOR held IN
        SELECT h.* FROM regions r CROSS JOIN LATERAL (
            SELECT * FROM holds
            WHERE region_id = r.code AND offer_id IS NULL AND expires_at <= p_now
            ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        ) h
    LOOP
        DELETE FROM holds WHERE region_id = held.region_id AND id = held.id;
        PERFORM count_let_go(held.region_id, held.citizen_id, 'doctor', held.expires_at);
        PERFORM free_place(held.region_id, held.slot_id, p_now);
        freed := freed + 1;
    END LOOP;
    RETURN freed;
END $$;

CREATE FUNCTION public.expire_waiting(p_region smallint, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    over uuid;
    due applications;
    expired integer := 0;
BEGIN
    SELECT id INTO over FROM groups WHERE region_id = p_region AND waiting > 0 AND upper(lessons) <= p_now
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    FOR due IN
        SELECT * FROM applications WHERE region_id = p_region AND group_id = over AND status = 'waiting'
        LIMIT 100 FOR UPDATE
    LOOP
        PERFORM move_application(due, 'expired', '{}', by_itself(), p_now);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

CREATE FUNCTION public.exported(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT * FROM exported_people(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_doctors(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_clubs(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_events(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_calendar(p_region, p_citizen, p_now)
    ORDER BY 1
$$;

CREATE FUNCTION public.exported_calendar(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT 'calendar', jsonb_build_object('id', a.id, 'what', 'ticket', 'at', a.created_at, 'begins_at', a.starts_at, 'ends_at', a.ends_at,
        'name', NULL, 'place', concat_ws(', ', a.terms #>> '{location,address}', a.terms #>> '{location,room}'))
    FROM guardians g JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND a.status IN ('booked', 'arrived') AND a.ends_at > p_now
    UNION ALL
    SELECT 'calendar', jsonb_build_object('id', a.id, 'what', 'lesson', 'at', a.created_at, 'begins_at', lower(lesson),
        'ends_at', upper(lesson), 'name', c.name, 'place', c.places #>> '{0,address}')
    FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id AND a.status = 'enrolled'
    JOIN groups c ON c.region_id = a.region_id AND c.id = a.group_id
    JOIN engagements e ON e.region_id = a.region_id AND e.booking_id = a.id
    CROSS JOIN LATERAL unnest(e.times) AS lesson
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND upper(lesson) > p_now
    UNION ALL
    SELECT 'calendar', jsonb_build_object('id', t.id, 'what', 'trial', 'at', t.created_at, 'begins_at', t.begins_at, 'ends_at', t.ends_at,
        'name', c.name, 'place', coalesce(c.places -> t.place ->> 'address', c.places #>> '{0,address}'))
    FROM guardians g JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id AND t.status = 'booked'
    JOIN groups c ON c.region_id = t.region_id AND c.id = t.group_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND t.ends_at > p_now
$$;

CREATE FUNCTION public.exported_clubs(p_region smallint, p_citizen uuid) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH theirs AS MATERIALIZED (
        SELECT a.* FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen)
    SELECT 'applications', exported_row(to_jsonb(a), p_citizen) FROM theirs a
    UNION ALL
    SELECT 'memberships', exported_row(to_jsonb(m), p_citizen) FROM theirs a
    JOIN group_members m ON m.region_id = p_region AND m.application_id = a.id
    UNION ALL
    SELECT 'attendance', exported_row(to_jsonb(m), p_citizen) FROM theirs a
    JOIN attendance m ON m.region_id = p_region AND m.application_id = a.id
    UNION ALL
    SELECT 'messages', jsonb_build_object('application_id', a.id, 'group_id', m.group_id, 'text', m.text, 'sent_at', m.sent_at)
    FROM theirs a JOIN message_recipients r ON r.region_id = p_region AND r.application_id = a.id
    JOIN messages m ON m.region_id = p_region AND m.id = r.message_id
    UNION ALL
    SELECT 'trials', exported_row(to_jsonb(t), p_citizen) FROM guardians g
    JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'wishes', exported_row(to_jsonb(w), p_citizen) FROM guardians g
    JOIN campaign_wishes w ON w.region_id = g.region_id AND w.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'documents', exported_row(to_jsonb(d), p_citizen) FROM guardians g
    JOIN documents d ON d.region_id = g.region_id AND d.person_id = g.person_id AND d.deleted_at IS NULL
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'certificates', exported_row(to_jsonb(c), p_citizen) - 'number_hash' || jsonb_build_object('person_id', g.person_id)
    FROM guardians g JOIN certificates c ON c.region_id = g.region_id AND c.identity = g.identity
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
$$;

CREATE FUNCTION public.exported_doctors(p_region smallint, p_citizen uuid) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT 'tickets', exported_row(to_jsonb(a), p_citizen) FROM guardians g
    JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'holds', exported_row(to_jsonb(h), p_citizen) FROM holds h
    WHERE h.region_id = p_region AND h.citizen_id = p_citizen
    UNION ALL
    SELECT 'places_let_go', exported_row(to_jsonb(l), p_citizen) FROM places_let_go l
    WHERE l.region_id = p_region AND l.citizen_id = p_citizen
    UNION ALL
    SELECT 'waiting', exported_row(to_jsonb(e), p_citizen) || jsonb_build_object('person_ids', (
        SELECT jsonb_agg(w.person_id ORDER BY w.person_id) FROM waiting_persons w
        WHERE w.region_id = p_region AND w.entry_id = e.id))
    FROM waiting_entries e WHERE e.region_id = p_region AND e.citizen_id = p_citizen
    UNION ALL
    SELECT 'offers', exported_row(to_jsonb(o), p_citizen) FROM offers o
    WHERE o.region_id = p_region AND o.citizen_id = p_citizen
    UNION ALL
    -- Of another time for a ticket that lost its own.
    SELECT 'offers', exported_row(to_jsonb(o), p_citizen) FROM guardians g
    JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id AND a.status = 'orphaned'
    JOIN offers o ON o.region_id = a.region_id AND o.appointment_id = a.id AND o.status = 'open'
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'draw_requests', exported_row(to_jsonb(r), p_citizen) FROM draw_requests r
    WHERE r.region_id = p_region AND r.citizen_id = p_citizen
$$;

CREATE FUNCTION public.exported_events(p_region smallint, p_citizen uuid) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH subjects AS MATERIALIZED (
        SELECT p_citizen AS id
        UNION
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen
        UNION
        SELECT (part ->> 'id')::uuid FROM exported_doctors(p_region, p_citizen)
        UNION
        SELECT (part ->> 'id')::uuid FROM exported_clubs(p_region, p_citizen) AS clubs (kind, part)
        WHERE clubs.kind IN ('applications', 'documents', 'trials', 'wishes'))
    SELECT 'events', jsonb_build_object('at', t.at, 'event', t.event, 'subject_id', t.subject_id, 'own', t.actor_id = p_citizen)
    -- One by one, by their index: the planner can't know how few they are, and the trail is the region's whole history.
    FROM subjects s CROSS JOIN LATERAL (
        SELECT * FROM audit_trail a WHERE a.region_id = p_region AND a.subject_id = s.id OFFSET 0) t
$$;

CREATE FUNCTION public.exported_people(p_region smallint, p_citizen uuid) RETURNS TABLE(kind text, part jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT 'accounts', to_jsonb(c) - ARRAY['region_id', 'same_as', 'confirmed_as'] FROM citizens c
    WHERE c.region_id = p_region AND (c.id = p_citizen OR c.same_as = p_citizen)
    UNION ALL
    SELECT 'persons', exported_row(to_jsonb(p), p_citizen) || jsonb_build_object(
        'kinship', g.kinship, 'since', g.since, 'alone', NOT EXISTS (
            SELECT FROM guardians o
            WHERE o.region_id = p_region AND o.person_id = p.id AND o.citizen_id <> p_citizen))
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'invitations', exported_row(to_jsonb(i), p_citizen) FROM guardians g
    JOIN invitations i ON i.region_id = g.region_id AND i.person_id = g.person_id AND i.citizen_id = g.citizen_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'teaching', exported_row(to_jsonb(t), p_citizen) FROM teachers t
    WHERE t.region_id = p_region AND t.citizen_id = p_citizen
    UNION ALL
    SELECT 'working', exported_row(to_jsonb(s), p_citizen) FROM staff s
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen
    UNION ALL
    SELECT 'confirmations', jsonb_build_object('id', c.id, 'status', c.status, 'expires_at', c.expires_at)
    FROM confirmations c
    WHERE c.region_id = p_region AND c.citizen_id = p_citizen
    UNION ALL
    SELECT 'consents', exported_row(to_jsonb(c), p_citizen) - 'text_hash' FROM consents c
    WHERE c.region_id = p_region AND c.citizen_id = p_citizen
    UNION ALL
    SELECT 'sessions', to_jsonb(s) - ARRAY['region_id', 'citizen_id', 'account_id', 'token_hash', 'previous_hash']
    FROM sessions s
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen
    UNION ALL
    -- Who of institutions was shown what: the role, and not who it was.
    SELECT 'accesses', jsonb_build_object(
        'at', a.at, 'operation', a.operation, 'role', a.role, 'institution_id', a.institution_id)
    FROM accesses a
    WHERE a.region_id = p_region AND a.person_ids && ARRAY(
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen)
    UNION ALL
    SELECT 'wrong_codes', exported_row(to_jsonb(w), p_citizen) FROM wrong_codes w
    WHERE w.region_id = p_region AND w.citizen_id = p_citizen
$$;

CREATE FUNCTION public.exported_row(p_row jsonb, p_citizen uuid) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((p_row - ARRAY['region_id'::text, 'citizen_id'::text, 'identity'::text, 'code_hash'::text, 'content_hash'::text, 'key_sealed'::text, 'used_by'::text, 'sent_by'::text, 'marked_by'::text]) || CASE WHEN (p_row ? 'citizen_id'::text) THEN jsonb_build_object('own', ((p_row ->> 'citizen_id'::text) = (p_citizen)::text)) ELSE '{}'::jsonb END);

CREATE FUNCTION public.facet_counts(p_key integer[], p_set integer[], p_groups integer[]) RETURNS json
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT json_build_object(
        'direction', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 0), sum(n) FILTER (WHERE s = 0 AND k & 7 = 1),
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 2), sum(n) FILTER (WHERE s = 0 AND k & 7 = 3),
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 4), sum(n) FILTER (WHERE s = 0 AND k & 7 = 5)],
        'level', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 2)],
        'form', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 2)],
        'price', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 7 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 2), sum(n) FILTER (WHERE s = 0 AND k >> 7 = 3),
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 4)],
        'financing', ARRAY[
            sum(n) FILTER (WHERE s = 1 AND k & 1 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 2 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 4 <> 0)],
        'weekday', ARRAY[
            sum(n) FILTER (WHERE s = 1 AND k & 8 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 16 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 32 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 64 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 128 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 256 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 512 <> 0)],
        'limitation', ARRAY[
            sum(n) FILTER (WHERE s = 2 AND k & 1 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 2 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 4 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 8 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 16 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 32 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 64 <> 0)],
        'free', sum(n) FILTER (WHERE s = 2 AND k & 128 = 0),
        'open', sum(n) FILTER (WHERE s = 2 AND k >> 8 = 1),
        'opens_soon', sum(n) FILTER (WHERE s = 2 AND k >> 8 = 2))
    FROM unnest(p_key, p_set, p_groups) AS counted (k, s, n)
$$;

CREATE FUNCTION public.fail_confirmation(p_region smallint, p_id uuid, p_failure text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE confirmations SET status = 'failed', failure = p_failure
    WHERE region_id = p_region AND id = p_id AND status = 'checking';
$$;

CREATE FUNCTION public.fill_places(p_region smallint, p_group uuid, p_ids uuid[], p_first integer, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.find_groups(p_region smallint, p_wanted jsonb, p_after jsonb, p_limit integer, p_facets boolean, p_citizen uuid, p_person uuid, p_now timestamp with time zone) RETURNS json
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    SET "pg_trgm.word_similarity_threshold" TO '0.4'
    AS $$
DECLARE
    wanted group_wish := jsonb_populate_record(NULL::group_wish, p_wanted);
    sought text := folded(wanted.search);
    after_rank double precision := (p_after ->> 'rank')::double precision;
    after_start date := p_after ->> 'starts_on';
    after_id uuid := p_after ->> 'id';
    -- A degree of latitude has 111.2 km; one of longitude less, the further from the equator.
    high double precision := wanted.within_km / 111.1;
    wide double precision := CASE WHEN abs(wanted.latitude) + high < 89
        THEN high / cos(radians(abs(wanted.latitude) + high)) ELSE 360 END;
    alike text[];
    likeness jsonb;
    soon timestamptz := p_now + make_interval(days => coalesce(wanted.opens_within_days, 14));
    child persons;
    busy tstzmultirange := '{}';
    answer json;
BEGIN
    IF p_person IS NOT NULL THEN
        SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL;
        PERFORM refuse('person_not_found') WHERE child.id IS NULL;
    END IF;
    IF sought IS NOT NULL THEN
        SELECT coalesce(array_agg(text), '{}'), coalesce(jsonb_object_agg(text, likes), '{}') INTO alike, likeness
        FROM (SELECT text, word_similarity(sought, text) AS likes FROM group_texts
              WHERE region_id = p_region AND sought <% text ORDER BY likes DESC, text LIMIT 500) AS most;
    END IF;
    IF wanted.fitting_only THEN
        wanted.born_on := child.birth_date;
        wanted.open_only := true;
        SELECT coalesce(range_agg(times), '{}') INTO busy FROM engagements
        WHERE region_id = p_region AND identity = child.identity;
    END IF;
    WITH found AS NOT MATERIALIZED (
        SELECT f.group_id, f.starts_on, f.packed, f.opens_at, f.closes_at,
               earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude) AS km,
               CASE WHEN wanted.sort = 'distance'
                        THEN earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude)
                    WHEN wanted.sort = 'match'
                        THEN -greatest(likeness -> f.texts[1], likeness -> f.texts[2], likeness -> f.texts[3])::double precision
                    -- Not a constant: by the order of starts the whole region would be looked through.
                    WHEN sought IS NOT NULL THEN 0 * cardinality(f.texts)
                    ELSE 0 END AS rank
        FROM group_facets f
        WHERE f.region_id = p_region
          AND (wanted.institution_id IS NULL OR f.institution_id = wanted.institution_id)
          AND (wanted.programme_id IS NULL OR f.programme_id = wanted.programme_id)
          AND (wanted.municipality IS NULL OR f.municipality = wanted.municipality)
          AND (wanted.kind IS NULL OR f.kind = wanted.kind)
          AND (wanted.school_year IS NULL OR f.school_year = wanted.school_year)
          AND (wanted.mask = 0 OR f.packed & wanted.mask = wanted.packed)
          AND (wanted.born_on IS NULL OR CASE WHEN f.born_until IS NOT NULL
              THEN wanted.born_on > f.born_after AND wanted.born_on <= f.born_until
              ELSE wanted.born_on > born_by((p_now AT TIME ZONE f.zone)::date, f.age_until_months, f.age_by_year)
               AND wanted.born_on <= born_by((p_now AT TIME ZONE f.zone)::date, f.age_from_months, f.age_by_year) END)
          AND (wanted.open_only IS NOT TRUE OR (f.opens_at <= p_now AND p_now < f.closes_at))
          AND (wanted.opens_within_days IS NULL
               OR (p_now < f.opens_at AND f.opens_at <= soon AND f.opens_at < f.closes_at))
          AND (wanted.begins_minute IS NULL OR f.begins_minute >= wanted.begins_minute)
          AND (wanted.ends_minute IS NULL OR f.ends_minute <= wanted.ends_minute)
          AND (wanted.price_month_to IS NULL OR f.price_month_roubles <= wanted.price_month_to)
          AND (wanted.latitude IS NULL OR (
              f.latitude BETWEEN wanted.latitude - high AND wanted.latitude + high
              AND (f.longitude BETWEEN wanted.longitude - wide AND wanted.longitude + wide
                   -- Chukotka is on both sides of the 180th meridian.
                   OR f.longitude BETWEEN wanted.longitude + 360 - wide AND 180
                   OR f.longitude BETWEEN -180 AND wanted.longitude - 360 + wide)
              AND earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude) <= wanted.within_km))
          AND (sought IS NULL OR f.texts && alike)
          AND (wanted.fitting_only IS NOT TRUE OR (
              f.packed >> 27 & 1 = 0
              AND NOT EXISTS (
                  SELECT FROM groups g
                  WHERE g.region_id = p_region AND g.id = f.group_id AND g.lessons && busy)
              AND NOT EXISTS (
                  SELECT FROM applications a
                  WHERE a.region_id = p_region AND a.group_id = f.group_id AND a.identity = child.identity AND a.status IN (
                      'submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered'))))
    ), page AS (
        SELECT group_id, starts_on, rank, km FROM found
        WHERE after_id IS NULL
           OR (wanted.sort = 'start' AND (starts_on, group_id) > (after_start, after_id))
           OR (wanted.sort <> 'start' AND (rank, starts_on, group_id) > (after_rank, after_start, after_id))
        ORDER BY rank, starts_on, group_id LIMIT p_limit
    ), counted AS (
        SELECT coalesce(a, b, c) AS key, CASE WHEN a IS NOT NULL THEN 0 WHEN b IS NOT NULL THEN 1 ELSE 2 END AS of,
               count(*)::integer AS groups
        FROM (SELECT packed & 1023 AS a, packed >> 10 & 1023 AS b,
                     (packed >> 20 & 255) | (CASE WHEN opens_at <= p_now THEN (p_now < closes_at)::integer
                         ELSE 2 * (opens_at <= soon AND opens_at < closes_at)::integer END << 8) AS c
              FROM found WHERE p_facets) AS keys
        GROUP BY GROUPING SETS ((a), (b), (c))
    )
    SELECT json_build_object(
        'items', (
            SELECT json_agg(json_build_object(
                'group', shown_group(of.place), 'rank', page.rank, 'km', page.km, 'fit', looked_at.fit)
                ORDER BY page.rank, page.starts_on, page.group_id)
            -- One by one: a page is short, and groups are many.
            FROM page CROSS JOIN LATERAL (
                SELECT g AS place FROM groups g WHERE g.region_id = p_region AND g.id = page.group_id LIMIT 1) AS of
            LEFT JOIN LATERAL group_fit(of.place, child, p_citizen, p_now) AS looked_at ON p_person IS NOT NULL),
        'facets', CASE WHEN p_facets THEN (
            SELECT facet_counts(coalesce(array_agg(key), '{}'), coalesce(array_agg(of), '{}'),
                                coalesce(array_agg(groups), '{}')) FROM counted) END)
    INTO answer;
    RETURN answer;
END $$;

CREATE FUNCTION public.find_rebooking(p_region smallint, p_offer uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
    patient persons;
    free_slot uuid;
    place bookable_slots;
BEGIN
    SELECT a.* INTO ticket FROM offers o JOIN appointments a ON a.region_id = o.region_id AND a.id = o.appointment_id
    WHERE o.region_id = p_region AND o.id = p_offer AND o.status = 'open' AND o.places = '[]';
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = ticket.person_id;
    FOR free_slot IN
        SELECT s.id FROM slots s
        WHERE s.region_id = p_region AND s.institution_id = ticket.institution_id
          AND s.specialty_code = ticket.specialty_code AND s.status = 'open' AND s.taken < s.capacity
          AND s.starts_at > p_now AND s.purpose = ticket.purpose
          AND is_for(s.age_from, s.age_to, s.sex, (s.starts_at AT TIME ZONE (ticket.terms ->> 'zone'))::date,
                     patient.birth_date, patient.sex)
          AND (s.policy <> 'draw' OR s.internet_at <= p_now)
        ORDER BY s.practitioner_id::text <> ticket.terms #>> '{practitioner,id}',
                 abs(extract(epoch FROM s.starts_at - ticket.starts_at)), s.id
    LOOP
        place := place_offered(p_region, free_slot);
        IF can_move_to(ticket, place, p_now) AND offer_to_ticket(p_region, p_offer, ticket, place, p_now) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

CREATE FUNCTION public.first_day(place public.groups, p_now timestamp with time zone) RETURNS date
    LANGUAGE sql STABLE
    AS $$
    SELECT greatest(place.starts_on, (p_now AT TIME ZONE zone)::date) FROM institutions
    WHERE region_id = place.region_id AND id = place.institution_id
$$;

CREATE FUNCTION public.first_key_rests() RETURNS interval
    LANGUAGE sql IMMUTABLE
    RETURN '01:00:00'::interval;

CREATE FUNCTION public.first_without_place(p_region smallint, p_groups uuid[]) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT min(array_position(p_groups, g.id)) - 1 FROM groups g
    WHERE g.region_id = p_region AND g.id = ANY (p_groups)
      AND g.capacity - g.taken < (SELECT count(*) FROM unnest(p_groups) AS wanted WHERE wanted = g.id)
$$;

CREATE FUNCTION public.folded(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(lower(p_text), 'ё'::text, 'е'::text);

CREATE FUNCTION public.follow_group(p_region smallint, p_group uuid, p_moved boolean, p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place groups;
    says jsonb;
    one applications;
    followed integer := 0;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
    says := jsonb_build_object('starts_on', place.starts_on, 'ends_on', place.ends_on,
                               'lesson_plan', place.lesson_plan, 'places', place.places);
    UPDATE engagements e SET times = current_lessons(place) FROM applications a
    WHERE a.region_id = p_region AND a.group_id = p_group AND e.region_id = p_region AND e.booking_id = a.id
      AND e.times <> current_lessons(place);
    FOR one IN
        SELECT * FROM applications
        WHERE region_id = p_region AND group_id = p_group AND (p_moved OR terms || says <> terms)
          AND status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ORDER BY id FOR UPDATE
    LOOP
        UPDATE applications SET terms = terms || says, updated_at = p_now WHERE region_id = p_region AND id = one.id;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'application_lessons_moved', one.id,
                        jsonb_build_object('group_id', p_group), true);
        followed := followed + 1;
    END LOOP;
    RETURN followed;
END $$;

CREATE FUNCTION public.follow_lessons(place public.groups) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    lessons_now tstzmultirange := current_lessons(place);
BEGIN
    UPDATE engagements e SET times = lessons_now - elsewhere(a.region_id, a.id, a.identity, lessons_now)
    FROM applications a
    WHERE a.region_id = place.region_id AND a.group_id = place.id
      AND e.region_id = a.region_id AND e.booking_id = a.id;
END $$;

CREATE FUNCTION public.forget_account(p_region smallint, p_accounts uuid[], p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM ensure_nobody(p_region);
    UPDATE teachers SET citizen_id = NULL WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    UPDATE staff SET citizen_id = NULL WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM places_let_go WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    PERFORM hand_over(p_region, p_accounts[1], nobody(), p_now);
    DELETE FROM invitations WHERE region_id = p_region AND used_by = ANY (p_accounts);
    -- Ended, not deleted: every worker has yet to hear of it.
    UPDATE sessions SET ended_at = coalesce(ended_at, p_now), token_hash = NULL, previous_hash = NULL,
           citizen_id = nobody(), account_id = nobody()
    WHERE region_id = p_region AND (citizen_id = ANY (p_accounts) OR account_id = ANY (p_accounts));
    DELETE FROM confirmations WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM identity_codes WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM wrong_codes WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM idempotency_keys WHERE region_id = p_region AND caller_id = ANY (p_accounts);
    DELETE FROM citizens WHERE region_id = p_region AND id = ANY (p_accounts[2:]);
    DELETE FROM citizens WHERE region_id = p_region AND id = p_accounts[1];
END $$;

CREATE FUNCTION public.forget_answers(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    kept idempotency_keys;
    forgotten integer := 0;
BEGIN
    FOR kept IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys i
            WHERE i.region_id = r.code AND i.created_at < p_before
            ORDER BY i.created_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) due LIMIT 500
    LOOP
        DELETE FROM idempotency_keys
        WHERE region_id = kept.region_id AND caller_id = kept.caller_id
          AND operation = kept.operation AND key = kept.key;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_applications(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT a.region_id, a.id, a.person_id, a.citizen_id FROM applications a
            JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
            WHERE a.region_id = r.code AND a.person_id <> nobody() AND a.updated_at < p_before
              AND a.status IN ('refused', 'withdrawn', 'expired', 'left', 'enrolled')
              AND (a.status <> 'enrolled' OR g.ends_on < p_before::date)
            ORDER BY a.updated_at LIMIT 200 FOR UPDATE OF a SKIP LOCKED
        ) due LIMIT 200
    LOOP
        PERFORM ensure_nobody(old.region_id);
        UPDATE applications SET citizen_id = nobody(), person_id = nobody(), identity = sha256(uuid_send(gen_random_uuid())),
            benefits = '{}', benefits_confirmed = NULL, decision = NULL, test = NULL, warnings = '[]'
        WHERE region_id = old.region_id AND id = old.id;
        UPDATE documents SET citizen_id = nobody(), person_id = nobody()
        WHERE region_id = old.region_id AND citizen_id = old.citizen_id AND application_id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        PERFORM drop_person(old.region_id, old.person_id);
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_chained(p_region smallint, p_log text, p_position bigint, p_mac bytea, p_seal bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
BEGIN
    UPDATE audit_heads SET base_position = p_position, base_mac = p_mac, base_seal = p_seal
    WHERE region_id = p_region AND log = p_log AND base_position < p_position;
    IF FOUND THEN
        EXECUTE format('DELETE FROM %I WHERE region_id = $1 AND position <= $2', p_log) USING p_region, p_position;
    END IF;
END $_$;

CREATE FUNCTION public.forget_codes(p_before timestamp with time zone) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH codes AS (
        DELETE FROM identity_codes c USING regions r WHERE c.region_id = r.code AND c.expires_at < p_before RETURNING 1),
    invited AS (
        DELETE FROM invitations i USING regions r WHERE i.region_id = r.code AND i.expires_at < p_before RETURNING 1),
    guessed AS (
        DELETE FROM wrong_codes w USING regions r WHERE w.region_id = r.code AND w.at < p_before RETURNING 1)
    SELECT ((SELECT count(*) FROM codes) + (SELECT count(*) FROM invited) + (SELECT count(*) FROM guessed))::integer
$$;

CREATE FUNCTION public.forget_confirmations(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    forgotten integer;
BEGIN
    WITH due AS (
        SELECT c.region_id, c.id FROM regions r CROSS JOIN LATERAL (
            SELECT region_id, id FROM confirmations
            WHERE region_id = r.code AND expires_at <= p_now
            ORDER BY expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) c LIMIT 500)
    DELETE FROM confirmations c USING due WHERE c.region_id = due.region_id AND c.id = due.id;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_documents(p_region smallint, p_documents uuid[], p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    gone uuid;
BEGIN
    FOR gone IN
        UPDATE documents SET key_sealed = NULL, name_sealed = NULL, content_hash = NULL, deleted_at = p_now
        WHERE region_id = p_region AND id = ANY (p_documents) AND deleted_at IS NULL
        RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'document_deleted', gone, '{}', false);
    END LOOP;
END $$;

CREATE FUNCTION public.forget_let_go(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM places_let_go gone USING regions r CROSS JOIN LATERAL (
        SELECT g.region_id, g.citizen_id, g.at, g.id FROM places_let_go g
        WHERE g.region_id = r.code AND g.at < p_before
        ORDER BY g.at LIMIT 500 FOR UPDATE SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.citizen_id = old.citizen_id AND gone.at = old.at AND gone.id = old.id;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_messages(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT m.region_id, m.id FROM messages m WHERE m.region_id = r.code AND m.sent_at < p_before
            ORDER BY m.sent_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM message_recipients WHERE region_id = old.region_id AND message_id = old.id;
        DELETE FROM messages WHERE region_id = old.region_id AND id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_requests(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    requests integer;
    wishes integer;
BEGIN
    DELETE FROM draw_requests gone USING regions r CROSS JOIN LATERAL (
        SELECT q.region_id, q.id FROM draw_requests q JOIN draws d ON d.region_id = q.region_id AND d.id = q.draw_id
        WHERE q.region_id = r.code AND q.created_at < p_before AND d.drawn_at < p_before
        ORDER BY q.created_at LIMIT 200 FOR UPDATE OF q SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS requests = ROW_COUNT;
    DELETE FROM campaign_wishes gone USING regions r CROSS JOIN LATERAL (
        SELECT w.region_id, w.id FROM campaign_wishes w JOIN campaigns c ON c.region_id = w.region_id AND c.id = w.campaign_id
        WHERE w.region_id = r.code AND w.updated_at < p_before AND c.filled_at < p_before
        ORDER BY w.updated_at LIMIT 200 FOR UPDATE OF w SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS wishes = ROW_COUNT;
    RETURN requests + wishes;
END $$;

CREATE FUNCTION public.forget_sessions(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    over record;
    forgotten integer := 0;
BEGIN
    FOR over IN
        SELECT due.region_id, due.id FROM regions r CROSS JOIN LATERAL (
            SELECT s.region_id, s.id FROM sessions s
            WHERE s.region_id = r.code AND s.expires_at < p_before
            ORDER BY s.expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) due LIMIT 500
    LOOP
        DELETE FROM sessions WHERE region_id = over.region_id AND id = over.id;
        forgotten := forgotten + 1;
    END LOOP;
    FOR over IN
        SELECT due.region_id, due.launch_hash FROM regions r CROSS JOIN LATERAL (
            SELECT l.region_id, l.launch_hash FROM launch_uses l
            WHERE l.region_id = r.code AND l.expires_at < p_before
            ORDER BY l.expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) due LIMIT 500
    LOOP
        DELETE FROM launch_uses WHERE region_id = over.region_id AND launch_hash = over.launch_hash;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_tickets(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT a.region_id, a.id, a.person_id FROM appointments a
            WHERE a.region_id = r.code AND a.person_id <> nobody() AND a.ends_at < p_before AND a.status <> 'orphaned'
            ORDER BY a.ends_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        PERFORM ensure_nobody(old.region_id);
        UPDATE appointments SET citizen_id = NULL, person_id = nobody(), identity = sha256(uuid_send(gen_random_uuid())),
            active = false, referral_number = NULL, home_address_sealed = NULL, override_reason = NULL, appeal = NULL
        WHERE region_id = old.region_id AND id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        PERFORM drop_person(old.region_id, old.person_id);
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_told(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM outbox gone USING regions r CROSS JOIN LATERAL (
        SELECT o.region_id, o.id FROM outbox o WHERE o.region_id = r.code AND o.at < p_before
        ORDER BY o.at LIMIT 500 FOR UPDATE SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_trials(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT t.region_id, t.id, t.person_id FROM trials t WHERE t.region_id = r.code AND t.ends_at < p_before
            ORDER BY t.ends_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM trials WHERE region_id = old.region_id AND id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.forget_waiting(p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT e.region_id, e.id FROM waiting_entries e
            WHERE e.region_id = r.code AND e.ended_at < p_before AND e.status NOT IN ('waiting', 'offered')
            ORDER BY e.ended_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM offers WHERE region_id = old.region_id AND entry_id = old.id;
        DELETE FROM waiting_persons WHERE region_id = old.region_id AND entry_id = old.id;
        DELETE FROM waiting_entries WHERE region_id = old.region_id AND id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE FUNCTION public.free_expired_holds(p_region smallint, p_slot uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    expired integer;
BEGIN
    WITH gone AS (
        DELETE FROM holds
        WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL AND expires_at <= p_now
        RETURNING citizen_id, expires_at)
    INSERT INTO places_let_go (region_id, citizen_id, at, id, mini_app)
    SELECT p_region, citizen_id, expires_at, gen_random_uuid(), 'doctor' FROM gone;
    GET DIAGNOSTICS expired = ROW_COUNT;
    FOR _ IN 1..expired LOOP
        PERFORM free_place(p_region, p_slot, p_now);
    END LOOP;
    RETURN expired;
END $$;

CREATE FUNCTION public.free_place(p_region smallint, p_slot uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    freed slots;
BEGIN
    UPDATE slots SET taken = taken - 1 WHERE region_id = p_region AND id = p_slot RETURNING * INTO freed;
    IF freed.status <> 'open' OR freed.starts_at <= p_now OR offer_place(p_region, p_slot, p_now) THEN
        RETURN;
    END IF;
    UPDATE slots s SET internet_at = p_now + random() * make_interval(mins => i.rest_minutes)
    FROM institutions i
    WHERE s.region_id = p_region AND s.id = p_slot AND i.region_id = p_region AND i.id = s.institution_id
      AND i.rest_minutes > 0 AND s.internet_at <= p_now;
END $$;

CREATE FUNCTION public.full_months(p_birth_date date, p_on date) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((EXTRACT(year FROM p_on) - EXTRACT(year FROM p_birth_date)) * (12)::numeric) + EXTRACT(month FROM p_on)) - EXTRACT(month FROM p_birth_date)) - (CASE WHEN (EXTRACT(day FROM p_on) < EXTRACT(day FROM p_birth_date)) THEN 1 ELSE 0 END)::numeric);

CREATE FUNCTION public.give_back(p_region smallint, p_person uuid, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    one uuid;
    ticket appointments;
    named applications;
BEGIN
    FOR one IN
        SELECT a.id FROM applications a JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
        WHERE a.region_id = p_region AND a.person_id = p_person
          AND a.status NOT IN ('refused', 'withdrawn', 'expired', 'left')
          -- Who was in a group until its end did not leave it.
          AND (a.status <> 'enrolled' OR g.ends_on >= p_now::date)
        ORDER BY a.id
    LOOP
        named := lock_application(p_region, NULL, NULL, one);
        PERFORM move_application(named, CASE named.status WHEN 'enrolled' THEN 'left' ELSE 'withdrawn' END,
                                 leaving(named, p_now), p_actor, p_now)
        WHERE named.status NOT IN ('refused', 'withdrawn', 'expired', 'left');
    END LOOP;
    FOR ticket IN
        SELECT * FROM appointments WHERE region_id = p_region AND person_id = p_person
          AND (status = 'orphaned' OR (status = 'booked' AND ends_at > p_now)) ORDER BY id FOR UPDATE
    LOOP
        PERFORM end_appointment(ticket, gen_random_uuid(), p_actor, '{}', p_now);
    END LOOP;
    FOR one IN
        UPDATE trials SET status = 'cancelled'
        WHERE region_id = p_region AND person_id = p_person AND status = 'booked' AND ends_at > p_now RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'trial_cancelled', one, '{}', true);
    END LOOP;
    PERFORM forget_documents(p_region, ARRAY(
        SELECT id FROM documents WHERE region_id = p_region AND person_id = p_person AND deleted_at IS NULL
    ), p_actor, p_now);
    -- The record of a draw or a campaign that is closed counts on its rows until it is carried out.
    PERFORM FROM campaigns WHERE region_id = p_region AND id IN (
        SELECT campaign_id FROM campaign_wishes WHERE region_id = p_region AND person_id = p_person)
    ORDER BY id FOR SHARE;
    DELETE FROM campaign_wishes w USING campaigns c
    WHERE w.region_id = p_region AND w.person_id = p_person AND c.region_id = p_region AND c.id = w.campaign_id
      AND (c.closed_at IS NULL OR c.filled_at IS NOT NULL);
    PERFORM FROM draws WHERE region_id = p_region AND id IN (
        SELECT draw_id FROM draw_requests WHERE region_id = p_region AND person_id = p_person)
    ORDER BY id FOR SHARE;
    DELETE FROM draw_requests r USING draws d
    WHERE r.region_id = p_region AND r.person_id = p_person AND d.region_id = p_region AND d.id = r.draw_id
      AND (d.closed_at IS NULL OR d.drawn_at IS NOT NULL);
END $$;

CREATE FUNCTION public.give_consent(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_version smallint, p_text_hash text, p_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    own guardians;
    agreed consent_texts;
    kept consents;
BEGIN
    SELECT g.* INTO own FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p FOR NO KEY UPDATE OF g;
    PERFORM refuse('person_not_found') WHERE own.person_id IS NULL OR guardianship_over(own, p_now);
    PERFORM refuse('guardian_may_not') WHERE NOT may_consent(own, p_now);
    SELECT t.* INTO agreed FROM consent_texts t
    WHERE t.purpose = p_purpose AND t.version = p_version AND t.text_hash = p_text_hash AND t.version = (
        SELECT max(n.version) FROM consent_texts n WHERE n.purpose = p_purpose AND n.in_force_from <= p_now);
    PERFORM refuse('consent_text_changed') WHERE agreed.version IS NULL;
    SELECT * INTO kept FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
      AND version = p_version AND withdrawn_at IS NULL LIMIT 1;
    IF kept.id IS NULL THEN
        INSERT INTO consents (region_id, id, citizen_id, person_id, purpose, version, language, text_hash, kinship,
                              channel, given_at)
        SELECT p_region, p_id, p_citizen, p_person, p_purpose, p_version, agreed.language, p_text_hash, own.kinship,
               c.platform, p_now
        FROM citizens c WHERE c.region_id = p_region AND c.id = p_citizen
        RETURNING * INTO kept;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'consent_given', p_person,
                        jsonb_build_object('consent_id', p_id, 'purpose', p_purpose, 'version', p_version), false);
    END IF;
    RETURN shown_consent(kept, p_now);
END $$;

CREATE TABLE public.group_facets (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    municipality text NOT NULL,
    zone text NOT NULL,
    kind text NOT NULL,
    starts_on date NOT NULL,
    school_year smallint NOT NULL,
    packed integer NOT NULL,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    born_after date,
    born_until date,
    age_from_months smallint NOT NULL,
    age_until_months smallint NOT NULL,
    age_by_year boolean NOT NULL,
    begins_minute smallint,
    ends_minute smallint,
    price_month_roubles integer NOT NULL,
    latitude double precision,
    longitude double precision,
    texts text[] NOT NULL
);

CREATE FUNCTION public.group_facets_of(place public.groups) RETURNS public.group_facets
    LANGUAGE sql STABLE
    AS $$
    SELECT place.region_id, place.id, place.institution_id, place.programme_id, i.municipality, i.zone, r.kind,
           place.starts_on, place.school_year, packed_facets(place, r), place.enrolment_opens_at,
           CASE WHEN place.locked_at IS NOT NULL OR (place.filling = 'matching' AND place.filled_at IS NULL) THEN '-infinity'
                WHEN place.filled_at IS NULL THEN least(place.enrolment_closes_at, place.collect_until)
                ELSE place.enrolment_closes_at END,
           born_by(counted_on, place.age_until_months, place.age_by_year),
           born_by(counted_on, place.age_from_months, place.age_by_year),
           place.age_from_months, place.age_until_months, place.age_by_year, hours.begins_minute::smallint,
           hours.ends_minute::smallint, least_price(place), (place.places #>> '{0,latitude}')::double precision,
           (place.places #>> '{0,longitude}')::double precision, ARRAY[folded(r.name), folded(place.name), folded(i.name)]
    FROM programmes r
    JOIN institutions i ON i.region_id = place.region_id AND i.id = place.institution_id
    CROSS JOIN LATERAL (SELECT min(begins_minute) AS begins_minute, max(ends_minute) AS ends_minute
                        FROM lesson_hours(place.lesson_plan)) AS hours
    CROSS JOIN LATERAL (SELECT CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'date' THEN place.age_on END AS counted_on) AS ages
    WHERE r.region_id = place.region_id AND r.id = place.programme_id
$$;

CREATE FUNCTION public.group_fit(place public.groups, child public.persons, p_citizen uuid, p_now timestamp with time zone) RETURNS TABLE(fit json)
    LANGUAGE sql STABLE
    AS $$
    SELECT json_build_object(
        'young_by', greatest(place.age_from_months - months, 0),
        'old_by', greatest(months - place.age_until_months + 1, 0),
        'enrolment', enrolment_refusal(place, p_now),
        'full', place.taken >= place.capacity,
        'applied', EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')),
        'busy', (SELECT json_agg(each ORDER BY each.starts_at)
                 FROM child_busy(place, child, p_citizen, i.zone) AS each))
    FROM institutions i
    CROSS JOIN LATERAL (SELECT CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'date' THEN place.age_on
        ELSE (p_now AT TIME ZONE i.zone)::date END AS counted_on) AS ages
    CROSS JOIN LATERAL (SELECT CASE WHEN place.age_by_year
        THEN 12 * (extract(year FROM counted_on) - extract(year FROM child.birth_date))::integer
        ELSE full_months(child.birth_date, counted_on) END AS months) AS counted
    WHERE i.region_id = place.region_id AND i.id = place.institution_id
$$;

CREATE FUNCTION public.group_teacher_names(p_region smallint, p_group uuid) RETURNS text[]
    LANGUAGE sql STABLE
    AS $$
    SELECT array_agg(concat_ws(' ', t.last_name, t.first_name, t.patronymic) ORDER BY k.place)
    FROM group_teachers k JOIN teachers t ON t.region_id = k.region_id AND t.id = k.teacher_id
    WHERE k.region_id = p_region AND k.group_id = p_group
$$;

CREATE FUNCTION public.group_terms(place public.groups) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'zone', i.zone, 'group_name', place.name, 'starts_on', place.starts_on, 'ends_on', place.ends_on,
        'lesson_plan', place.lesson_plan, 'places', place.places, 'teachers', to_jsonb(place.teachers),
        'financing', place.financing, 'documents', to_jsonb(place.documents), 'entrance_test', place.entrance_test,
        'programme', jsonb_build_object('id', r.id, 'name', r.name),
        'institution', jsonb_build_object('id', i.id, 'name', i.name, 'address', i.address, 'phone', i.phone))
    FROM programmes r, institutions i
    WHERE r.region_id = place.region_id AND r.id = place.programme_id
      AND i.region_id = place.region_id AND i.id = place.institution_id
$$;

CREATE FUNCTION public.groups_forget_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM lesson_changes WHERE region_id = NEW.region_id AND group_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.groups_keep_facets() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM keep_group_facets(NEW.region_id, ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE FUNCTION public.groups_keep_full() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE group_facets SET packed = (packed & ~(1 << 27)) | ((NEW.taken >= NEW.capacity)::integer << 27)
    WHERE region_id = NEW.region_id AND group_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.groups_keep_teachers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    NEW.teachers := coalesce(group_teacher_names(NEW.region_id, NEW.id), NEW.teachers);
    RETURN NEW;
END $$;

CREATE FUNCTION public.guardian_may(p_kinship text, p_minor boolean, p_right text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((NOT p_minor) OR (p_kinship = ANY (ARRAY['self'::text, 'child'::text, 'ward'::text])) OR (p_right = 'book'::text));

CREATE FUNCTION public.guardians_end() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    NEW.ends_on := (
        SELECT CASE WHEN NEW.kinship <> 'self' AND birthday(p.birth_date, 18) > local_today(NEW.region_id, NEW.since)
            THEN birthday(p.birth_date, 18) END
        FROM persons p WHERE p.region_id = NEW.region_id AND p.id = NEW.person_id);
    RETURN NEW;
END $$;

CREATE TABLE public.guardians (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kinship text NOT NULL,
    identity bytea NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    ends_on date,
    CONSTRAINT guardians_kinship_check CHECK ((kinship = ANY (ARRAY['self'::text, 'child'::text, 'spouse'::text, 'parent'::text, 'ward'::text, 'other'::text])))
);

CREATE FUNCTION public.guardianship_over(g public.guardians, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN g.ends_on IS NOT NULL AND g.ends_on <= local_today(g.region_id, p_now);
END $$;

CREATE FUNCTION public.hand_over(p_region smallint, p_from uuid, p_to uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM release_hold(p_region, p_from, h.id, p_now) FROM holds h
    WHERE h.region_id = p_region AND h.citizen_id = p_from AND h.offer_id IS NULL;
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id IN (
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id IN (p_from, p_to))
    ORDER BY p.id FOR UPDATE;
    PERFORM merge_persons(p_region, twin.person_id, own.person_id, p_to, p_now)
    FROM guardians twin JOIN guardians own
      ON own.region_id = twin.region_id AND own.identity = twin.identity AND own.person_id <> twin.person_id
    WHERE twin.region_id = p_region AND twin.citizen_id = p_from AND own.citizen_id = p_to;
    DELETE FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_from AND EXISTS (
        SELECT FROM guardians own
        WHERE own.region_id = p_region AND own.citizen_id = p_to AND own.person_id = g.person_id);
    UPDATE guardians g SET citizen_id = p_to, kinship = CASE WHEN g.kinship = 'self' AND EXISTS (
            SELECT FROM guardians own
            WHERE own.region_id = p_region AND own.citizen_id = p_to AND own.kinship = 'self') THEN 'other'
        ELSE g.kinship END
    WHERE g.region_id = p_region AND g.citizen_id = p_from;
    DELETE FROM invitations WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE appointments SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE applications SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE waiting_entries SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE offers SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE holds SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE places_let_go SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE draw_requests SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE staff SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE teachers SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE campaign_wishes SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE trials SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    UPDATE documents SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
    -- Not handed over: who acts as another from now on proves it by a launch of now.
    UPDATE sessions SET ended_at = p_now WHERE region_id = p_region AND citizen_id = p_from AND ended_at IS NULL;
    UPDATE consents SET citizen_id = p_to WHERE region_id = p_region AND citizen_id = p_from;
END $$;

CREATE FUNCTION public.hand_over_the_rest(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    joined citizens;
BEGIN
    SELECT c.* INTO joined FROM regions r JOIN citizens c ON c.region_id = r.code AND c.same_as IS NOT NULL
    WHERE EXISTS (SELECT FROM guardians g WHERE g.region_id = c.region_id AND g.citizen_id = c.id)
    LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM hand_over(joined.region_id, joined.id, joined.same_as, p_now);
    RETURN 1;
END $$;

CREATE FUNCTION public.has_price_in_unit(place public.groups, p_certificate uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (
        SELECT FROM certificates c, jsonb_array_elements(place.financing) AS f
        WHERE c.region_id = place.region_id AND c.id = p_certificate AND f ->> 'source' = 'certificate'
          AND (c.unit = 'roubles' OR f ->> 'hours' IS NOT NULL))
$$;

CREATE FUNCTION public.hold_places(p_region smallint, p_offer uuid, p_places jsonb, p_at_most interval, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ends_at timestamptz;
BEGIN
    SELECT least(p_now + p_at_most, min(s.starts_at - make_interval(mins => s.min_lead_minutes))) INTO ends_at
    FROM jsonb_to_recordset(p_places) AS given (slot_id uuid)
    JOIN slots s ON s.region_id = p_region AND s.id = given.slot_id;
    UPDATE slots s SET taken = taken + w.places
    FROM (SELECT slot_id, count(*) AS places FROM jsonb_to_recordset(p_places) AS given (slot_id uuid)
          GROUP BY slot_id) AS w
    WHERE s.region_id = p_region AND s.id = w.slot_id;
    UPDATE offers SET places = p_places, expires_at = ends_at WHERE region_id = p_region AND id = p_offer;
    INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, offer_id, expires_at)
    SELECT p_region, gen_random_uuid(), given.slot_id, o.institution_id, o.citizen_id, o.id, ends_at
    FROM offers o, jsonb_to_recordset(p_places) AS given (slot_id uuid)
    WHERE o.region_id = p_region AND o.id = p_offer;
    PERFORM journal(p_region, gen_random_uuid(), p_now, by_itself(), 'offer_made', p_offer, p_places, true);
END $$;

CREATE FUNCTION public.hold_slot(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_slot uuid, p_hold uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place bookable_slots;
    held holds;
    result jsonb;
    earlier jsonb;
BEGIN
    PERFORM take_turns(p_region, p_citizen, '{}');
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    SELECT * INTO held FROM holds
    WHERE region_id = p_region AND institution_id = place.institution_id AND citizen_id = p_citizen
      AND offer_id IS NULL;
    earlier := idempotency_find(p_region, p_citizen, 'holdSlot', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(CASE WHEN place.id IS NULL THEN 'slot_not_found' END);
    PERFORM refuse(booking_refusal(place, NULL, NULL, 'internet', p_now));
    PERFORM refuse_in_pause(p_region, p_citizen, 'doctor', p_now);
    result := jsonb_build_object(
        'id', p_hold, 'slot_id', p_slot, 'zone', place.zone,
        'expires_at', least(p_now + make_interval(mins => place.hold_minutes), place.starts_at));
    earlier := idempotency_keep(p_region, p_citizen, 'holdSlot', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    -- The one before goes: who looks at another time has left that one.
    DELETE FROM holds WHERE region_id = p_region AND id = held.id;
    IF FOUND THEN
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
        PERFORM free_place(p_region, held.slot_id, p_now);
    END IF;
    IF place.taken >= place.capacity THEN
        PERFORM free_expired_holds(p_region, p_slot, p_now);
    END IF;
    INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, expires_at, held_at)
    VALUES (p_region, p_hold, p_slot, place.institution_id, p_citizen, (result ->> 'expires_at')::timestamptz, p_now);
    PERFORM take_place(place);
    RETURN result;
END $$;

CREATE FUNCTION public.idempotency_find(p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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

CREATE FUNCTION public.institutions_keep_facets() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    theirs uuid[];
BEGIN
    SELECT array_agg(id) INTO theirs FROM (
        SELECT id FROM groups WHERE region_id = NEW.region_id AND institution_id = NEW.id
        ORDER BY id FOR NO KEY UPDATE) AS locked;
    PERFORM keep_group_facets(NEW.region_id, theirs);
    RETURN NULL;
END $$;

CREATE FUNCTION public.invite_staff_member(p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_member uuid, p_code_hash bytea, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, 'inviteStaffMember', p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, 'inviteStaffMember', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    UPDATE staff SET code_hash = p_code_hash, code_expires_at = (p_result ->> 'expires_at')::timestamptz,
                     code_used_at = NULL
    WHERE region_id = p_region AND id = p_member;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'staff_member_invited', p_member, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.invite_teacher(p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_teacher uuid, p_code_hash bytea, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, 'inviteTeacher', p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, 'inviteTeacher', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    UPDATE teachers SET code_hash = p_code_hash, code_expires_at = (p_result ->> 'expires_at')::timestamptz,
                        code_used_at = NULL
    WHERE region_id = p_region AND id = p_teacher;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'teacher_invited', p_teacher, '{}', false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.invite_to_test(named public.applications, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    invited jsonb := jsonb_build_object('at', p_decision -> 'at', 'place', p_decision -> 'place',
                                        'bring', p_decision -> 'bring', 'result', NULL, 'comment', NULL);
    days integer := (SELECT decision_days_with_tests FROM institutions
                     WHERE region_id = named.region_id AND id = named.institution_id);
BEGIN
    IF named.status = 'invited' AND named.test - 'at' - 'result' - 'comment' = invited - 'at' - 'result' - 'comment'
       AND (named.test ->> 'at')::timestamptz = (invited ->> 'at')::timestamptz THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE named.status NOT IN ('submitted', 'under_review', 'invited');
    PERFORM refuse('test_in_the_past') WHERE (invited ->> 'at')::timestamptz <= p_now;
    PERFORM move_application(named, 'invited', jsonb_build_object(
        'test', invited, 'decision', p_decision, 'decide_by', greatest(named.decide_by, working_deadline(
            named.region_id, named.institution_id, named.submitted_at, days))), p_actor, p_now);
END $$;

CREATE FUNCTION public.is_busy(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (SELECT FROM waiting_entries e
                   WHERE e.region_id = p_region AND e.citizen_id = p_citizen AND e.ended_at IS NULL)
        OR EXISTS (SELECT FROM teachers t WHERE t.region_id = p_region AND t.citizen_id = p_citizen)
        OR EXISTS (SELECT FROM staff s WHERE s.region_id = p_region AND s.citizen_id = p_citizen)
        OR EXISTS (
            SELECT FROM guardians g JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen
              AND (a.status = 'orphaned' OR (a.status IN ('booked', 'arrived') AND a.ends_at > p_now)))
        OR EXISTS (
            SELECT FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
            JOIN groups c ON c.region_id = a.region_id AND c.id = a.group_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND c.ends_on >= p_now::date
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered'))
        OR EXISTS (
            SELECT FROM guardians g JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND t.status = 'booked' AND t.ends_at > p_now)
$$;

CREATE FUNCTION public.is_busy_elsewhere(p_region smallint, p_booking uuid, p_times tstzmultirange) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT EXISTS (
        SELECT FROM engagements own
        JOIN engagements other ON other.region_id = own.region_id AND other.identity = own.identity
            AND other.booking_id <> own.booking_id AND other.times && p_times
        WHERE own.region_id = p_region AND own.booking_id = p_booking)
$$;

CREATE FUNCTION public.sight_citizen() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('zapis.citizen'::text, true), ''::text))::uuid;

CREATE FUNCTION public.sight_region() RETURNS smallint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('zapis.region'::text, true), ''::text))::smallint;

CREATE FUNCTION public.is_citizen(p_region smallint, p_citizen uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((p_region = public.sight_region()) AND (p_citizen = public.sight_citizen()));

CREATE FUNCTION public.is_engaged(a public.applications) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN ((a).placed AND ((a).status <> 'offered'::text) AND (((a).status = 'enrolled'::text) OR ((a).overlap_rule = 'refuse'::text)));

CREATE FUNCTION public.is_for(p_age_from smallint, p_age_to smallint, p_sex text, p_visit_on date, p_born date, p_patient_sex text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT (p_sex IS NULL OR p_sex = p_patient_sex)
       AND (p_age_from IS NULL OR full_months(p_born, p_visit_on) >= p_age_from * 12)
       AND (p_age_to IS NULL OR full_months(p_born, p_visit_on) < (p_age_to + 1) * 12)
$$;

CREATE FUNCTION public.sight_institution() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('zapis.institution'::text, true), ''::text))::uuid;

CREATE FUNCTION public.is_institution(p_region smallint, p_institution uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((p_region = public.sight_region()) AND (p_institution = public.sight_institution()));

CREATE FUNCTION public.is_match(a public.applications) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT a.status = 'offered' AND EXISTS (
        SELECT FROM campaigns c
        WHERE c.region_id = a.region_id AND c.id = a.campaign_id AND c.confirm_until = a.offer_expires_at)
$$;

CREATE FUNCTION public.sight_reach() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('zapis.reach'::text, true);

CREATE FUNCTION public.sees_region(p_region smallint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((public.sight_reach() = 'service'::text) OR ((public.sight_reach() = 'region'::text) AND (p_region = public.sight_region())));

CREATE FUNCTION public.is_staff(p_region smallint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (public.sees_region(p_region) OR ((p_region = public.sight_region()) AND (public.sight_institution() IS NOT NULL)));

CREATE FUNCTION public.is_waited_for(free_slot public.slots, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
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

CREATE FUNCTION public.join_as_guardian(p_region smallint, p_citizen uuid, p_code_hash bytea, p_kinship text, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    invited invitations;
    child persons;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    -- The person is locked before the invitation, as by whoever invites.
    child := lock_person_and_twin(p_region, p_citizen, (
        SELECT person_id FROM invitations WHERE region_id = p_region AND code_hash = p_code_hash));
    SELECT * INTO invited FROM invitations
    WHERE region_id = p_region AND code_hash = p_code_hash AND person_id = child.id AND expires_at > p_now
      AND coalesce(used_by, p_citizen) = p_citizen FOR UPDATE;
    IF invited.person_id IS NULL OR NOT EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = invited.citizen_id
          AND g.person_id = child.id AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'invite')
          AND NOT guardianship_over(g, p_now))
    THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    PERFORM refuse('guardian_may_not') WHERE invited.helper AND p_kinship IN ('self', 'child', 'ward');
    -- An account of one's own from fourteen on, and one alone.
    PERFORM refuse('guardian_may_not') WHERE p_kinship = 'self' AND (
        birthday(child.birth_date, 14) > local_today(p_region, p_now) OR EXISTS (
            SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = child.id AND g.kinship = 'self'
              AND g.citizen_id <> p_citizen));
    PERFORM merge_persons(p_region, p.id, child.id, p_citizen, p_now)
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.identity = child.identity AND p.id <> child.id;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, child.id, p_kinship, child.identity, p_now)
    -- By their own code, or to help, nobody who represents the person becomes anything else.
    ON CONFLICT (region_id, citizen_id, person_id) DO UPDATE SET kinship = excluded.kinship
    WHERE p_citizen <> invited.citizen_id
      AND (guardian_may(excluded.kinship, true, 'consent') OR NOT guardian_may(guardians.kinship, true, 'consent'));
    UPDATE invitations SET used_by = p_citizen
    WHERE region_id = p_region AND person_id = invited.person_id AND citizen_id = invited.citizen_id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'guardian_joined', child.id, '{}', false)
    WHERE invited.used_by IS NULL;
    RETURN child.id;
END $$;

CREATE FUNCTION public.join_as_staff(p_region smallint, p_citizen uuid, p_institution uuid, p_code_hash bytea, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named staff;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    SELECT * INTO named FROM staff
    WHERE region_id = p_region AND institution_id = p_institution AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF named.citizen_id = p_citizen AND named.code_used_at IS NOT NULL THEN
        RETURN named.external_id;
    END IF;
    IF named.id IS NULL OR named.code_used_at IS NOT NULL OR named.code_expires_at <= p_now THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    UPDATE staff SET citizen_id = p_citizen, code_used_at = p_now WHERE region_id = p_region AND id = named.id;
    -- Whoever had the role before has it no more.
    PERFORM end_work(p_region, p_institution, named.citizen_id, p_now)
    WHERE named.citizen_id IS NOT NULL AND named.citizen_id <> p_citizen;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'staff_member_joined', named.id, '{}', false);
    RETURN named.external_id;
END $$;

CREATE FUNCTION public.join_as_teacher(p_region smallint, p_citizen uuid, p_institution uuid, p_code_hash bytea, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named teachers;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    SELECT * INTO named FROM teachers
    WHERE region_id = p_region AND institution_id = p_institution AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF named.citizen_id = p_citizen AND named.code_used_at IS NOT NULL THEN
        RETURN named.external_id;
    END IF;
    IF named.id IS NULL OR named.code_used_at IS NOT NULL OR named.code_expires_at <= p_now THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    UPDATE teachers SET citizen_id = p_citizen, code_used_at = p_now WHERE region_id = p_region AND id = named.id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'teacher_joined', named.id, '{}', false);
    RETURN named.external_id;
END $$;

CREATE FUNCTION public.join_identity(p_region smallint, p_citizen uuid, p_code_hash bytea, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    invited uuid;
BEGIN
    SELECT citizen_id INTO invited FROM identity_codes WHERE region_id = p_region AND code_hash = p_code_hash;
    -- Both in the order of their ids before either is counted, or two who join each other would wait for each other.
    PERFORM FROM citizens WHERE region_id = p_region AND id IN (p_citizen, invited) ORDER BY id FOR NO KEY UPDATE;
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    DELETE FROM identity_codes
    WHERE region_id = p_region AND code_hash = p_code_hash AND expires_at > p_now AND citizen_id = invited
      AND citizen_id <> p_citizen
    RETURNING citizen_id INTO invited;
    IF invited IS NULL THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    -- Of two who join each other at once the second finds that they are one already.
    SELECT coalesce(same_as, id) INTO invited FROM citizens WHERE region_id = p_region AND id = invited;
    PERFORM refuse('identity_joined') FROM citizens
    WHERE region_id = p_region AND id = p_citizen AND (same_as IS NOT NULL OR id = invited);
    -- Two who confirmed that they are two are not one.
    PERFORM refuse('confirmed_as_another') FROM citizens own, citizens other
    WHERE own.region_id = p_region AND own.id = p_citizen AND other.region_id = p_region AND other.id = invited
      AND own.confirmed_as <> other.confirmed_as;
    UPDATE citizens c SET confirmed_as = own.confirmed_as, confirmed_at = own.confirmed_at FROM citizens own
    WHERE c.region_id = p_region AND c.id = invited AND c.confirmed_as IS NULL
      AND own.region_id = p_region AND own.id = p_citizen AND own.confirmed_as IS NOT NULL;
    UPDATE citizens SET same_as = invited WHERE region_id = p_region AND (id = p_citizen OR same_as = p_citizen);
    PERFORM hand_over(p_region, p_citizen, invited, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'identity_joined', invited, '{}', false);
    RETURN invited;
END $$;

CREATE FUNCTION public.join_waiting_list(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_entry jsonb, p_persons uuid[], p_id uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    entry waiting_entries := jsonb_populate_record(NULL::waiting_entries, p_entry);
    patients persons[];
    result jsonb;
    earlier jsonb;
BEGIN
    entry.region_id := p_region;
    entry.id := p_id;
    entry.citizen_id := p_citizen;
    entry.status := 'waiting';
    entry.lapses := 0;
    entry.queued_at := p_now;
    entry.created_at := p_now;
    WITH own AS (
        SELECT p.* FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = ANY (p_persons)
          AND p.deleted_at IS NULL
        ORDER BY p.id
        FOR KEY SHARE OF p)
    SELECT array_agg(p) INTO patients FROM own JOIN persons p ON p.region_id = p_region AND p.id = own.id;
    earlier := idempotency_find(p_region, p_citizen, 'joinWaitingList', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse('person_not_found') WHERE coalesce(cardinality(patients), 0) < cardinality(p_persons);
    PERFORM refuse(joining_refusal(entry, patients, p_now));
    PERFORM require_consent(p_region, p_citizen, p.id, 'booking', p_now) FROM unnest(patients) AS p;
    result := shown_entry(entry, p_persons, p_now);
    earlier := idempotency_keep(p_region, p_citizen, 'joinWaitingList', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO waiting_entries SELECT entry.*;
    INSERT INTO waiting_persons (region_id, entry_id, person_id, institution_id, specialty_code, identity)
    SELECT p_region, p_id, p.id, entry.institution_id, entry.specialty_code, p.identity FROM unnest(patients) AS p;
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'waiting_joined', p_id,
                    jsonb_build_object('person_ids', to_jsonb(p_persons)), false);
    RETURN result;
END $$;

CREATE TABLE public.campaigns (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    wishes_from timestamp with time zone NOT NULL,
    wishes_until timestamp with time zone NOT NULL,
    confirm_until timestamp with time zone NOT NULL,
    most_wishes smallint NOT NULL,
    seed_sealed text NOT NULL,
    seed_hash text NOT NULL,
    closed_at timestamp with time zone,
    wishes integer DEFAULT 0 NOT NULL,
    wishes_digest text,
    record jsonb,
    matched_at timestamp with time zone,
    matched integer DEFAULT 0 NOT NULL,
    first_choices integer DEFAULT 0 NOT NULL,
    applied integer DEFAULT 0 NOT NULL,
    filled_at timestamp with time zone,
    CONSTRAINT campaigns_in_order CHECK (((wishes_from < wishes_until) AND (wishes_until < confirm_until))),
    CONSTRAINT campaigns_most_wishes_check CHECK (((most_wishes >= 1) AND (most_wishes <= 10)))
);

CREATE FUNCTION public.joinable_campaign(p_region smallint, p_external_id text) RETURNS public.campaigns
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named campaigns;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND external_id = p_external_id FOR SHARE;
    RETURN named;
END $$;

CREATE TABLE public.waiting_entries (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    practitioner_id uuid,
    citizen_id uuid NOT NULL,
    day_from date NOT NULL,
    day_to date NOT NULL,
    time_from time without time zone NOT NULL,
    time_to time without time zone NOT NULL,
    referral_number text,
    status text NOT NULL,
    lapses smallint DEFAULT 0 NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT waiting_entries_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'offered'::text, 'served'::text, 'declined'::text, 'left'::text, 'expired'::text]))),
    CONSTRAINT waiting_entries_take_time CHECK (((day_to >= day_from) AND (time_to > time_from)))
);

CREATE FUNCTION public.joining_refusal(entry public.waiting_entries, patients public.persons[], p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    clinic institutions;
    booked_by text;
BEGIN
    SELECT * INTO clinic FROM institutions i WHERE i.region_id = entry.region_id AND i.id = entry.institution_id;
    SELECT o.access INTO booked_by FROM offered_specialties o
    WHERE o.region_id = entry.region_id AND o.institution_id = entry.institution_id
      AND o.specialty_code = entry.specialty_code;
    RETURN CASE
        WHEN clinic.id IS NULL THEN 'institution_not_found'
        WHEN booked_by IS NULL THEN 'specialty_not_offered'
        WHEN booked_by = 'closed' THEN 'specialty_closed'
        WHEN entry.practitioner_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM practitioner_specialties s
            WHERE s.region_id = entry.region_id AND s.institution_id = entry.institution_id
              AND s.practitioner_id = entry.practitioner_id AND s.specialty_code = entry.specialty_code
        ) THEN 'specialty_not_offered'
        WHEN (p_now AT TIME ZONE clinic.zone)::date > entry.day_to THEN 'time_passed'
        WHEN booked_by = 'referral' AND entry.referral_number IS NULL THEN 'referral_needed'
        WHEN booked_by = 'referral' AND cardinality(patients) > 1 THEN 'referral_of_several'
        WHEN clinic.require_attachment AND EXISTS (
            SELECT FROM unnest(patients) AS p WHERE NOT EXISTS (
                SELECT FROM attachments a
                WHERE a.region_id = entry.region_id AND a.institution_id = entry.institution_id
                  AND a.identity = p.identity)
        ) THEN 'not_attached'
        WHEN EXISTS (
            SELECT FROM unnest(patients) AS p JOIN appointments a
              ON a.region_id = entry.region_id AND a.institution_id = entry.institution_id
             AND a.specialty_code = entry.specialty_code AND a.identity = p.identity AND a.active
             AND (a.ends_at > p_now OR a.status = 'orphaned')
        ) THEN 'already_has_ticket'
    END;
END $$;

CREATE FUNCTION public.journal(p_region smallint, p_event_id uuid, p_now timestamp with time zone, p_actor uuid, p_event text, p_subject uuid, p_details jsonb, p_tell boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO audit_trail (region_id, id, at, actor_id, event, subject_id, details)
    VALUES (p_region, p_event_id, p_now, p_actor, p_event, p_subject, p_details);
    IF p_tell THEN
        INSERT INTO outbox (region_id, id, at, event, subject_id)
        VALUES (p_region, p_event_id, p_now, p_event, p_subject);
    END IF;
END $$;

CREATE FUNCTION public.keep_campaign_record(p_region smallint, p_campaign uuid, p_record jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE campaigns SET
        record = p_record, matched_at = p_now,
        confirm_until = CASE WHEN confirm_until > p_now THEN confirm_until ELSE p_now + (confirm_until - wishes_until) END,
        matched = (SELECT count(*) FROM campaign_wishes
                   WHERE region_id = p_region AND campaign_id = p_campaign AND rank IS NOT NULL),
        first_choices = (SELECT count(*) FROM campaign_wishes
                         WHERE region_id = p_region AND campaign_id = p_campaign AND rank = 1)
    WHERE region_id = p_region AND id = p_campaign
$$;

CREATE FUNCTION public.keep_certificate(was public.applications, now_is public.applications) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    share_was text := certificate_share(was);
    share_is text := certificate_share(now_is);
BEGIN
    IF (share_was, was.certificate_id, was.certificate_cost)
       IS NOT DISTINCT FROM (share_is, now_is.certificate_id, now_is.certificate_cost)
       OR (share_was = 'none' AND share_is = 'none') THEN
        RETURN;
    END IF;
    IF takes_more(was, now_is) THEN
        PERFORM refuse(certificate_over(now_is));
    END IF;
    UPDATE certificates SET
        reserved = reserved - CASE share_was WHEN 'reserved' THEN was.certificate_cost ELSE 0 END,
        spent = spent - CASE WHEN share_was <> 'spent' THEN 0
            WHEN now_is.status = 'left' THEN now_is.certificate_back ELSE was.certificate_cost END,
        programmes = programmes - 1
    WHERE region_id = was.region_id AND id = was.certificate_id AND share_was <> 'none';
    UPDATE certificates SET
        reserved = reserved + CASE share_is WHEN 'reserved' THEN now_is.certificate_cost ELSE 0 END,
        spent = spent + CASE share_is WHEN 'spent' THEN now_is.certificate_cost ELSE 0 END,
        programmes = programmes + 1
    WHERE region_id = now_is.region_id AND id = now_is.certificate_id AND share_is <> 'none';
END $$;

CREATE FUNCTION public.keep_claims(p_region smallint, p_id uuid, p_claims_sealed text, p_code_hash bytea, p_expires_at timestamp with time zone, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE confirmations
    SET status = 'awaiting_code', claims_sealed = p_claims_sealed, code_hash = p_code_hash, expires_at = p_expires_at
    WHERE region_id = p_region AND id = p_id AND status = 'checking' AND expires_at > p_now;
    RETURN FOUND;
END $$;

CREATE FUNCTION public.keep_engagement(was public.applications, now_is public.applications) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    was_in boolean := coalesce(is_engaged(was), false);
    is_in boolean := is_engaged(now_is);
BEGIN
    IF was_in AND NOT is_in THEN
        DELETE FROM engagements WHERE region_id = now_is.region_id AND booking_id = now_is.id;
        PERFORM resume_trial(now_is.region_id, was.group_id, now_is.identity, now_is.updated_at);
    ELSIF is_in AND NOT was_in THEN
        PERFORM yield_trial(now_is.region_id, now_is.group_id, now_is.identity);
        INSERT INTO engagements (region_id, booking_id, identity, times)
        SELECT g.region_id, now_is.id, now_is.identity, current_lessons(g) FROM groups g
        WHERE g.region_id = now_is.region_id AND g.id = now_is.group_id;
    ELSIF is_in AND was.group_id <> now_is.group_id THEN
        PERFORM yield_trial(now_is.region_id, now_is.group_id, now_is.identity);
        UPDATE engagements SET times = (
            SELECT current_lessons(g) FROM groups g WHERE g.region_id = now_is.region_id AND g.id = now_is.group_id)
        WHERE region_id = now_is.region_id AND booking_id = now_is.id;
    END IF;
END $$;

CREATE FUNCTION public.keep_group_facets(p_region smallint, p_groups uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO group_facets AS kept
    SELECT made.* FROM groups g CROSS JOIN LATERAL group_facets_of(g) AS made
    WHERE g.region_id = p_region AND g.id = ANY (p_groups) ORDER BY g.id
    ON CONFLICT (region_id, group_id) DO UPDATE SET
        institution_id = excluded.institution_id, programme_id = excluded.programme_id,
        municipality = excluded.municipality, zone = excluded.zone, kind = excluded.kind,
        starts_on = excluded.starts_on, school_year = excluded.school_year, packed = excluded.packed,
        opens_at = excluded.opens_at, closes_at = excluded.closes_at, born_after = excluded.born_after,
        born_until = excluded.born_until, age_from_months = excluded.age_from_months,
        age_until_months = excluded.age_until_months, age_by_year = excluded.age_by_year,
        begins_minute = excluded.begins_minute, ends_minute = excluded.ends_minute,
        price_month_roubles = excluded.price_month_roubles, latitude = excluded.latitude,
        longitude = excluded.longitude, texts = excluded.texts
    WHERE kept IS DISTINCT FROM excluded;
    INSERT INTO group_texts
    SELECT DISTINCT p_region, text FROM group_facets, unnest(texts) AS text
    WHERE region_id = p_region AND group_id = ANY (p_groups) ORDER BY text
    ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION public.keep_matches(p_region smallint, p_matches jsonb, p_first integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    item jsonb;
    place integer := p_first;
BEGIN
    FOR item IN SELECT jsonb_array_elements(p_matches) LOOP
        UPDATE campaign_wishes
        SET lot = place, matched_group_id = (item ->> 1)::uuid, rank = (item ->> 2)::smallint
        WHERE region_id = p_region AND id = (item ->> 0)::uuid;
        place := place + 1;
    END LOOP;
END $$;

CREATE FUNCTION public.lapse_a_place(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.lapse_an_offer(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.lapse_offer(offer public.offers, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.least_price(place public.groups) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(min((each ->> 'price_month_roubles')::integer), 0) FROM jsonb_array_elements(place.financing) AS each
$$;

CREATE FUNCTION public.leave_identity(p_region smallint, p_citizen uuid, p_platform text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    left_behind uuid;
BEGIN
    PERFORM refuse('identity_first') WHERE EXISTS (
        SELECT FROM citizens WHERE region_id = p_region AND id = p_citizen AND platform = p_platform)
        AND NOT EXISTS (
        SELECT FROM citizens WHERE region_id = p_region AND same_as = p_citizen AND platform = p_platform);
    FOR left_behind IN
        UPDATE citizens SET same_as = NULL WHERE region_id = p_region AND same_as = p_citizen AND platform = p_platform
        RETURNING id
    LOOP
        PERFORM end_sessions(p_region, p_citizen, left_behind, p_now);
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'identity_left', left_behind, '{}', false);
    END LOOP;
END $$;

CREATE FUNCTION public.leave_to_others(p_region smallint, p_citizen uuid, p_person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    heir uuid := (SELECT citizen_id FROM guardians
                  WHERE region_id = p_region AND person_id = p_person AND citizen_id <> p_citizen
                  ORDER BY since, citizen_id LIMIT 1);
BEGIN
    UPDATE appointments SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE applications SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE trials SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE documents SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE campaign_wishes SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE draw_requests SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    DELETE FROM guardians WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
END $$;

CREATE FUNCTION public.leave_waiting_list(p_region smallint, p_citizen uuid, p_entry uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    entry waiting_entries;
    offer offers;
BEGIN
    SELECT * INTO entry FROM waiting_entries
    WHERE region_id = p_region AND id = p_entry AND citizen_id = p_citizen
    FOR UPDATE;
    PERFORM refuse('entry_not_found') WHERE entry.id IS NULL;
    IF entry.status NOT IN ('waiting', 'offered') THEN
        RETURN;
    END IF;
    PERFORM end_waiting(p_region, p_entry, 'left', p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'waiting_left', p_entry, '{}', false);
    SELECT * INTO offer FROM offers WHERE region_id = p_region AND entry_id = p_entry AND status = 'open' FOR UPDATE;
    IF FOUND THEN
        PERFORM close_offer(offer, 'declined', p_citizen, p_now);
        PERFORM release_places(p_region, offer.id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.leaving(named public.applications, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE named.status WHEN 'enrolled' THEN jsonb_build_object(
        'left_on', (p_now AT TIME ZONE i.zone)::date, 'certificate_back', certificate_back(named, p_now))
        ELSE '{}' END
    FROM institutions i WHERE i.region_id = named.region_id AND i.id = named.institution_id
$$;

CREATE FUNCTION public.left_queue(entry public.waiting_entries, p_now timestamp with time zone) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT count(*) FROM waiting_entries e
    WHERE e.region_id = entry.region_id AND e.institution_id = entry.institution_id
      AND e.specialty_code = entry.specialty_code AND e.ended_at > p_now - interval '14 days'
$$;

CREATE FUNCTION public.lesson_collisions(place public.groups, p_citizen uuid, p_identity bytea, p_except uuid, p_minutes integer, p_now timestamp with time zone) RETURNS TABLE(kind text, name text, own boolean, engaged boolean, at timestamp with time zone, gap_minutes integer)
    LANGUAGE sql STABLE
    AS $$
    SELECT b.kind, b.name, b.own, b.engaged, closest.at, closest.gap
    FROM (
        SELECT * FROM bookings_near(
            place.region_id, p_citizen, p_identity, p_except, with_travel(place.lessons, p_minutes))
        UNION ALL
        SELECT * FROM trials_near(place, p_citizen, p_identity, with_travel(place.lessons, p_minutes))) b,
    LATERAL (
        SELECT lower(mine) AS at, CASE WHEN NOT mine && other THEN floor(extract(epoch FROM greatest(
            lower(mine) - upper(other), lower(other) - upper(mine))) / 60)::integer END AS gap
        FROM unnest(place.lessons) AS mine, unnest(b.times) AS other
        WHERE upper(mine) > p_now AND upper(other) > p_now
          AND other && tstzrange(lower(mine) - make_interval(mins => p_minutes),
                                 upper(mine) + make_interval(mins => p_minutes))
        ORDER BY 2 NULLS FIRST, 1 LIMIT 1) AS closest
    WHERE closest.gap IS NULL OR b.addresses <> addresses_of(place.places) OR cardinality(b.addresses) > 1
    ORDER BY closest.at, b.kind, b.name
$$;

CREATE FUNCTION public.lesson_hours(p_plan jsonb) RETURNS TABLE(weekday integer, begins_minute integer, ends_minute integer)
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce((each ->> 'weekday')::integer, extract(isodow FROM (each ->> 'day')::date)::integer),
           starts, starts + hours * 45 + (hours - 1) * coalesce((p_plan ->> 'break_minutes')::integer, 0)
    FROM (SELECT jsonb_array_elements(p_plan -> 'weekly_lessons') AS each
          UNION ALL
          SELECT jsonb_array_elements(p_plan -> 'lesson_dates')) AS lessons,
         LATERAL (SELECT extract(hour FROM (each ->> 'starts')::time)::integer * 60
                             + extract(minute FROM (each ->> 'starts')::time)::integer AS starts,
                         coalesce((each ->> 'academic_hours')::integer, 1) AS hours) AS counted
$$;

CREATE FUNCTION public.limit_reached(place public.bookable_slots, patient public.persons, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    missed record;
BEGIN
    IF coalesce(place.most_tickets, place.most_bookings, place.noshow_limit) IS NULL THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM appointments
        WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
          AND active AND ends_at > p_now) >= place.most_tickets THEN
        RETURN 'too_many_tickets';
    END IF;
    IF (SELECT count(*) FROM appointments
        WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
          AND created_at > p_now - make_interval(days => place.bookings_days)
          AND source = 'internet') >= place.most_bookings THEN
        RETURN 'too_many_bookings';
    END IF;
    SELECT count(*) AS times, max(starts_at) AS last_at INTO missed FROM appointments
    WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
      AND status = 'noshow' AND NOT excused AND starts_at > p_now - make_interval(days => place.noshow_days);
    RETURN CASE WHEN missed.times >= place.noshow_limit
                 AND missed.last_at > p_now - make_interval(days => place.noshow_pause_days)
        THEN 'paused_for_no_shows' END;
END $$;

CREATE FUNCTION public.list_accesses(p_region smallint, p_citizen uuid, p_person uuid, p_before uuid, p_limit integer) RETURNS TABLE(id uuid, at timestamp with time zone, operation text, role text, institution_name text, zone text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    known_as uuid[];
BEGIN
    PERFORM refuse('person_not_found') WHERE NOT EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person);
    WITH RECURSIVE known (person_id) AS (
        SELECT p_person
        UNION
        SELECT t.subject_id FROM known k
        JOIN audit_trail t ON t.region_id = p_region AND t.event = 'person_merged'
            AND t.details ->> 'into' = k.person_id::text)
    SELECT array_agg(person_id) INTO known_as FROM known;
    RETURN QUERY
    -- Found by the person first: to go through the whole log backwards until a page is full may take it all.
    WITH shown AS MATERIALIZED (
        SELECT a.id, a.at, a.operation, a.role, a.institution_id FROM accesses a
        WHERE a.region_id = p_region AND a.person_ids && known_as)
    SELECT s.id, s.at, s.operation, s.role, i.name, i.zone
    FROM shown s LEFT JOIN institutions i ON i.region_id = p_region AND i.id = s.institution_id
    WHERE p_before IS NULL OR s.id < p_before
    ORDER BY s.id DESC LIMIT p_limit;
END $$;

CREATE FUNCTION public.list_queue(p_region smallint, p_practitioner uuid, p_from timestamp with time zone, p_until timestamp with time zone) RETURNS TABLE(id uuid, starts_at timestamp with time zone, arrived_at timestamp with time zone, number text, minutes numeric)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT a.id, a.starts_at, a.arrived_at, a.number, extract(epoch FROM s.ends_at - s.starts_at) / 60 / s.capacity
    FROM slots s
    JOIN appointments a ON a.region_id = s.region_id AND a.slot_id = s.id
    WHERE s.region_id = p_region AND s.practitioner_id = p_practitioner AND s.starts_at >= p_from AND s.starts_at < p_until
      AND a.status IN ('booked', 'arrived') AND a.purpose <> 'home_visit'
$$;

CREATE FUNCTION public.local_today(p_region smallint, p_now timestamp with time zone) RETURNS date
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT (p_now AT TIME ZONE zone)::date FROM regions WHERE code = p_region);
END $$;

CREATE TABLE public.citizens (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    platform text NOT NULL,
    external_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    same_as uuid,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_as bytea,
    confirmed_at timestamp with time zone
);

CREATE FUNCTION public.lock_account(p_region smallint, p_citizen uuid) RETURNS SETOF public.citizens
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    first uuid := (SELECT coalesce(same_as, id) FROM citizens WHERE region_id = p_region AND id = p_citizen);
BEGIN
    PERFORM FROM persons WHERE region_id = p_region AND id IN (
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = first)
    ORDER BY id FOR UPDATE;
    RETURN QUERY SELECT c.* FROM citizens c
    WHERE c.region_id = p_region AND (c.id = first OR c.same_as = first) ORDER BY c.id FOR UPDATE;
END $$;

CREATE FUNCTION public.lock_application(p_region smallint, p_citizen uuid, p_institution uuid, p_application uuid) RETURNS public.applications
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications;
BEGIN
    SELECT a.* INTO named FROM applications a
    WHERE a.region_id = p_region AND a.id = p_application
      AND (p_institution IS NULL OR (a.institution_id = p_institution AND a.serial IS NOT NULL))
      AND (p_citizen IS NULL OR EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id));
    PERFORM refuse('application_not_found') WHERE named.id IS NULL;
    PERFORM lock_groups_of(named);
    SELECT * INTO named FROM applications WHERE region_id = p_region AND id = p_application FOR UPDATE;
    RETURN named;
END $$;

CREATE FUNCTION public.lock_children(p_region smallint, p_persons uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT pg_advisory_xact_lock(4, one) FROM (
        SELECT DISTINCT hashtext(identity::text) AS one FROM persons
        WHERE region_id = p_region AND id = ANY (p_persons) ORDER BY 1) AS identities
$$;

CREATE FUNCTION public.lock_for_trial(p_region smallint, p_citizen uuid, p_person uuid, p_group uuid) RETURNS public.groups
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place groups;
BEGIN
    PERFORM FROM persons p
    WHERE p.region_id = p_region AND p.id = p_person AND p.deleted_at IS NULL AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p.id)
    FOR KEY SHARE;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group FOR NO KEY UPDATE;
    RETURN place;
END $$;

CREATE FUNCTION public.lock_free_places(p_region smallint, p_places jsonb) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH wanted AS (
        SELECT slot_id, count(*) AS places FROM jsonb_to_recordset(p_places) AS given (slot_id uuid) GROUP BY slot_id
    ), locked AS (
        SELECT s.id FROM slots s JOIN wanted w ON w.slot_id = s.id
        WHERE s.region_id = p_region AND s.status = 'open' AND s.capacity - s.taken >= w.places
        ORDER BY s.id
        FOR NO KEY UPDATE OF s SKIP LOCKED
    )
    SELECT (SELECT count(*) FROM locked) = (SELECT count(*) FROM wanted)
$$;

CREATE FUNCTION public.lock_groups_of(named public.applications) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT FROM groups WHERE region_id = named.region_id AND id IN (
        SELECT named.group_id
        UNION ALL
        SELECT f.group_id FROM applications f WHERE f.region_id = named.region_id AND f.family_id = named.family_id)
    ORDER BY id FOR NO KEY UPDATE
$$;

CREATE FUNCTION public.lock_offer(p_region smallint, p_citizen uuid, p_offer uuid) RETURNS public.offers
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.lock_open_campaign(p_region smallint, p_campaign uuid, p_now timestamp with time zone) RETURNS public.campaigns
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named campaigns;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND id = p_campaign FOR SHARE;
    PERFORM refuse(CASE
        WHEN named.id IS NULL THEN 'campaign_not_found'
        WHEN p_now < named.wishes_from THEN 'wishes_not_open'
        WHEN p_now >= named.wishes_until OR named.closed_at IS NOT NULL THEN 'wishes_closed'
    END);
    RETURN named;
END $$;

CREATE FUNCTION public.lock_own_application(p_region smallint, p_citizen uuid, p_application uuid) RETURNS public.applications
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = (
        SELECT a.person_id FROM applications a WHERE a.region_id = p_region AND a.id = p_application) FOR KEY SHARE;
    RETURN lock_application(p_region, p_citizen, NULL, p_application);
END $$;

CREATE FUNCTION public.lock_person_and_twin(p_region smallint, p_citizen uuid, p_person uuid) RETURNS public.persons
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    child persons;
BEGIN
    PERFORM FROM persons WHERE region_id = p_region AND (id = p_person OR id IN (
        SELECT g.person_id FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.identity = g.identity
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND p.id = p_person))
    ORDER BY id FOR UPDATE;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = p_person AND deleted_at IS NULL;
    RETURN child;
END $$;

CREATE FUNCTION public.lock_sealed(p_keys text[], p_except uuid[], p_most integer) RETURNS TABLE(in_table text, in_column text, region_id smallint, id uuid, sealed text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
    place record;
    region smallint;
BEGIN
    FOR place IN SELECT c.in_table, c.in_column FROM sealed_columns() c LOOP
        EXECUTE format(
            'SELECT r.code FROM regions r WHERE EXISTS (
                 SELECT FROM %1$I t WHERE t.region_id = r.code AND split_part(t.%2$I, ''.'', 1) = ANY($1)
                   AND t.%2$I IS NOT NULL AND t.id <> ALL($2)) LIMIT 1', place.in_table, place.in_column)
        INTO region USING p_keys, p_except;
        IF region IS NOT NULL THEN
            RETURN QUERY EXECUTE format(
                'SELECT %1$L, %2$L, t.region_id, t.id, t.%2$I FROM %1$I t
                 WHERE t.region_id = $1 AND split_part(t.%2$I, ''.'', 1) = ANY($2) AND t.%2$I IS NOT NULL
                   AND t.id <> ALL($3) LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED', place.in_table, place.in_column)
            USING region, p_keys, p_except, p_most;
            IF FOUND THEN
                RETURN;
            END IF;
        END IF;
    END LOOP;
END $_$;

CREATE FUNCTION public.lock_ward(p_region smallint, p_citizen uuid, p_person uuid) RETURNS public.persons
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    child persons;
BEGIN
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    PERFORM refuse('person_not_found') WHERE child.id IS NULL;
    RETURN child;
END $$;

CREATE FUNCTION public.make_draw(p_region smallint, p_institution uuid, p_specialty text, p_day date, p_opens_at timestamp with time zone, p_closes_at timestamp with time zone, p_draw uuid, p_seed_sealed text, p_seed_hash text, p_event_id uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    made draws;
    attached integer;
BEGIN
    INSERT INTO draws (region_id, id, institution_id, specialty_code, day, opens_at, closes_at, seed_sealed, seed_hash)
    VALUES (p_region, p_draw, p_institution, p_specialty, p_day, p_opens_at, p_closes_at, p_seed_sealed, p_seed_hash)
    ON CONFLICT ON CONSTRAINT draws_one_a_day DO NOTHING;
    IF FOUND THEN
        PERFORM journal(p_region, p_event_id, p_now, p_institution, 'draw_made', p_draw,
                        jsonb_build_object('seed_hash', p_seed_hash), true);
    END IF;
    SELECT * INTO made FROM draws
    WHERE region_id = p_region AND institution_id = p_institution AND specialty_code = p_specialty AND day = p_day
    FOR SHARE;
    IF made.closes_at <= p_now THEN
        RETURN 0;
    END IF;
    UPDATE slots s SET draw_id = made.id, internet_at = s.starts_at
    FROM institutions i
    WHERE i.region_id = p_region AND i.id = p_institution
      AND s.region_id = p_region AND s.institution_id = p_institution AND s.specialty_code = p_specialty
      AND s.policy = 'draw' AND s.draw_id IS NULL AND s.status = 'open' AND s.purpose <> 'home_visit'
      AND 'internet' = ANY (s.channels) AND s.internet_at > p_now AND s.internet_at < 'infinity'
      AND (s.starts_at AT TIME ZONE i.zone)::date = p_day;
    GET DIAGNOSTICS attached = ROW_COUNT;
    RETURN attached;
END $$;

CREATE FUNCTION public.make_first_data_key(p_id text, p_purpose text, p_wrapped_by text, p_wrapped bytea, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('data_keys'));
    IF EXISTS (SELECT FROM data_keys WHERE purpose = p_purpose) THEN
        RETURN false;
    END IF;
    INSERT INTO data_keys (id, purpose, wrapped_by, wrapped, made_at, current_from)
    VALUES (p_id, p_purpose, p_wrapped_by, p_wrapped, p_now,
            p_now + CASE WHEN EXISTS (SELECT FROM persons) THEN first_key_rests() ELSE interval '0' END);
    RETURN true;
END $$;

CREATE FUNCTION public.make_group_draw(p_region smallint, p_group uuid, p_draw uuid, p_seed_sealed text, p_seed_hash text, p_event_id uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    made draws;
BEGIN
    INSERT INTO draws (region_id, id, institution_id, group_id, day, opens_at, closes_at, seed_sealed, seed_hash)
    SELECT g.region_id, p_draw, g.institution_id, g.id, (g.collect_until AT TIME ZONE i.zone)::date,
           g.enrolment_opens_at, g.collect_until, p_seed_sealed, p_seed_hash
    FROM groups g JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
    WHERE g.region_id = p_region AND g.id = p_group AND g.filling = 'draw' AND g.filled_at IS NULL
    ON CONFLICT (region_id, group_id) WHERE group_id IS NOT NULL DO NOTHING
    RETURNING * INTO made;
    IF made.id IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM journal(p_region, p_event_id, p_now, made.institution_id, 'draw_made', p_draw,
                    jsonb_build_object('seed_hash', p_seed_hash, 'group_id', p_group), true);
    RETURN 1;
END $$;

CREATE FUNCTION public.make_next_data_key(p_id text, p_purpose text, p_wrapped_by text, p_wrapped bytea, p_now timestamp with time zone, p_current_from timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('data_keys'));
    IF EXISTS (SELECT FROM data_keys WHERE purpose = p_purpose AND current_from > p_now AND revoked_at IS NULL) THEN
        RETURN false;
    END IF;
    INSERT INTO data_keys (id, purpose, wrapped_by, wrapped, made_at, current_from)
    VALUES (p_id, p_purpose, p_wrapped_by, p_wrapped, p_now, p_current_from);
    RETURN true;
END $$;

CREATE FUNCTION public.make_room_for_session(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id IN (
        SELECT s.id FROM sessions s
        WHERE s.region_id = p_region AND s.citizen_id = p_citizen AND s.ended_at IS NULL
        ORDER BY s.used_at DESC OFFSET 49);
$$;

CREATE FUNCTION public.mark_no_shows(p_event_ids uuid[], p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
    marked integer := 0;
BEGIN
    FOR ticket IN
        SELECT a.* FROM institutions i
        JOIN appointments a ON a.region_id = i.region_id AND a.institution_id = i.id
        WHERE i.noshow_after_minutes IS NOT NULL AND a.status = 'booked' AND a.purpose <> 'home_visit'
          AND a.starts_at <= p_now - make_interval(mins => i.noshow_after_minutes)
          AND a.starts_at > p_now - interval '7 days'
        LIMIT cardinality(p_event_ids)
        FOR UPDATE OF a SKIP LOCKED
    LOOP
        marked := marked + 1;
        PERFORM apply_status(ticket, 'noshow', p_actor, p_event_ids[marked], p_now);
    END LOOP;
    RETURN marked;
END $$;

CREATE FUNCTION public.may_consent(own public.guardians, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN guardian_may(own.kinship, own.ends_on IS NOT NULL, 'consent') AND NOT (own.kinship = 'self' AND EXISTS (
        SELECT FROM persons p WHERE p.region_id = own.region_id AND p.id = own.person_id
          AND birthday(p.birth_date, 14) > local_today(own.region_id, p_now)));
END $$;

CREATE FUNCTION public.merge_persons(p_region smallint, p_twin uuid, p_person uuid, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    -- But for drafts, which are once a record.
    PERFORM move_application(a, 'withdrawn', '{}', p_actor, p_now) FROM applications a
    WHERE a.region_id = p_region AND a.person_id = p_twin AND a.status = 'draft' AND EXISTS (
        SELECT FROM applications b
        WHERE b.region_id = p_region AND b.person_id = p_person AND b.status = 'draft' AND b.group_id = a.group_id);
    UPDATE appointments SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE applications SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE draw_requests SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE waiting_persons SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE campaign_wishes SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE trials SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE documents SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE consents SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    -- What is offered to the twin names it.
    UPDATE offers SET places = replace(places::text, p_twin::text, p_person::text)::jsonb
    WHERE region_id = p_region AND id IN (
        SELECT o.id FROM waiting_persons w JOIN offers o ON o.region_id = w.region_id AND o.entry_id = w.entry_id
        WHERE w.region_id = p_region AND w.person_id = p_person
        UNION ALL
        SELECT o.id FROM appointments a JOIN offers o ON o.region_id = a.region_id AND o.appointment_id = a.id
        WHERE a.region_id = p_region AND a.person_id = p_person);
    DELETE FROM invitations WHERE region_id = p_region AND person_id = p_twin;
    UPDATE guardians SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    -- What a provider vouched for stays so: by the identity they have in common, the numbers are the same.
    UPDATE persons p
    SET last_name = t.last_name, first_name = t.first_name, patronymic = t.patronymic, birth_date = t.birth_date,
        sex = t.sex, verified_at = t.verified_at, snils_verified_at = t.snils_verified_at, updated_at = p_now
    FROM persons t
    WHERE p.region_id = p_region AND p.id = p_person AND p.verified_at IS NULL
      AND t.region_id = p_region AND t.id = p_twin AND t.verified_at IS NOT NULL;
    PERFORM erase_person(p_region, p_twin, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'person_merged', p_twin,
                    jsonb_build_object('into', p_person), false);
END $$;

CREATE FUNCTION public.move_application(moved public.applications, p_to text, p_changes jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    changed applications := jsonb_populate_record(moved, p_changes);
BEGIN
    UPDATE applications SET
        status = p_to, updated_at = p_now, decision = changed.decision, lapses = changed.lapses, test = changed.test,
        financing = changed.financing, certificate_id = changed.certificate_id, placed = changed.placed,
        certificate_cost = changed.certificate_cost, certificate_back = changed.certificate_back,
        weight = changed.weight, order_number = changed.order_number, order_date = changed.order_date,
        enrolled_on = changed.enrolled_on, left_on = changed.left_on, submitted_at = changed.submitted_at,
        decide_by = changed.decide_by, originals_by = changed.originals_by, group_id = changed.group_id,
        warnings = changed.warnings,
        offer_expires_at = CASE p_to WHEN 'offered' THEN changed.offer_expires_at END
    WHERE region_id = moved.region_id AND id = moved.id;
    -- Of a draft nobody is told.
    PERFORM journal(moved.region_id, gen_random_uuid(), p_now, p_actor, 'application_' || p_to, moved.id,
                    jsonb_build_object('from', moved.status), moved.status <> 'draft');
    IF moved.placed AND (p_to IN ('refused', 'withdrawn', 'expired', 'left', 'waiting')
                         OR changed.group_id <> moved.group_id) THEN
        PERFORM offer_group_places(moved.region_id, moved.group_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.move_appointment(p_region smallint, p_appointment uuid, place public.bookable_slots, p_actor uuid, p_event_id uuid, p_event text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    moved appointments;
BEGIN
    SELECT * INTO moved FROM appointments WHERE region_id = p_region AND id = p_appointment FOR UPDATE;
    UPDATE appointments
    SET slot_id = place.id, terms = terms_of(place), starts_at = place.starts_at, ends_at = place.ends_at,
        purpose = place.purpose, status = 'booked', sequence = sequence + 1
    WHERE region_id = p_region AND id = p_appointment;
    PERFORM engage(p_appointment, place, moved.identity);
    PERFORM journal(p_region, p_event_id, p_now, p_actor, p_event, p_appointment,
                    jsonb_build_object('from', moved.slot_id, 'to', place.id), true);
    IF moved.status = 'orphaned' THEN
        PERFORM close_rebooking(p_region, p_appointment, p_now);
    ELSE
        PERFORM free_place(p_region, moved.slot_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.new_application(place public.groups, child public.persons, p_citizen uuid, p_item jsonb, p_family uuid, p_now timestamp with time zone) RETURNS public.applications
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    made applications := jsonb_populate_record(NULL::applications, p_item);
    club institutions;
BEGIN
    SELECT * INTO club FROM institutions WHERE region_id = place.region_id AND id = place.institution_id;
    made.region_id := place.region_id;
    made.institution_id := place.institution_id;
    made.citizen_id := p_citizen;
    made.identity := child.identity;
    made.status := 'draft';
    made.placed := false;
    made.overlap_rule := club.overlap_rule;
    made.family_id := p_family;
    made.benefits := coalesce(made.benefits, '{}');
    made.wait := coalesce(made.wait, false);
    made.weight := CASE place.filling WHEN 'priority' THEN benefits_weight(place, child, made.benefits) ELSE 0 END;
    made.financing := coalesce(made.financing, place.financing #>> '{0,source}');
    made.certificate_cost := certificate_cost(place, made.certificate_id);
    made.certificate_back := 0;
    made.certificate_used := 0;
    made.warnings := '[]';
    made.lapses := 0;
    made.draw_request_id := gen_random_uuid();
    made.terms := group_terms(place);
    made.created_at := p_now;
    made.updated_at := p_now;
    RETURN made;
END $$;

CREATE FUNCTION public.nobody() RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '00000000-0000-7000-8000-0000000e5ed0'::uuid;

CREATE FUNCTION public.offer_a_free_place(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.offer_before(p_region smallint, p_groups uuid[], p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM offer_group_places(p_region, g.id, p_now) FROM groups g
    WHERE g.region_id = p_region AND g.id = ANY (p_groups) AND offers_places(g, p_now) ORDER BY g.id;
END $$;

CREATE FUNCTION public.offer_free_group_places(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.offer_group_places(p_region smallint, p_group uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.offer_place(p_region smallint, p_slot uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    freed slots;
    place bookable_slots;
    orphan record;
    entry waiting_entries;
    together uuid[];
    places jsonb;
BEGIN
    SELECT * INTO freed FROM slots WHERE region_id = p_region AND id = p_slot;
    IF freed.status <> 'open' OR freed.taken >= freed.capacity OR freed.starts_at <= p_now
       OR (freed.policy = 'draw' AND freed.internet_at > p_now) THEN
        RETURN false;
    END IF;
    place := place_offered(p_region, p_slot);
    FOR orphan IN
        SELECT o.id AS offer_id, a AS ticket
        FROM offers o JOIN appointments a ON a.region_id = o.region_id AND a.id = o.appointment_id
        WHERE o.region_id = p_region AND o.institution_id = freed.institution_id
          AND o.specialty_code = freed.specialty_code AND o.status = 'open' AND o.places = '[]'
        ORDER BY a.terms #>> '{practitioner,id}' <> freed.practitioner_id::text, o.created_at, o.id
    LOOP
        IF can_move_to(orphan.ticket, place, p_now)
           AND offer_to_ticket(p_region, orphan.offer_id, orphan.ticket, place, p_now) THEN
            RETURN true;
        END IF;
    END LOOP;
    IF NOT can_be_offered(freed, p_now) THEN
        RETURN false;
    END IF;
    FOR entry IN
        SELECT e.* FROM waiting_entries e
        WHERE e.region_id = p_region AND e.institution_id = freed.institution_id
          AND e.specialty_code = freed.specialty_code AND e.status = 'waiting' AND waits_for(e, place)
        ORDER BY e.queued_at, e.id
    LOOP
        FOR together IN SELECT places_together(freed, persons_of(entry), p_now) LOOP
            places := seated(entry, together, p_now);
            IF places IS NOT NULL AND offer_to_entry(entry, places, p_now) THEN
                RETURN true;
            END IF;
        END LOOP;
    END LOOP;
    RETURN false;
END $$;

CREATE FUNCTION public.offer_rebooking(p_region smallint, p_appointment uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM find_rebooking(p_region, open_rebooking(p_region, p_appointment, p_now), p_now);
END $$;

CREATE FUNCTION public.offer_slots(p_region smallint, p_institution uuid, p_slots uuid[], p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.offer_to_entry(entry public.waiting_entries, p_places jsonb, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    offer_id uuid := gen_random_uuid();
BEGIN
    PERFORM FROM waiting_entries
    WHERE region_id = entry.region_id AND id = entry.id AND status = 'waiting'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT lock_free_places(entry.region_id, p_places) THEN
        RETURN false;
    END IF;
    INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, entry_id, places, status, created_at)
    VALUES (entry.region_id, offer_id, entry.institution_id, entry.specialty_code, entry.citizen_id, entry.id, '[]',
            'open', p_now);
    UPDATE waiting_entries SET status = 'offered' WHERE region_id = entry.region_id AND id = entry.id;
    PERFORM hold_places(entry.region_id, offer_id, p_places, make_interval(mins => i.offer_minutes), p_now)
    FROM institutions i WHERE i.region_id = entry.region_id AND i.id = entry.institution_id;
    RETURN true;
END $$;

CREATE FUNCTION public.offer_to_family(first public.applications, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.offer_to_ticket(p_region smallint, p_offer uuid, ticket public.appointments, place public.bookable_slots, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    places jsonb := jsonb_build_array(jsonb_build_object('slot_id', place.id, 'person_id', ticket.person_id));
BEGIN
    PERFORM FROM appointments WHERE region_id = p_region AND id = ticket.id AND status = 'orphaned'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM FROM offers WHERE region_id = p_region AND id = p_offer AND status = 'open' AND offers.places = '[]'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT lock_free_places(p_region, places) THEN
        RETURN false;
    END IF;
    PERFORM hold_places(p_region, p_offer, places, make_interval(hours => place.rebooking_hours), p_now);
    RETURN true;
END $$;

CREATE FUNCTION public.offered_places(offer public.offers) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'slot_id', s.id, 'person_id', given.person_id, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
        'practitioner', jsonb_build_object('id', d.id, 'last_name', d.last_name, 'first_name', d.first_name,
                                           'patronymic', d.patronymic),
        'location', jsonb_build_object('name', l.name, 'address', l.address, 'room', l.room)
    ) ORDER BY s.starts_at, given.person_id), '[]')
    FROM jsonb_to_recordset(offer.places) AS given (slot_id uuid, person_id uuid)
    JOIN slots s ON s.region_id = offer.region_id AND s.id = given.slot_id
    JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
    JOIN locations l ON l.region_id = s.region_id AND l.id = s.location_id
$$;

CREATE FUNCTION public.offered_with(named public.applications) RETURNS SETOF public.applications
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT * FROM applications a
    WHERE a.region_id = named.region_id AND a.status = 'offered'
      AND (a.id = named.id OR a.family_id = named.family_id)
    ORDER BY a.id FOR UPDATE
$$;

CREATE FUNCTION public.offers_places(place public.groups, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT place.locked_at IS NULL AND place.taken < place.capacity AND place.waiting > 0
       AND p_now < upper(place.lessons)
       AND (place.filling = 'first_come' OR place.filled_at IS NOT NULL)
$$;

CREATE FUNCTION public.only_add() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    unchained record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        unchained := NEW;
        unchained.position := NULL;
        unchained.mac := NULL;
        IF OLD.position IS NULL AND NEW.position IS NOT NULL AND NEW.mac IS NOT NULL
           AND unchained IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.position <= (SELECT base_position FROM audit_heads
                            WHERE region_id = OLD.region_id AND log = TG_TABLE_NAME) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only added to: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION public.only_forward() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.position >= OLD.position AND NEW.base_position >= OLD.base_position
           AND (NEW.region_id, NEW.log) = (OLD.region_id, OLD.log) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a chain only goes forward: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION public.open_rebooking(p_region smallint, p_appointment uuid, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, appointment_id, places, status,
                        created_at)
    SELECT region_id, gen_random_uuid(), institution_id, specialty_code, citizen_id, id, '[]', 'open', p_now
    FROM appointments WHERE region_id = p_region AND id = p_appointment
    RETURNING id
$$;

CREATE FUNCTION public.open_session(p_platform text, p_page text, p_user text, p_new_citizen uuid, p_session uuid, p_client text, p_token_hash bytea, p_expires_at timestamp with time zone, p_staff_expires_at timestamp with time zone, p_launch_hash bytea, p_launch_until timestamp with time zone, p_launch_sessions integer, p_now timestamp with time zone) RETURNS TABLE(region smallint, page text, apps text[], institution uuid, institution_name text, citizen uuid, own_role text, practitioner uuid, practitioner_own_id text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    account uuid;
BEGIN
    SELECT p.region_id, p.external_id, p.mini_apps, i.id, i.name INTO region, page, apps, institution, institution_name
    FROM pages p JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
    WHERE p.platform = p_platform AND p.external_id = p_page;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM count_launch(region, p_launch_hash, p_launch_until, p_launch_sessions, p_now);
    SELECT e.account, e.citizen INTO account, citizen
    FROM ensure_account(region, p_platform, p_user, p_new_citizen, p_now) e;
    -- A registrar sees what a doctor sees, and stands behind them in the alphabet.
    SELECT s.role, s.practitioner_id, d.external_id INTO own_role, practitioner, practitioner_own_id
    FROM staff s LEFT JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
    WHERE s.region_id = region AND s.citizen_id = citizen AND s.institution_id = institution
    -- Whoever takes the role away waits for this session, and ends it.
    ORDER BY s.role DESC, s.external_id LIMIT 1 FOR SHARE OF s;
    IF own_role IS NOT NULL THEN
        p_token_hash := NULL;
        p_expires_at := p_staff_expires_at;
    END IF;
    IF p_token_hash IS NULL THEN
        -- So does whoever takes the page away: or it is no longer the institution's by now.
        PERFORM FROM pages p
        WHERE p.platform = p_platform AND p.external_id = p_page AND p.region_id = region AND p.institution_id = institution
        FOR SHARE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM make_room_for_session(region, citizen, p_now);
    INSERT INTO sessions (region_id, id, citizen_id, account_id, platform, client, page, token_hash,
                          created_at, used_at, expires_at)
    VALUES (region, p_session, citizen, account, p_platform, p_client, p_page, p_token_hash, p_now, p_now, p_expires_at);
    RETURN NEXT;
END $$;

CREATE FUNCTION public.order_changes(named public.applications, place public.groups, p_decision jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    starts date := coalesce((p_decision ->> 'starts_on')::date, named.enrolled_on, first_day(place, p_now));
    source text := coalesce(p_decision ->> 'financing', named.financing);
BEGIN
    PERFORM refuse(CASE
        WHEN starts NOT BETWEEN place.starts_on AND place.ends_on THEN 'start_outside_group'
        WHEN source <> named.financing AND NOT place.financing @> jsonb_build_array(jsonb_build_object('source', source))
            THEN 'financing_not_offered'
        -- The parent names it, with the application.
        WHEN source <> named.financing AND source = 'certificate' THEN 'certificate_needed'
        WHEN NOT (p_decision ->> 'originals_seen')::boolean AND 'medical_certificate' = ANY (documents_missing(named)) THEN 'documents_missing'
    END);
    RETURN jsonb_build_object(
        'decision', p_decision, 'order_number', p_decision -> 'order_number', 'order_date', p_decision -> 'order_date',
        'enrolled_on', starts, 'financing', source)
        || CASE WHEN source = named.financing THEN '{}' ELSE '{"certificate_id": null, "certificate_cost": 0}' END::jsonb;
END $$;

CREATE FUNCTION public.orphan_appointments(p_region smallint, p_slot uuid, p_count integer, p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
    orphaned uuid[] := '{}';
BEGIN
    FOR ticket IN
        SELECT * FROM appointments WHERE region_id = p_region AND slot_id = p_slot AND status = 'booked'
        ORDER BY created_at DESC, id DESC LIMIT p_count FOR UPDATE
    LOOP
        UPDATE appointments SET status = 'orphaned' WHERE region_id = p_region AND id = ticket.id;
        DELETE FROM engagements WHERE region_id = p_region AND booking_id = ticket.id;
        UPDATE slots SET taken = taken - 1 WHERE region_id = p_region AND id = p_slot;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'appointment_orphaned', ticket.id,
                        jsonb_build_object('slot_id', p_slot), true);
        orphaned := ticket.id || orphaned;
    END LOOP;
    -- Who booked first is found another time first.
    FOR number IN 1..cardinality(orphaned) LOOP
        PERFORM offer_rebooking(p_region, orphaned[number], p_now);
    END LOOP;
    RETURN cardinality(orphaned);
END $$;

CREATE TABLE public.programmes (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    direction text NOT NULL,
    level text NOT NULL,
    description text NOT NULL,
    form text DEFAULT 'in_person'::text NOT NULL,
    kind text DEFAULT 'general'::text NOT NULL,
    limitations text[] DEFAULT '{}'::text[] NOT NULL,
    hours integer,
    CONSTRAINT programmes_form_check CHECK ((form = ANY (ARRAY['in_person'::text, 'mixed'::text, 'distance'::text]))),
    CONSTRAINT programmes_hours_check CHECK ((hours > 0)),
    CONSTRAINT programmes_kind_check CHECK ((kind = ANY (ARRAY['general'::text, 'preprofessional'::text, 'sports'::text])))
);

CREATE FUNCTION public.packed_facets(place public.groups, of public.programmes) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    -- All of these operators bind alike, from the left.
    SELECT (array_position(ARRAY['technical', 'science', 'arts', 'sports', 'tourism', 'social'], of.direction) - 1)
         | ((array_position(ARRAY['introductory', 'basic', 'advanced'], of.level) - 1) << 3)
         | ((array_position(ARRAY['in_person', 'mixed', 'distance'], of.form) - 1) << 5)
         | (width_bucket(least_price(place), ARRAY[1, 1001, 2001, 3001]) << 7)
         | (bits_of(ARRAY['budget', 'certificate', 'own'], ARRAY(
               SELECT each ->> 'source' FROM jsonb_array_elements(place.financing) AS each)) << 10)
         | ((SELECT coalesce(bit_or(1 << (weekday - 1)), 0) FROM lesson_hours(place.lesson_plan)) << 13)
         | (bits_of(ARRAY['hearing', 'vision', 'speech', 'musculoskeletal', 'development', 'autism', 'intellectual'],
                    of.limitations) << 20)
         | ((place.taken >= place.capacity)::integer << 27)
$$;

CREATE FUNCTION public.pause_after(p_beyond bigint) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_beyond >= 1) THEN make_interval(mins => (LEAST(((2)::double precision ^ (LEAST((p_beyond - 1), (6)::bigint))::double precision), (60)::double precision))::integer) ELSE NULL::interval END;

CREATE FUNCTION public.persons_come_of_age() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE guardians SET kinship = kinship WHERE region_id = NEW.region_id AND person_id = NEW.id;
    RETURN NEW;
END $$;

CREATE FUNCTION public.persons_of(entry public.waiting_entries) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
    SELECT count(*) FROM waiting_persons w WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
$$;

CREATE FUNCTION public.persons_stay_verified() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM refuse('person_verified')
    WHERE NEW.verified_at IS NOT DISTINCT FROM OLD.verified_at
      AND (NEW.last_name, NEW.first_name, NEW.patronymic, NEW.birth_date, NEW.sex)
          IS DISTINCT FROM (OLD.last_name, OLD.first_name, OLD.patronymic, OLD.birth_date, OLD.sex);
    RETURN NEW;
END $$;

CREATE FUNCTION public.persons_waiting(entry public.waiting_entries) RETURNS uuid[]
    LANGUAGE sql STABLE
    AS $$
    SELECT array_agg(w.person_id ORDER BY w.person_id) FROM waiting_persons w
    WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
$$;

CREATE FUNCTION public.place_collected(named public.applications, place public.groups, p_serial integer, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.place_offered(p_region smallint, p_slot uuid) RETURNS public.bookable_slots
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    place bookable_slots;
BEGIN
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    IF place.internet_at < 'infinity' THEN
        place.internet_at := '-infinity';
    END IF;
    RETURN place;
END $$;

CREATE FUNCTION public.places_together(freed public.slots, p_count bigint, p_now timestamp with time zone) RETURNS SETOF uuid[]
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE near AS (
        SELECT s.id, s.starts_at, s.ends_at FROM slots s
        WHERE s.region_id = freed.region_id AND s.practitioner_id = freed.practitioner_id
          AND s.starts_at BETWEEN freed.starts_at - interval '1 day' AND freed.starts_at + interval '1 day'
          AND s.specialty_code = freed.specialty_code AND s.purpose = freed.purpose AND can_be_offered(s, p_now)
    ), run AS (
        SELECT ARRAY[id] AS ids, ends_at FROM near
        UNION ALL
        SELECT run.ids || near.id, near.ends_at FROM run JOIN near ON near.starts_at = run.ends_at
        WHERE cardinality(run.ids) < p_count
    )
    SELECT ids FROM run WHERE cardinality(ids) = p_count AND freed.id = ANY (ids)
    UNION ALL
    SELECT array_fill(freed.id, ARRAY[p_count::integer])
    WHERE p_count > 1 AND freed.capacity - freed.taken >= p_count AND can_be_offered(freed, p_now)
$$;

CREATE FUNCTION public.programmes_keep_facets() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    theirs uuid[];
BEGIN
    SELECT array_agg(id) INTO theirs FROM (
        SELECT id FROM groups WHERE region_id = NEW.region_id AND programme_id = NEW.id
        ORDER BY id FOR NO KEY UPDATE) AS locked;
    PERFORM keep_group_facets(NEW.region_id, theirs);
    RETURN NULL;
END $$;

CREATE FUNCTION public.put_wishes(p_region smallint, p_citizen uuid, p_campaign uuid, p_person uuid, p_groups uuid[], p_benefits text[], p_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    child persons := lock_ward(p_region, p_citizen, p_person);
    named campaigns := lock_open_campaign(p_region, p_campaign, p_now);
    place groups;
    wished uuid;
    weights smallint[] := '{}';
    written campaign_wishes;
BEGIN
    PERFORM require_consent(p_region, p_citizen, p_person, 'enrolment', p_now);
    PERFORM refuse('too_many_wishes') WHERE cardinality(p_groups) > named.most_wishes;
    FOREACH wished IN ARRAY p_groups LOOP
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = wished;
        PERFORM refuse(wish_refusal(place, child, p_campaign, p_now));
        weights := weights || benefits_weight(place, child, p_benefits);
    END LOOP;
    PERFORM refuse('benefit_unknown') WHERE EXISTS (
        SELECT FROM unnest(p_benefits) AS claimed WHERE NOT EXISTS (
            SELECT FROM groups g JOIN benefits b ON b.region_id = g.region_id AND b.institution_id = g.institution_id
            WHERE g.region_id = p_region AND g.id = ANY (p_groups) AND b.code = claimed));
    INSERT INTO campaign_wishes (region_id, id, campaign_id, citizen_id, person_id, identity, group_ids, weights,
                                 benefits, created_at, updated_at)
    VALUES (p_region, p_id, p_campaign, p_citizen, p_person, child.identity, p_groups, weights, p_benefits, p_now, p_now)
    ON CONFLICT ON CONSTRAINT campaign_wishes_one_a_child DO UPDATE
    SET citizen_id = p_citizen, group_ids = p_groups, weights = excluded.weights, benefits = p_benefits, updated_at = p_now
    WHERE campaign_wishes.person_id = p_person
    RETURNING * INTO written;
    PERFORM refuse('already_wishing') WHERE written.id IS NULL;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'wishes_put', written.id,
                    jsonb_build_object('campaign_id', p_campaign, 'person_id', p_person), false);
    RETURN shown_wishes(written);
END $$;

CREATE FUNCTION public.rebook_a_ticket(p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.record_access(p_region smallint, p_id uuid, p_now timestamp with time zone, p_operation text, p_path text, p_actor_kind text, p_actor uuid, p_role text, p_institution uuid, p_persons uuid[], p_applications uuid[], p_appointments uuid[], p_request_id text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF p_applications <> '{}' THEN
        p_persons := p_persons || ARRAY(
            SELECT person_id FROM applications WHERE region_id = p_region AND id = ANY (p_applications));
    END IF;
    IF p_appointments <> '{}' THEN
        p_persons := p_persons || ARRAY(
            SELECT person_id FROM appointments WHERE region_id = p_region AND id = ANY (p_appointments));
    END IF;
    INSERT INTO accesses (region_id, id, at, operation, path, actor_kind, actor_id, role, institution_id, person_ids,
                          request_id)
    VALUES (p_region, p_id, p_now, p_operation, p_path, p_actor_kind, p_actor, p_role, p_institution,
            ARRAY(SELECT DISTINCT unnest(p_persons) ORDER BY 1), p_request_id);
END $$;

CREATE FUNCTION public.record_test(named public.applications, p_decision jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    tested jsonb := named.test || jsonb_build_object('result', p_decision -> 'result', 'comment', p_decision -> 'comment');
BEGIN
    IF tested = named.test THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE named.status <> 'invited';
    PERFORM refuse('test_not_held') WHERE (named.test ->> 'at')::timestamptz > p_now;
    UPDATE applications SET test = tested, updated_at = p_now WHERE region_id = named.region_id AND id = named.id;
    PERFORM journal(named.region_id, gen_random_uuid(), p_now, p_actor, 'application_tested', named.id,
                    jsonb_build_object('result', p_decision -> 'result'), true);
END $$;

CREATE FUNCTION public.refresh_session(p_region smallint, p_session uuid, p_token_hash bytea, p_successor_hash bytea, p_idle interval, p_whole interval, p_grace interval, p_now timestamp with time zone) RETURNS TABLE(platform text, client text, page text, apps text[], institution uuid, institution_name text, citizen uuid, good_until timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    kept sessions;
BEGIN
    SELECT s.* INTO kept FROM sessions s WHERE s.region_id = p_region AND s.id = p_session FOR NO KEY UPDATE;
    IF NOT FOUND OR kept.ended_at IS NOT NULL OR kept.expires_at <= p_now OR kept.token_hash IS NULL THEN
        RETURN;
    END IF;
    IF kept.token_hash = p_token_hash THEN
        kept.expires_at := least(p_now + p_idle, kept.created_at + p_whole);
        UPDATE sessions s SET token_hash = p_successor_hash, previous_hash = p_token_hash, rotated_at = p_now,
               used_at = p_now, expires_at = kept.expires_at
        WHERE s.region_id = p_region AND s.id = p_session;
    ELSIF kept.previous_hash = p_token_hash AND kept.token_hash = p_successor_hash AND p_now < kept.rotated_at + p_grace THEN
        -- A double tap, or an answer that was lost on its way.
        NULL;
    ELSE
        UPDATE sessions s SET ended_at = p_now WHERE s.region_id = p_region AND s.id = p_session;
        PERFORM journal(p_region, gen_random_uuid(), p_now, kept.citizen_id, 'session_token_reused', p_session, '{}', false);
        RETURN;
    END IF;
    -- No row for an account that was joined to another meanwhile, and for a page that is gone.
    RETURN QUERY
    SELECT kept.platform, kept.client, p.external_id, p.mini_apps, i.id, i.name, kept.citizen_id, kept.expires_at
    FROM citizens c
    JOIN pages p ON p.region_id = p_region AND p.platform = kept.platform AND p.external_id = kept.page
    JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
    WHERE c.region_id = p_region AND c.id = kept.account_id AND coalesce(c.same_as, c.id) = kept.citizen_id;
END $$;

CREATE FUNCTION public.refuse(p_refusal text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal;
    END IF;
END $$;

CREATE FUNCTION public.refuse(p_refusal text, p_item integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal,
                              DETAIL = '/items/' || p_item;
    END IF;
END $$;

CREATE FUNCTION public.refuse_in_pause(p_region smallint, p_citizen uuid, p_mini_app text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    times timestamptz[] := taken_in_vain(p_region, p_citizen, p_mini_app, p_now);
    freely smallint;
    a_day smallint;
BEGIN
    IF times = '{}' THEN
        RETURN;
    END IF;
    SELECT let_go_freely, let_go_a_day INTO freely, a_day FROM regions WHERE code = p_region;
    PERFORM refuse_until(p_region, 'too_many_today', times[a_day] + interval '1 day', p_now);
    PERFORM refuse_until(p_region, CASE p_mini_app WHEN 'doctor' THEN 'hold_paused' ELSE 'applying_paused' END,
                         times[1] + pause_after(cardinality(times) - freely), p_now);
END $$;

CREATE FUNCTION public.refuse_item(p_refusal text, p_family uuid, p_item integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF p_family IS NULL THEN
        PERFORM refuse(p_refusal);
    ELSE
        PERFORM refuse(p_refusal, p_item);
    END IF;
END $$;

CREATE FUNCTION public.refuse_to_staff(place public.bookable_slots, patient public.persons, p_referral text, p_source text, p_override text, p_overridable text[], p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    refusal text := coalesce(
        booking_refusal(place, patient, p_referral, p_source, p_now),
        CASE WHEN place.access = 'referral' AND p_referral IS NULL AND p_source <> 'doctor' THEN 'referral_needed' END);
BEGIN
    IF p_override IS NULL OR refusal <> ALL (p_overridable) THEN
        PERFORM refuse(refusal);
    END IF;
    RETURN refusal;
END $$;

CREATE FUNCTION public.refuse_until(p_region smallint, p_refusal text, p_until timestamp with time zone, p_now timestamp with time zone, p_item integer DEFAULT NULL::integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF p_until > p_now THEN
        -- What is said has the region's offset. The refusal undoes this as well.
        PERFORM set_config('TimeZone', (SELECT zone FROM regions WHERE code = p_region), true);
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal,
            HINT = json_build_object('possible_at', p_until, 'retry_after_seconds',
                                     ceil(extract(epoch FROM p_until - p_now))::integer),
            DETAIL = coalesce('/items/' || p_item, '');
    END IF;
END $$;

CREATE FUNCTION public.release_hold(p_region smallint, p_citizen uuid, p_hold uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    held holds;
BEGIN
    DELETE FROM holds
    WHERE region_id = p_region AND id = p_hold AND citizen_id = p_citizen AND offer_id IS NULL
    RETURNING * INTO held;
    IF FOUND THEN
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
        PERFORM free_place(p_region, held.slot_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.release_places(p_region smallint, p_offer uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    released uuid;
BEGIN
    PERFORM FROM slots s
    WHERE s.region_id = p_region
      AND s.id IN (SELECT h.slot_id FROM holds h WHERE h.region_id = p_region AND h.offer_id = p_offer)
    ORDER BY s.id
    FOR NO KEY UPDATE OF s;
    FOR released IN
        WITH gone AS (DELETE FROM holds WHERE region_id = p_region AND offer_id = p_offer RETURNING slot_id)
        SELECT slot_id FROM gone ORDER BY slot_id
    LOOP
        PERFORM free_place(p_region, released, p_now);
    END LOOP;
END $$;

CREATE FUNCTION public.remember_wrong_code(p_region smallint, p_citizen uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM wrong_codes
    WHERE region_id = p_region AND citizen_id = p_citizen AND at <= p_now - interval '1 hour';
    INSERT INTO wrong_codes (region_id, citizen_id, id, at) VALUES (p_region, p_citizen, gen_random_uuid(), p_now);
END $$;

CREATE FUNCTION public.renew_terms(p_region smallint, p_slot uuid, p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place bookable_slots;
    ticket uuid;
    renewed integer := 0;
BEGIN
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    FOR ticket IN
        UPDATE appointments SET terms = jsonb_set(terms, '{location}', terms_of(place) -> 'location'),
               sequence = sequence + 1
        WHERE region_id = p_region AND slot_id = p_slot AND status = 'booked' RETURNING id
    LOOP
        renewed := renewed + 1;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'appointment_moved', ticket,
                        jsonb_build_object('slot_id', p_slot), true);
    END LOOP;
    RETURN renewed;
END $$;

CREATE FUNCTION public.renew_terms_at(p_region smallint, p_location uuid, p_actor uuid, p_now timestamp with time zone) RETURNS SETOF public.appointments
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place locations;
    slot uuid;
BEGIN
    SELECT * INTO place FROM locations WHERE region_id = p_region AND id = p_location;
    FOR slot IN
        SELECT DISTINCT s.id FROM slots s
        JOIN appointments a ON a.region_id = s.region_id AND a.slot_id = s.id AND a.status = 'booked'
        WHERE s.region_id = p_region AND s.institution_id = place.institution_id AND s.starts_at > p_now
          AND s.location_id = p_location
          AND a.terms -> 'location' <> jsonb_build_object('name', place.name, 'address', place.address,
                                                          'room', place.room)
        ORDER BY s.id
    LOOP
        PERFORM renew_terms(p_region, slot, p_actor, p_now);
        RETURN QUERY SELECT * FROM appointments
        WHERE region_id = p_region AND slot_id = slot AND status = 'booked';
    END LOOP;
END $$;

CREATE FUNCTION public.replace_session(p_region smallint, p_citizen uuid, p_session uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen AND ended_at IS NULL;
    RETURN FOUND;
END $$;

CREATE FUNCTION public.representatives_consent_state(p_region smallint, p_person uuid, p_purpose text, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    ever smallint;
    standing smallint;
BEGIN
    SELECT max(c.version), max(c.version) FILTER (WHERE c.withdrawn_at IS NULL) INTO ever, standing
    FROM consents c JOIN guardians g
      ON g.region_id = c.region_id AND g.citizen_id = c.citizen_id AND g.person_id = c.person_id
    WHERE c.region_id = p_region AND c.person_id = p_person AND c.purpose = p_purpose AND g.kinship IN ('child', 'ward');
    RETURN consent_state_of(ever, standing, p_purpose, p_now);
END $$;

CREATE FUNCTION public.request_draw(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_draw uuid, p_person uuid, p_wishes uuid[], p_referral text, p_request uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    patient persons;
    wanted draws;
    place bookable_slots;
    result jsonb;
    earlier jsonb;
BEGIN
    SELECT p.* INTO patient
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    -- Who closes the draw waits for the requests that are under way, and those that come after it see that it is closed.
    SELECT * INTO wanted FROM draws WHERE region_id = p_region AND id = p_draw FOR SHARE;
    earlier := idempotency_find(p_region, p_citizen, 'requestDraw', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(CASE
        WHEN patient.id IS NULL THEN 'person_not_found'
        WHEN wanted.id IS NULL THEN 'draw_not_found'
        WHEN wanted.opens_at > p_now THEN 'draw_not_open'
        WHEN wanted.closes_at <= p_now OR wanted.closed_at IS NOT NULL THEN 'draw_closed'
    END);
    PERFORM require_consent(p_region, p_citizen, patient.id, 'booking', p_now);
    FOR number IN 1..cardinality(p_wishes) LOOP
        SELECT * INTO place FROM bookable_slots
        WHERE region_id = p_region AND id = p_wishes[number] AND draw_id = p_draw AND policy = 'draw';
        PERFORM refuse(CASE WHEN place.id IS NULL THEN 'wish_not_in_draw' END);
        -- All but the moment of the release is as it will be.
        place.internet_at := '-infinity';
        PERFORM refuse(booking_refusal(place, patient, p_referral, 'internet', p_now));
    END LOOP;
    -- Their place would be drawn for nobody.
    PERFORM refuse(coalesce(
        booking_limit(place, patient, p_now),
        nullif(booking_conflict(place, patient, p_now), 'engagements_one_place_at_a_time')));
    result := jsonb_build_object(
        'id', p_request, 'draw_id', p_draw, 'status', 'waiting', 'wishes', p_wishes, 'referral_number', p_referral,
        'appointment_id', NULL, 'reason', NULL, 'created_at', p_now, 'zone', place.zone,
        'person', jsonb_build_object('id', patient.id, 'last_name', patient.last_name,
                                     'first_name', patient.first_name, 'patronymic', patient.patronymic));
    earlier := idempotency_keep(p_region, p_citizen, 'requestDraw', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO draw_requests (region_id, id, draw_id, citizen_id, person_id, identity, wishes, referral_number, status,
                               created_at)
    VALUES (p_region, p_request, p_draw, p_citizen, p_person, patient.identity, p_wishes, p_referral, 'waiting', p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'draw_requested', p_request,
                    jsonb_build_object('draw_id', p_draw, 'person_id', p_person), false);
    RETURN result;
END $$;

CREATE FUNCTION public.require_consent(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamp with time zone, p_item integer DEFAULT NULL::integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    own guardians;
    state text;
BEGIN
    SELECT * INTO own FROM guardians
    WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    -- The latest day that it is anywhere, before the region is looked up.
    IF own.ends_on <= (p_now AT TIME ZONE 'Etc/GMT-14')::date AND guardianship_over(own, p_now) THEN
        PERFORM refuse('person_not_found');
    END IF;
    IF (own.kinship <> 'self' AND guardian_may(own.kinship, own.ends_on IS NOT NULL, 'consent'))
       OR may_consent(own, p_now) THEN
        state := consent_state(p_region, p_citizen, p_person, p_purpose, p_now);
    ELSE
        state := representatives_consent_state(p_region, p_person, p_purpose, p_now);
    END IF;
    IF state = 'given' OR (state <> 'withdrawn' AND NOT (SELECT consents_required FROM regions WHERE code = p_region)) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = 'consent_missing', CONSTRAINT = 'consent_missing',
        HINT = json_build_object('purpose', p_purpose), DETAIL = coalesce('/items/' || p_item, '');
END $$;

CREATE FUNCTION public.reschedule_appointment(p_region smallint, p_citizen uuid, p_appointment uuid, p_slot uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    booked appointments;
    patient persons;
    place bookable_slots;
BEGIN
    SELECT a.* INTO booked FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = booked.person_id;
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    IF booked.slot_id = p_slot AND booked.status = 'booked' THEN
        RETURN;
    END IF;
    PERFORM refuse(CASE
        WHEN booked.id IS NULL THEN 'appointment_not_found'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN booked.status NOT IN ('booked', 'orphaned') THEN 'appointment_over'
        WHEN booked.status = 'booked' AND (booked.terms ->> 'cancel_until')::timestamptz <= p_now
            THEN 'cancellation_closed'
        WHEN (place.institution_id, place.specialty_code) <> (booked.institution_id, booked.specialty_code)
            THEN 'slot_elsewhere'
        WHEN place.purpose = 'home_visit' AND booked.home_address_sealed IS NULL THEN 'home_address_needed'
        ELSE booking_refusal(place, patient, booked.referral_number, 'internet', p_now)
    END);
    -- A ticket that goes round lets one place after the other go. Whose time the clinic took away has let nothing go.
    IF booked.status = 'booked' THEN
        PERFORM refuse_in_pause(p_region, p_citizen, 'doctor', p_now);
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
    END IF;
    PERFORM claim_place_for(booked, place, p_citizen, p_now);
    PERFORM move_appointment(p_region, p_appointment, place, p_citizen, p_event_id, 'appointment_rescheduled', p_now);
END $$;

CREATE FUNCTION public.reschedule_for_patient(p_region smallint, p_institution uuid, p_appointment uuid, p_slot uuid, p_source text, p_reason text, p_override boolean, p_overridable text[], p_actor uuid, p_event_ids uuid[], p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
    patient persons;
    place bookable_slots;
    gone_over text;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = ticket.person_id;
    SELECT * INTO place FROM bookable_slots
    WHERE region_id = p_region AND id = p_slot AND institution_id = p_institution;
    IF ticket.slot_id = p_slot AND ticket.status = 'booked' THEN
        RETURN;
    END IF;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN ticket.status NOT IN ('booked', 'orphaned', 'arrived') THEN 'appointment_over'
        WHEN place.specialty_code <> ticket.specialty_code THEN 'slot_elsewhere'
        WHEN place.purpose = 'home_visit' AND ticket.home_address_sealed IS NULL THEN 'home_address_needed'
    END);
    gone_over := refuse_to_staff(place, patient, ticket.referral_number, p_source,
                                 CASE WHEN p_override THEN p_reason END, p_overridable, p_now);
    PERFORM claim_place_for(ticket, place, NULL, p_now);
    IF ticket.status = 'arrived' OR p_override THEN
        UPDATE appointments
        SET arrived_at = NULL, override_reason = CASE WHEN p_override THEN p_reason ELSE override_reason END
        WHERE region_id = p_region AND id = p_appointment;
    END IF;
    PERFORM journal(p_region, p_event_ids[1], p_now, p_actor, 'rescheduled_by_staff', p_appointment,
                    jsonb_build_object('reason', p_reason, 'rule', gone_over), false);
    PERFORM move_appointment(p_region, p_appointment, place, p_actor, p_event_ids[2], 'appointment_rescheduled', p_now);
END $$;

CREATE FUNCTION public.reseal(p_table text, p_column text, p_region smallint, p_ids uuid[], p_before text[], p_after text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
    resealed integer;
BEGIN
    IF NOT EXISTS (SELECT FROM sealed_columns() c WHERE c.in_table = p_table AND c.in_column = p_column) THEN
        RAISE EXCEPTION 'nothing is sealed in %.%', p_table, p_column;
    END IF;
    EXECUTE format(
        'UPDATE %1$I t SET %2$I = given.after
         FROM unnest($2, $3, $4) AS given (id, before, after)
         WHERE t.region_id = $1 AND t.id = given.id AND t.%2$I = given.before', p_table, p_column)
    USING p_region, p_ids, p_before, p_after;
    GET DIAGNOSTICS resealed = ROW_COUNT;
    RETURN resealed;
END $_$;

CREATE FUNCTION public.resume_trial(p_region smallint, p_group uuid, p_identity bytea, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO engagements (region_id, booking_id, identity, times)
    SELECT t.region_id, t.id, t.identity, tstzmultirange(tstzrange(t.begins_at, t.ends_at)) FROM trials t
    WHERE t.region_id = p_region AND t.group_id = p_group AND t.identity = p_identity AND t.status = 'booked'
      AND t.ends_at > p_now
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION public.revoke_client(p_region smallint, p_actor uuid, p_client uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    known integer;
BEGIN
    UPDATE clients SET revoked_at = p_now, ended_at = p_now, generation = generation + 1, earlier_secret_hash = NULL,
                       earlier_public_keys = '{}', earlier_until = NULL
    WHERE region_id = p_region AND id = p_client AND revoked_at IS NULL
    RETURNING generation INTO known;
    IF FOUND THEN
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'client_revoked', p_client, '{}', false);
        RETURN known;
    END IF;
    SELECT generation INTO known FROM clients WHERE region_id = p_region AND id = p_client;
    RETURN known;
END $$;

CREATE FUNCTION public.revoke_sealing_key(p_id text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('data_keys'));
    IF EXISTS (SELECT FROM count_sealed() c WHERE c.key_id = p_id) THEN
        RETURN false;
    END IF;
    UPDATE data_keys SET wrapped = NULL, wrapped_by = NULL, revoked_at = p_now
    WHERE id = p_id AND purpose = 'seal' AND revoked_at IS NULL;
    RETURN true;
END $$;

CREATE FUNCTION public.revoke_signing_key(p_id text, p_now timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    INSERT INTO data_keys (id, purpose, made_at, current_from, revoked_at) VALUES (p_id, 'sign', p_now, p_now, p_now)
    ON CONFLICT (id) DO UPDATE SET wrapped = NULL, wrapped_by = NULL,
        revoked_at = coalesce(data_keys.revoked_at, excluded.revoked_at)
$$;

CREATE FUNCTION public.rewrap_data_key(p_id text, p_wrapped_by text, p_wrapped bytea, p_before bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE data_keys SET wrapped_by = p_wrapped_by, wrapped = p_wrapped WHERE id = p_id AND wrapped = p_before
$$;

CREATE FUNCTION public.rotate_client(p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_client uuid, p_secret_hash bytea, p_public_keys text[], p_keep interval, p_result jsonb, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    kept clients;
    at_once boolean := p_keep <= interval '0';
    earlier jsonb;
BEGIN
    SELECT * INTO kept FROM clients WHERE region_id = p_region AND id = p_client FOR NO KEY UPDATE;
    IF p_key IS NOT NULL THEN
        earlier := coalesce(
            idempotency_find(p_region, p_actor, 'rotateClient', p_key, p_request_hash),
            idempotency_keep(p_region, p_actor, 'rotateClient', p_key, p_request_hash, p_result, p_now));
    END IF;
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(CASE WHEN kept.id IS NULL THEN 'client_not_found'
                        WHEN kept.revoked_at IS NOT NULL THEN 'client_revoked'
                        WHEN kept.earlier_until > p_now AND NOT at_once THEN 'client_rotating' END);
    UPDATE clients SET
        secret_hash = p_secret_hash,
        public_keys = p_public_keys,
        earlier_secret_hash = CASE WHEN NOT at_once THEN kept.secret_hash END,
        earlier_public_keys = CASE WHEN at_once THEN '{}' ELSE kept.public_keys END,
        earlier_until = CASE WHEN NOT at_once THEN p_now + p_keep END,
        generation = CASE WHEN at_once THEN kept.generation + 1 ELSE kept.generation END,
        ended_at = CASE WHEN at_once THEN p_now ELSE kept.ended_at END
    WHERE region_id = p_region AND id = p_client;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'client_rotated', p_client,
                    jsonb_build_object('at_once', at_once), false);
    RETURN p_result;
END $$;

CREATE FUNCTION public.sealed_columns() RETURNS TABLE(in_table text, in_column text)
    LANGUAGE sql IMMUTABLE
    AS $$
    VALUES ('persons', 'snils_sealed'), ('persons', 'policy_sealed'), ('appointments', 'home_address_sealed'),
           ('certificates', 'number_sealed'), ('documents', 'key_sealed'), ('documents', 'name_sealed'),
           ('draws', 'seed_sealed'), ('campaigns', 'seed_sealed')
$$;

CREATE FUNCTION public.seated(entry public.waiting_entries, p_slots uuid[], p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE fits AS (
        SELECT given.number, p.id AS person_id
        FROM unnest(p_slots) WITH ORDINALITY AS given (slot_id, number)
        CROSS JOIN LATERAL place_offered(entry.region_id, given.slot_id) AS place
        JOIN waiting_persons w ON w.region_id = entry.region_id AND w.entry_id = entry.id
        JOIN persons p ON p.region_id = w.region_id AND p.id = w.person_id
        WHERE waits_for(entry, place)
          AND consent_stands(entry.region_id, entry.citizen_id, p.id, 'booking', p_now)
          AND booking_refusal(place, p, entry.referral_number, 'internet', p_now) IS NULL
          AND limit_reached(place, p, p_now) IS NULL
          AND booking_conflict(place, p, p_now) IS NULL
    ), seating AS (
        SELECT number, ARRAY[person_id] AS persons FROM fits WHERE number = 1
        UNION ALL
        SELECT fits.number, seating.persons || fits.person_id
        FROM seating JOIN fits ON fits.number = seating.number + 1 AND fits.person_id <> ALL (seating.persons)
    )
    SELECT jsonb_agg(jsonb_build_object('slot_id', p_slots[number], 'person_id', whole.persons[number]) ORDER BY number)
    FROM (SELECT persons FROM seating WHERE cardinality(persons) = cardinality(p_slots) LIMIT 1) AS whole,
         generate_subscripts(whole.persons, 1) AS number
$$;

CREATE FUNCTION public.send_message(p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_message jsonb, p_day_from timestamp with time zone, p_most_a_day integer, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    said messages := jsonb_populate_record(NULL::messages, p_message);
    earlier jsonb;
BEGIN
    PERFORM FROM groups WHERE region_id = p_region AND id = said.group_id FOR NO KEY UPDATE;
    earlier := idempotency_find(p_region, p_actor, 'sendMessage', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse('too_many_messages') WHERE p_most_a_day <= (
        SELECT count(*) FROM messages m
        WHERE m.region_id = p_region AND m.group_id = said.group_id AND m.sent_at >= p_day_from);
    SELECT count(*) INTO said.addressed FROM applications a
    WHERE a.region_id = p_region AND a.group_id = said.group_id AND a.status = ANY (said.statuses);
    said.region_id := p_region;
    said.sent_by := p_actor;
    said.sent_at := p_now;
    INSERT INTO messages SELECT said.*;
    INSERT INTO message_recipients (region_id, application_id, message_id)
    SELECT p_region, a.id, said.id FROM applications a
    WHERE a.region_id = p_region AND a.group_id = said.group_id AND a.status = ANY (said.statuses);
    INSERT INTO outbox (region_id, id, at, event, subject_id)
    SELECT p_region, gen_random_uuid(), p_now, 'group_message', r.application_id
    FROM applications a
    JOIN message_recipients r ON r.region_id = a.region_id AND r.application_id = a.id AND r.message_id = said.id
    WHERE a.region_id = p_region AND a.group_id = said.group_id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'group_message_sent', said.group_id,
                    jsonb_build_object('message_id', said.id), false);
    earlier := idempotency_keep(p_region, p_actor, 'sendMessage', p_key, p_request_hash, to_jsonb(said), p_now);
    RETURN to_jsonb(said);
END $$;

CREATE FUNCTION public.session_refused(p_region smallint, p_session uuid, p_now timestamp with time zone) RETURNS TABLE(citizen uuid, reused boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT s.citizen_id, EXISTS (
        SELECT FROM audit_trail t WHERE t.region_id = p_region AND t.subject_id = p_session
          AND t.event = 'session_token_reused' AND t.at = p_now)
    FROM sessions s WHERE s.region_id = p_region AND s.id = p_session
$$;

CREATE FUNCTION public.set_appointment_status(p_region smallint, p_institution uuid, p_appointment uuid, p_to text, p_from text[], p_from_afterwards text[], p_actor uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    ticket appointments;
    visit_on date;
    today date;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    visit_on := (ticket.starts_at AT TIME ZONE (ticket.terms ->> 'zone'))::date;
    today := (p_now AT TIME ZONE (ticket.terms ->> 'zone'))::date;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status = 'cancelled' THEN 'ticket_cancelled'
        WHEN ticket.status = 'orphaned' THEN 'ticket_without_time'
        WHEN today < visit_on OR today > visit_on AND p_from_afterwards = '{}' THEN 'ticket_of_another_day'
        WHEN ticket.status <> p_to
             AND ticket.status <> ALL (CASE WHEN today > visit_on THEN p_from_afterwards ELSE p_from END)
            THEN 'appointment_illegal_move'
        -- Whose patient had come when the clinic took the time away did not lose it then, and has none to go back to.
        WHEN p_to = 'booked' AND ticket.status <> 'booked' AND NOT EXISTS (
            SELECT FROM slots s WHERE s.region_id = p_region AND s.id = ticket.slot_id AND s.status = 'open'
              AND s.starts_at = ticket.starts_at) THEN 'ticket_without_time'
    END);
    IF ticket.status <> p_to THEN
        PERFORM apply_status(ticket, p_to, p_actor, p_event_id, p_now);
    END IF;
END $$;

CREATE FUNCTION public.shown_application(a public.applications) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', a.id, 'number', a.number, 'status', a.status, 'placed', a.placed, 'group_id', a.group_id,
        'terms', a.terms, 'decision', a.decision, 'family_id', a.family_id, 'before', applications_before(a),
        'lapses', a.lapses, 'draw_request_id', a.draw_request_id, 'draw_id', (
            SELECT d.id FROM draws d WHERE d.region_id = a.region_id AND d.group_id = a.group_id), 'test', a.test, 'financing', a.financing,
        'certificate_id', a.certificate_id, 'certificate_cost', a.certificate_cost, 'benefits', to_jsonb(a.benefits),
        'benefits_confirmed', to_jsonb(a.benefits_confirmed), 'warnings', warnings_for_staff(a), 'wait', a.wait,
        'order_number', a.order_number, 'order_date', a.order_date,
        'enrolled_on', a.enrolled_on, 'left_on', a.left_on, 'submitted_at', a.submitted_at, 'decide_by', a.decide_by,
        'originals_by', a.originals_by, 'offer_expires_at', a.offer_expires_at, 'created_at', a.created_at,
        'updated_at', a.updated_at, 'documents_missing', documents_missing(a),
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM persons p WHERE p.region_id = a.region_id AND p.id = a.person_id
$$;

CREATE TABLE public.consents (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    version smallint NOT NULL,
    language text NOT NULL,
    text_hash text NOT NULL,
    kinship text NOT NULL,
    channel text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone
);

CREATE FUNCTION public.shown_consent(c public.consents, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', c.id, 'person_id', c.person_id, 'purpose', c.purpose, 'version', c.version, 'text_hash', c.text_hash,
        'kinship', c.kinship, 'given_at', c.given_at, 'withdrawn_at', c.withdrawn_at,
        'enough', c.withdrawn_at IS NULL AND c.version >= consent_needed(c.purpose, p_now))
$$;

CREATE TABLE public.documents (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    kind text NOT NULL,
    media_type text NOT NULL,
    bytes integer NOT NULL,
    content_hash bytea,
    name_sealed text,
    key_sealed text,
    created_at timestamp with time zone NOT NULL,
    look_at timestamp with time zone NOT NULL,
    missing boolean DEFAULT false NOT NULL,
    deleted_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT documents_bytes_check CHECK ((bytes > 0)),
    CONSTRAINT documents_erased CHECK (((erased_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT documents_key CHECK (((deleted_at IS NULL) = (key_sealed IS NOT NULL))),
    CONSTRAINT documents_kind_check CHECK ((kind = ANY (ARRAY['application'::text, 'parent_identity'::text, 'child_identity'::text, 'authority'::text, 'medical_certificate'::text, 'snils'::text, 'other'::text]))),
    CONSTRAINT documents_media_type_check CHECK ((media_type = ANY (ARRAY['application/pdf'::text, 'image/jpeg'::text, 'image/png'::text, 'image/heic'::text]))),
    CONSTRAINT documents_stub CHECK (((deleted_at IS NULL) OR ((content_hash IS NULL) AND (name_sealed IS NULL))))
);

CREATE FUNCTION public.shown_document(d public.documents) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', d.id, 'application_id', d.application_id, 'kind', d.kind, 'media_type', d.media_type, 'bytes', d.bytes,
        'created_at', d.created_at, 'zone', i.zone, 'name_sealed', d.name_sealed)
    FROM institutions i WHERE i.region_id = d.region_id AND i.id = d.institution_id
$$;

CREATE FUNCTION public.shown_entry(entry public.waiting_entries, p_persons uuid[], p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', entry.id, 'practitioner_id', entry.practitioner_id, 'person_ids', to_jsonb(p_persons),
        'day_from', entry.day_from, 'day_to', entry.day_to, 'time_from', entry.time_from, 'time_to', entry.time_to,
        'referral_number', entry.referral_number, 'status', entry.status, 'lapses', entry.lapses,
        'created_at', entry.created_at, 'ended_at', entry.ended_at, 'before', waiting_before(entry),
        'institution', jsonb_build_object('id', i.id, 'name', i.name, 'zone', i.zone),
        'specialty', jsonb_build_object('code', y.code, 'name_ru', y.name_ru, 'name_en', y.name_en),
        'offer_id', (SELECT o.id FROM offers o
                     WHERE o.region_id = entry.region_id AND o.entry_id = entry.id AND o.status = 'open'),
        'moved', left_queue(entry, p_now))
    FROM institutions i, specialties y
    WHERE i.region_id = entry.region_id AND i.id = entry.institution_id AND y.code = entry.specialty_code
$$;

CREATE FUNCTION public.shown_group(place public.groups) RETURNS json
    LANGUAGE sql STABLE
    AS $$
    SELECT row_to_json(shown) FROM (
        SELECT place.id, place.institution_id, place.programme_id, r.name AS programme_name, r.direction, r.level,
               place.name, place.school_year, place.age_from, place.age_to, place.age_rule, place.age_on,
               place.age_by_year, place.capacity, place.capacity - place.taken AS free, place.waiting, place.min_size,
               place.starts_on, place.ends_on, place.hours_a_year, place.enrolment_opens_at, place.enrolment_closes_at,
               place.lesson_plan, place.places, place.teachers, place.financing, place.documents, place.trial_places,
               place.entrance_test, place.instant, place.waiting_list, place.filling, place.collect_until,
               place.filled_at, place.continues_id, place.campaign_id, place.locked_at IS NOT NULL AS locked,
               i.zone, i.name AS institution_name, i.municipality
        FROM programmes r
        JOIN institutions i ON i.region_id = place.region_id AND i.id = place.institution_id
        WHERE r.region_id = place.region_id AND r.id = place.programme_id) AS shown
$$;

CREATE FUNCTION public.shown_to_parent(a public.applications) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT shown_application(a) || jsonb_build_object('warnings', a.warnings)
$$;

CREATE TABLE public.trials (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    day date NOT NULL,
    starts time without time zone NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    place smallint NOT NULL,
    status text DEFAULT 'booked'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT trials_status_check CHECK ((status = ANY (ARRAY['booked'::text, 'cancelled'::text, 'called_off'::text])))
);

CREATE FUNCTION public.shown_trial(t public.trials) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', t.id, 'status', t.status, 'group_id', t.group_id, 'group_name', g.name, 'programme_name', r.name,
        'institution_id', i.id, 'institution_name', i.name, 'zone', i.zone, 'day', t.day, 'starts', t.starts,
        'begins_at', t.begins_at, 'ends_at', t.ends_at, 'created_at', t.created_at,
        'address', coalesce(g.places -> t.place ->> 'address', g.places -> 0 ->> 'address'),
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM groups g
    JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
    JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
    JOIN persons p ON p.region_id = t.region_id AND p.id = t.person_id
    WHERE g.region_id = t.region_id AND g.id = t.group_id
$$;

CREATE TABLE public.campaign_wishes (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    group_ids uuid[] NOT NULL,
    weights smallint[] NOT NULL,
    benefits text[] DEFAULT '{}'::text[] NOT NULL,
    lot integer,
    matched_group_id uuid,
    rank smallint,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT campaign_wishes_weighed CHECK ((cardinality(group_ids) = cardinality(weights)))
);

CREATE FUNCTION public.shown_wishes(w public.campaign_wishes) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', w.id, 'campaign_id', w.campaign_id, 'group_ids', to_jsonb(w.group_ids), 'benefits', to_jsonb(w.benefits),
        'matched_group_id', w.matched_group_id, 'rank', w.rank, 'created_at', w.created_at, 'updated_at', w.updated_at,
        'zone', r.zone, 'matched', w.lot IS NOT NULL,
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM persons p, regions r WHERE p.region_id = w.region_id AND p.id = w.person_id AND r.code = w.region_id
$$;

CREATE FUNCTION public.shrink_slot(p_region smallint, p_slot uuid, p_capacity integer, p_actor uuid, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    held integer;
    booked integer;
    orphaned integer;
BEGIN
    UPDATE slots SET status = 'closed' WHERE region_id = p_region AND id = p_slot;
    DELETE FROM holds WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    UPDATE slots SET taken = taken - held WHERE region_id = p_region AND id = p_slot;
    PERFORM withdraw_offers(p_region, p_slot, p_now);
    SELECT taken INTO booked FROM slots WHERE region_id = p_region AND id = p_slot;
    orphaned := orphan_appointments(p_region, p_slot, greatest(booked - p_capacity, 0), p_actor, p_now);
    UPDATE slots SET status = 'open', capacity = p_capacity WHERE region_id = p_region AND id = p_slot;
    RETURN orphaned;
END $$;

CREATE FUNCTION public.sight_accounts() RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(array_agg(other.id), '{}')
    FROM citizens mine
    JOIN citizens other ON other.region_id = mine.region_id
        AND coalesce(mine.same_as, mine.id) IN (other.id, other.same_as)
    WHERE mine.region_id = sight_region() AND mine.id = sight_citizen()
$$;

CREATE FUNCTION public.sight_applications() RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(array_agg(id), '{}') FROM applications
    WHERE region_id = sight_region() AND person_id = ANY (sight_family())
$$;

CREATE FUNCTION public.sight_family() RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(array_agg(person_id), '{}') FROM guardians
    WHERE region_id = sight_region() AND citizen_id = sight_citizen()
$$;

CREATE FUNCTION public.sight_groups() RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(array_agg(given.group_id), '{}')
    FROM teachers t JOIN group_teachers given ON given.region_id = t.region_id AND given.teacher_id = t.id
    WHERE t.region_id = sight_region() AND t.citizen_id = sight_citizen()
$$;

CREATE FUNCTION public.sight_identities() RETURNS bytea[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT coalesce(array_agg(identity), '{}') FROM guardians
    WHERE region_id = sight_region() AND citizen_id = sight_citizen()
$$;

CREATE FUNCTION public.stand_on_consent_of(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text) RETURNS TABLE(citizen_id uuid)
    LANGUAGE sql STABLE
    AS $$
    SELECT p_citizen
    UNION ALL
    SELECT g.citizen_id FROM guardians g
    WHERE g.region_id = p_region AND g.person_id = p_person AND g.citizen_id <> p_citizen
      AND NOT guardian_may(g.kinship, g.ends_on IS NOT NULL, 'consent')
      AND NOT EXISTS (
        SELECT FROM consents c JOIN guardians k
          ON k.region_id = c.region_id AND k.person_id = c.person_id AND k.citizen_id = c.citizen_id
        WHERE c.region_id = p_region AND c.person_id = p_person AND c.citizen_id <> p_citizen AND c.purpose = p_purpose
          AND c.withdrawn_at IS NULL AND k.kinship IN ('child', 'ward'))
$$;

CREATE FUNCTION public.stands_on_consent(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamp with time zone) RETURNS TABLE(kind text, id uuid)
    LANGUAGE sql STABLE
    AS $$
    -- Who waits is not offered what is given up in the same breath: the order is that of the kinds.
    SELECT 'waiting_entry', e.id
    FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
    WHERE p_purpose = 'booking' AND w.region_id = p_region AND w.person_id = p_person AND w.active
      AND e.citizen_id = p_citizen AND e.status IN ('waiting', 'offered')
    UNION ALL
    SELECT 'draw_request', r.id FROM draw_requests r JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
    WHERE p_purpose = 'booking' AND r.region_id = p_region AND r.person_id = p_person AND r.citizen_id = p_citizen
      AND r.status = 'waiting' AND d.closes_at > p_now AND d.closed_at IS NULL
    UNION ALL
    SELECT 'appointment', a.id FROM appointments a
    WHERE p_purpose = 'booking' AND a.region_id = p_region AND a.person_id = p_person AND a.citizen_id = p_citizen
      AND (a.status = 'orphaned' OR (a.status = 'booked' AND a.starts_at > p_now
                                     AND (a.terms ->> 'cancel_until')::timestamptz > p_now))
    UNION ALL
    SELECT 'wishes', w.id FROM campaign_wishes w JOIN campaigns c ON c.region_id = w.region_id AND c.id = w.campaign_id
    WHERE p_purpose = 'enrolment' AND w.region_id = p_region AND w.person_id = p_person AND w.citizen_id = p_citizen
      AND c.wishes_until > p_now AND c.closed_at IS NULL
    UNION ALL
    SELECT 'trial', t.id FROM trials t
    WHERE p_purpose = 'enrolment' AND t.region_id = p_region AND t.person_id = p_person AND t.citizen_id = p_citizen
      AND t.status = 'booked' AND t.begins_at > p_now
    UNION ALL
    (SELECT 'application', a.id FROM applications a
     WHERE p_purpose = 'enrolment' AND a.region_id = p_region AND a.person_id = p_person AND a.citizen_id = p_citizen
       AND a.status IN ('draft', 'submitted', 'under_review', 'invited', 'approved', 'waiting', 'offered')
     ORDER BY a.group_id)
$$;

CREATE FUNCTION public.status_on_coming(place public.groups, p_seated boolean, p_wait boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN place.filling IN ('priority', 'draw') AND place.filled_at IS NULL THEN 'collected'
        WHEN p_seated AND place.instant THEN 'enrolled'
        WHEN p_seated THEN 'submitted'
        WHEN p_wait AND place.waiting_list THEN 'waiting'
    END
$$;

CREATE FUNCTION public.submit_application(p_region smallint, p_citizen uuid, p_application uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := lock_own_application(p_region, p_citizen, p_application);
    place groups;
    child persons;
    wish applications;
    comes_as text;
BEGIN
    IF named.status <> 'draft' THEN
        PERFORM refuse('application_illegal_move') WHERE named.serial IS NULL;
        RETURN;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    PERFORM offer_before(p_region, ARRAY[named.group_id], p_now);
    PERFORM lock_children(p_region, ARRAY[named.person_id]);
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = named.person_id;
    wish := draft_renewed(named, place, child, '{}', p_now);
    PERFORM refuse(application_refusal(place, child, wish, p_now));
    PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now);
    comes_as := status_on_coming(place, place.taken < place.capacity, wish.wait);
    PERFORM refuse('group_full') WHERE comes_as IS NULL;
    wish := with_warnings(as_submitted(wish, place, comes_as, p_now), place, p_citizen, 0, p_now);
    UPDATE applications SET status = wish.status, placed = wish.placed, overlap_rule = wish.overlap_rule,
        submitted_at = p_now, updated_at = p_now, decide_by = wish.decide_by, enrolled_on = wish.enrolled_on,
        weight = wish.weight, certificate_cost = wish.certificate_cost, terms = wish.terms, warnings = wish.warnings
    WHERE region_id = p_region AND id = p_application;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'application_' || wish.status, wish.id,
                    jsonb_build_object('from', 'draft', 'group_id', wish.group_id, 'person_id', wish.person_id), true);
END $$;

CREATE FUNCTION public.take_confirmation(p_region smallint, p_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    WITH taken AS (
        UPDATE confirmations SET status = 'checking'
        WHERE region_id = p_region AND id = p_id AND status = 'begun' AND expires_at > p_now
        RETURNING citizen_id)
    SELECT jsonb_agg(jsonb_build_object(
               'platform', c.platform,
               'ending', CASE WHEN length(c.external_id) > 4 THEN right(c.external_id, 3) ELSE '' END)
           ORDER BY c.same_as IS NOT NULL, c.created_at, c.id)
    FROM taken t JOIN citizens c ON c.region_id = p_region AND (c.id = t.citizen_id OR c.same_as = t.citizen_id)
$$;

CREATE FUNCTION public.take_place(place public.bookable_slots) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE slots SET taken = taken + 1
    WHERE region_id = place.region_id AND id = place.id AND status = 'open' AND capacity - taken > 0
      AND (starts_at, ends_at, practitioner_id, location_id)
          = (place.starts_at, place.ends_at, place.practitioner_id, place.location_id);
    IF NOT FOUND THEN
        PERFORM refuse('time_taken');
    END IF;
END $$;

CREATE FUNCTION public.take_turns(p_region smallint, p_citizen uuid, p_identities bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM regions WHERE code = p_region
        AND num_nonnulls(person_bookings_a_day, account_bookings_a_day, let_go_freely, let_go_a_day) > 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(turn) FROM (
        SELECT hashtextextended(p_citizen::text, p_region) AS turn
        UNION
        -- As booking_limit() has it.
        SELECT hashtextextended(encode(identity, 'hex'), p_region) FROM unnest(p_identities) AS identity
        ORDER BY 1) AS turns;
END $$;

CREATE FUNCTION public.taken_in_vain(p_region smallint, p_citizen uuid, p_mini_app text, p_now timestamp with time zone) RETURNS timestamp with time zone[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT at FROM places_let_go
        WHERE region_id = p_region AND citizen_id = p_citizen AND at > p_now - interval '1 day' AND mini_app = p_mini_app
        UNION ALL
        SELECT held_at FROM holds
        WHERE region_id = p_region AND citizen_id = p_citizen AND offer_id IS NULL AND p_mini_app = 'doctor'
          AND held_at > p_now - interval '1 day'
        ORDER BY 1 DESC);
END $$;

CREATE FUNCTION public.takes_more(was public.applications, now_is public.applications) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT certificate_share(now_is) <> 'none' AND NOT (
        certificate_share(was) = 'spent' AND was.certificate_id = now_is.certificate_id
        AND now_is.certificate_cost <= was.certificate_cost)
$$;

CREATE FUNCTION public.tell_members(change public.lesson_changes, p_on date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    told integer;
BEGIN
    INSERT INTO outbox (region_id, id, at, event, subject_id)
    SELECT m.region_id, gen_random_uuid(), change.changed_at,
           CASE WHEN change.moved_to IS NULL THEN 'lesson_cancelled' ELSE 'lesson_moved' END, m.application_id
    FROM group_members m
    WHERE m.region_id = change.region_id AND m.group_id = change.group_id
      AND m.since <= p_on AND (m.until IS NULL OR m.until >= p_on);
    GET DIAGNOSTICS told = ROW_COUNT;
    RETURN told;
END $$;

CREATE FUNCTION public.terms_of(place public.bookable_slots) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'starts_at', place.starts_at, 'ends_at', place.ends_at, 'zone', place.zone, 'purpose', place.purpose,
        'cancel_until', place.starts_at - make_interval(mins => place.cancel_until_minutes),
        'institution', jsonb_build_object('id', place.institution_id, 'name', place.name, 'address', place.address,
                                          'phone', place.phone),
        'practitioner', jsonb_build_object('id', place.practitioner_id, 'last_name', place.last_name,
                                           'first_name', place.first_name, 'patronymic', place.patronymic),
        'specialty', jsonb_build_object('code', place.specialty_code, 'name_ru', place.name_ru,
                                        'name_en', place.name_en),
        'location', jsonb_build_object('name', place.location_name, 'address', place.location_address,
                                       'room', place.room))
$$;

CREATE FUNCTION public.terms_refusal(place public.groups, child public.persons, wish public.applications) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN CASE
            WHEN NOT place.financing @> jsonb_build_array(jsonb_build_object('source', wish.financing))
                THEN 'financing_not_offered'
            WHEN (wish.financing = 'certificate') <> (wish.certificate_id IS NOT NULL) THEN 'certificate_needed'
            WHEN EXISTS (
                SELECT FROM unnest(wish.benefits) AS claimed WHERE NOT EXISTS (
                    SELECT FROM benefits b
                    WHERE b.region_id = place.region_id AND b.institution_id = place.institution_id
                      AND b.code = claimed)
            ) THEN 'benefit_unknown'
        END;
END $$;

CREATE FUNCTION public.ticket_answer(place public.bookable_slots, patient public.persons, p_referral text, p_home_address text, p_appointment uuid, p_number text, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_build_object(
        'id', p_appointment, 'region_id', place.region_id, 'number', p_number, 'status', 'booked', 'slot_id', place.id,
        'terms', terms_of(place), 'sequence', 0, 'referral_number', p_referral, 'home_address_sealed', p_home_address, 'created_at', p_now,
        'cancelled_at', NULL,
        'person', jsonb_build_object('id', patient.id, 'last_name', patient.last_name,
                                     'first_name', patient.first_name, 'patronymic', patient.patronymic))
$$;

CREATE FUNCTION public.transfer_application(p_region smallint, p_institution uuid, p_application uuid, p_group uuid, p_order jsonb, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := lock_application(p_region, NULL, p_institution, p_application);
    zone text := (SELECT i.zone FROM institutions i WHERE i.region_id = p_region AND i.id = p_institution);
    place groups;
    starts date;
    used integer := named.certificate_cost - certificate_back(named, p_now);
BEGIN
    IF named.status = 'enrolled' AND named.group_id = p_group THEN
        RETURN;
    END IF;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
    starts := coalesce((p_order ->> 'starts_on')::date, first_day(place, p_now));
    PERFORM refuse(transfer_refusal(named, place, starts, p_order ->> 'age_reason', (p_now AT TIME ZONE zone)::date));
    UPDATE applications SET
        group_id = p_group, terms = group_terms(place), order_number = p_order ->> 'order_number',
        order_date = (p_order ->> 'order_date')::date, enrolled_on = starts, certificate_used = used,
        certificate_cost = used + certificate_share_from(
            place, certificate_id, greatest(starts::timestamp AT TIME ZONE zone, p_now)),
        updated_at = p_now
    WHERE region_id = p_region AND id = p_application;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'application_transferred', p_application,
                    jsonb_build_object('from', named.group_id, 'to', p_group) || p_order, true);
    PERFORM offer_group_places(p_region, named.group_id, p_now);
END $$;

CREATE FUNCTION public.transfer_refusal(named public.applications, place public.groups, p_starts date, p_age_reason text, p_today date) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    child persons;
BEGIN
    SELECT * INTO child FROM persons WHERE region_id = named.region_id AND id = named.person_id;
    RETURN CASE
        WHEN named.status <> 'enrolled' THEN 'application_illegal_move'
        WHEN place.filling <> 'first_come' AND place.filled_at IS NULL THEN 'group_not_filled'
        WHEN p_starts NOT BETWEEN place.starts_on AND place.ends_on THEN 'start_outside_group'
        WHEN NOT place.financing @> jsonb_build_array(jsonb_build_object('source', named.financing))
             OR (named.certificate_id IS NOT NULL AND NOT has_price_in_unit(place, named.certificate_id))
            THEN 'financing_not_offered'
        WHEN p_age_reason IS NULL THEN age_refusal(place, child.birth_date, p_today)
    END;
END $$;

CREATE FUNCTION public.trial_refusal(place public.groups, child public.persons, p_now timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(
        age_refusal(place, child.birth_date, (
            SELECT (p_now AT TIME ZONE i.zone)::date FROM institutions i
            WHERE i.region_id = place.region_id AND i.id = place.institution_id)),
        CASE WHEN EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity AND a.placed
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ) THEN 'already_applied' END)
$$;

CREATE FUNCTION public.trials_keep_step() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    most smallint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT trial_places INTO most FROM groups
        WHERE region_id = NEW.region_id AND id = NEW.group_id FOR NO KEY UPDATE;
        PERFORM refuse('trial_full') WHERE most <= (
            SELECT count(*) FROM trials t
            WHERE t.region_id = NEW.region_id AND t.group_id = NEW.group_id AND t.day = NEW.day
              AND t.starts = NEW.starts AND t.status = 'booked');
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (NEW.region_id, NEW.id, NEW.identity, tstzmultirange(tstzrange(NEW.begins_at, NEW.ends_at)));
    ELSIF NEW.status <> OLD.status THEN
        PERFORM refuse('trial_over') WHERE OLD.status <> 'booked';
        DELETE FROM engagements WHERE region_id = NEW.region_id AND booking_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.trials_near(place public.groups, p_citizen uuid, p_identity bytea, p_near tstzmultirange) RETURNS TABLE(kind text, name text, times tstzmultirange, addresses text[], engaged boolean, own boolean)
    LANGUAGE sql STABLE
    AS $$
    SELECT 'lesson', r.name, e.times, addresses_of(g.places), true, EXISTS (
        SELECT FROM guardians k
        WHERE k.region_id = t.region_id AND k.citizen_id = p_citizen AND k.person_id = t.person_id)
    FROM engagements e
    JOIN trials t ON t.region_id = e.region_id AND t.id = e.booking_id AND t.group_id <> place.id
    JOIN groups g ON g.region_id = t.region_id AND g.id = t.group_id
    JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
    WHERE e.region_id = place.region_id AND e.identity = p_identity AND e.times && p_near
$$;

CREATE FUNCTION public.try_confirmation_code(p_region smallint, p_citizen uuid, p_id uuid, p_code_hash bytea, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    tried confirmations;
BEGIN
    SELECT * INTO tried FROM confirmations
    WHERE region_id = p_region AND id = p_id AND citizen_id = p_citizen FOR UPDATE;
    IF tried.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM refuse('confirmation_over') WHERE tried.status = 'failed' OR tried.expires_at <= p_now;
    IF tried.code_hash = p_code_hash THEN
        RETURN true;
    END IF;
    IF tried.status = 'awaiting_code' THEN
        UPDATE confirmations
        SET wrong_codes = wrong_codes + 1,
            status = CASE WHEN wrong_codes < 4 THEN status ELSE 'failed' END,
            failure = CASE WHEN wrong_codes < 4 THEN NULL ELSE 'wrong_codes' END,
            claims_sealed = CASE WHEN wrong_codes < 4 THEN claims_sealed END
        WHERE region_id = p_region AND id = p_id;
    END IF;
    RETURN false;
END $$;

CREATE FUNCTION public.try_offer(p_region smallint, p_offer uuid) RETURNS public.offers
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.unused_account(p_before timestamp with time zone, p_now timestamp with time zone) RETURNS TABLE(region_id smallint, citizen_id uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT c.region_id, c.id FROM regions r CROSS JOIN LATERAL (
        SELECT o.region_id, o.id FROM citizens o
        WHERE o.region_id = r.code AND o.seen_at < p_before AND o.same_as IS NULL
          AND NOT EXISTS (SELECT FROM citizens j
                          WHERE j.region_id = o.region_id AND j.same_as = o.id AND j.seen_at >= p_before)
          AND NOT is_busy(o.region_id, o.id, p_now)
        ORDER BY o.seen_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) c LIMIT 1
$$;

CREATE FUNCTION public.update_draft(p_region smallint, p_citizen uuid, p_application uuid, p_changes jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := lock_own_application(p_region, p_citizen, p_application);
    place groups;
    child persons;
    wish applications;
BEGIN
    PERFORM refuse('application_illegal_move') WHERE named.status <> 'draft';
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = named.person_id;
    wish := draft_renewed(named, place, child, p_changes, p_now);
    PERFORM refuse(draft_refusal(place, child, wish, p_now));
    UPDATE applications SET wait = wish.wait, financing = wish.financing, certificate_id = wish.certificate_id,
        certificate_cost = wish.certificate_cost, benefits = wish.benefits, weight = wish.weight, terms = wish.terms,
        updated_at = p_now
    WHERE region_id = p_region AND id = p_application;
END $$;

CREATE FUNCTION public.upload_document(p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_document jsonb, p_limits jsonb, p_event_id uuid, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    made documents := jsonb_populate_record(NULL::documents, p_document);
    named applications;
    shown jsonb;
    earlier jsonb;
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    named := application_of_family(p_region, p_citizen, made.application_id);
    PERFORM FROM applications WHERE region_id = p_region AND id = named.id FOR NO KEY UPDATE;
    -- Once more: it may have been decided on meanwhile.
    named := application_of_family(p_region, p_citizen, made.application_id);
    earlier := idempotency_find(p_region, p_citizen, 'uploadDocument', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(document_refusal(named, p_citizen, made.bytes, p_limits, p_now));
    made.region_id := p_region;
    made.institution_id := named.institution_id;
    made.person_id := named.person_id;
    made.citizen_id := p_citizen;
    made.created_at := p_now;
    made.look_at := p_now + interval '1 day';
    made.missing := false;
    INSERT INTO documents SELECT made.*;
    -- The request holds the name of the file, so the key need not keep it.
    shown := shown_document(made) - 'name_sealed';
    PERFORM idempotency_keep(p_region, p_citizen, 'uploadDocument', p_key, p_request_hash, shown, p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'document_uploaded', made.id,
                    jsonb_build_object('application_id', made.application_id, 'kind', made.kind), true);
    RETURN shown;
END $$;

CREATE FUNCTION public.verify_person(p_region smallint, p_citizen uuid, p_person uuid, p_twins uuid[], p_kinship text, p_verified jsonb, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    given persons := jsonb_populate_record(NULL::persons, p_verified);
    twins uuid[];
BEGIN
    -- Whom one of those who look after the person has written down once more.
    twins := ARRAY(
        SELECT unnest(p_twins)
        UNION
        SELECT t.person_id FROM guardians g JOIN guardians t
          ON t.region_id = g.region_id AND t.citizen_id = g.citizen_id AND t.identity = given.identity
        WHERE g.region_id = p_region AND g.person_id = ANY (p_twins || p_person) AND t.person_id <> p_person);
    PERFORM FROM persons WHERE region_id = p_region AND id = ANY (twins) ORDER BY id FOR UPDATE;
    -- Who looks after several of them looks after one from now on.
    DELETE FROM guardians t
    WHERE t.region_id = p_region AND t.person_id = ANY (twins) AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = t.citizen_id
          AND (g.person_id = p_person OR (g.person_id = ANY (twins) AND g.person_id < t.person_id)));
    PERFORM change_identity(p_region, one, given.identity) FROM unnest(twins || p_person) AS one;
    PERFORM merge_persons(p_region, twin, p_person, p_citizen, p_now) FROM unnest(twins) AS twin;
    UPDATE persons
    SET identity = given.identity, last_name = given.last_name, first_name = given.first_name,
        patronymic = given.patronymic, birth_date = given.birth_date, sex = given.sex,
        snils_sealed = given.snils_sealed, policy_sealed = given.policy_sealed, verified_at = p_now,
        snils_verified_at = given.snils_verified_at, updated_at = p_now
    WHERE region_id = p_region AND id = p_person;
    UPDATE guardians SET kinship = p_kinship
    WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'person_verified', p_person, '{}', false);
END $$;

CREATE FUNCTION public.waiting_before(entry public.waiting_entries) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT CASE WHEN entry.status = 'waiting' THEN (
        SELECT count(*) FROM waiting_entries e
        WHERE e.region_id = entry.region_id AND e.institution_id = entry.institution_id
          AND e.specialty_code = entry.specialty_code AND e.status = 'waiting'
          AND (e.queued_at, e.id) < (entry.queued_at, entry.id)) END
$$;

CREATE FUNCTION public.waits_for(entry public.waiting_entries, place public.bookable_slots) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT place.purpose IN ('routine', 'referral', 'diagnostics')
       AND (entry.practitioner_id IS NULL OR entry.practitioner_id = place.practitioner_id)
       AND (place.starts_at AT TIME ZONE place.zone)::date BETWEEN entry.day_from AND entry.day_to
       AND (place.starts_at AT TIME ZONE place.zone)::time >= entry.time_from
       AND (place.starts_at AT TIME ZONE place.zone)::time <= entry.time_to
       AND EXISTS (
           SELECT FROM waiting_persons w JOIN persons p ON p.region_id = w.region_id AND p.id = w.person_id
           WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
             AND is_for(place.age_from, place.age_to, place.sex, (place.starts_at AT TIME ZONE place.zone)::date,
                        p.birth_date, p.sex))
       AND NOT EXISTS (
           SELECT FROM offers o
           WHERE o.region_id = entry.region_id AND o.entry_id = entry.id
             AND o.places @> jsonb_build_array(jsonb_build_object('slot_id', place.id)))
$$;

CREATE FUNCTION public.warnings_for_staff(a public.applications) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(jsonb_agg(warning || '{"kind": "busy", "name": null}'), '[]')
    FROM jsonb_array_elements(a.warnings) AS warning
$$;

CREATE FUNCTION public.wish_refusal(place public.groups, child public.persons, p_campaign uuid, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN CASE
        WHEN place.campaign_id IS DISTINCT FROM p_campaign THEN 'wish_not_in_campaign'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        ELSE applicant_refusal(place, child, p_now)
    END;
END $$;

CREATE FUNCTION public.with_home_addresses(p_region smallint, p_tickets jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT jsonb_agg(given.ticket || jsonb_build_object('home_address_sealed', a.home_address_sealed) ORDER BY given.number)
    FROM jsonb_array_elements(p_tickets) WITH ORDINALITY AS given (ticket, number)
    LEFT JOIN appointments a ON a.region_id = p_region AND a.id = (given.ticket ->> 'id')::uuid
$$;

CREATE FUNCTION public.with_travel(p_times tstzmultirange, p_minutes integer) RETURNS tstzmultirange
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN p_minutes = 0 THEN p_times ELSE (
        SELECT range_agg(tstzrange(lower(one) - make_interval(mins => p_minutes),
                                   upper(one) + make_interval(mins => p_minutes)))
        FROM unnest(p_times) AS one) END
$$;

CREATE FUNCTION public.with_warnings(wish public.applications, place public.groups, p_citizen uuid, p_item integer, p_now timestamp with time zone) RETURNS public.applications
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    minutes integer := (SELECT travel_minutes FROM institutions
                        WHERE region_id = place.region_id AND id = place.institution_id);
    too_close boolean;
    busy boolean;
    seated boolean := wish.placed AND (wish.overlap_rule = 'refuse' OR wish.status = 'enrolled');
BEGIN
    wish.warnings := '[]';
    -- Most children are booked nowhere else, and in the first minute that is all there is time to find out.
    IF NOT EXISTS (SELECT FROM engagements e WHERE e.region_id = wish.region_id AND e.identity = wish.identity)
       AND NOT EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = wish.region_id AND a.identity = wish.identity AND a.placed AND a.id <> wish.id
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled')) THEN
        RETURN wish;
    END IF;
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'kind', CASE WHEN own THEN kind ELSE 'busy' END, 'name', CASE WHEN own THEN name END, 'at', at,
               'gap_minutes', gap_minutes)), '[]'),
           coalesce(bool_or(engaged AND gap_minutes IS NOT NULL), false),
           coalesce(bool_or(engaged AND gap_minutes IS NULL), false)
    INTO wish.warnings, too_close, busy
    FROM lesson_collisions(place, p_citizen, wish.identity, wish.id, minutes, p_now);
    -- The constraint would refuse this as well, but without the item.
    PERFORM refuse_item('engagements_one_place_at_a_time', wish.family_id, p_item) WHERE busy AND seated;
    PERFORM refuse_item('too_little_time_between', wish.family_id, p_item)
    WHERE too_close AND seated AND wish.overlap_rule = 'refuse';
    RETURN wish;
END $$;

CREATE FUNCTION public.withdraw_application(p_region smallint, p_citizen uuid, p_application uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    named applications := lock_application(p_region, p_citizen, NULL, p_application);
BEGIN
    IF named.status IN ('withdrawn', 'left') THEN
        RETURN;
    END IF;
    PERFORM count_application_let_go(named, p_citizen, p_now);
    PERFORM move_application(named, CASE named.status WHEN 'enrolled' THEN 'left' ELSE 'withdrawn' END,
                             leaving(named, p_now), p_citizen, p_now);
END $$;

CREATE FUNCTION public.withdraw_consent(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_end boolean, p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    kept consents;
    ended jsonb := '[]';
    one record;
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = p_person AND p.deleted_at IS NULL AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person)
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('person_not_found');
    END IF;
    SELECT * INTO kept FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
    ORDER BY withdrawn_at IS NULL DESC, version DESC, given_at DESC LIMIT 1;
    PERFORM refuse('consent_not_found') WHERE kept.id IS NULL;
    IF kept.withdrawn_at IS NOT NULL THEN
        RETURN jsonb_build_object('consent', shown_consent(kept, p_now), 'ended', ended);
    END IF;
    IF p_end THEN
        -- Before anything is given back: nobody is offered it on this consent.
        kept.withdrawn_at := p_now;
        UPDATE consents SET withdrawn_at = p_now
        WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
          AND withdrawn_at IS NULL;
    END IF;
    FOR one IN
        SELECT who.citizen_id, s.kind, s.id FROM stand_on_consent_of(p_region, p_citizen, p_person, p_purpose) AS who
        CROSS JOIN LATERAL stands_on_consent(p_region, who.citizen_id, p_person, p_purpose, p_now) AS s
    LOOP
        ended := ended || jsonb_build_object('kind', one.kind, 'id', one.id);
        PERFORM end_processing(p_region, one.citizen_id, p_person, one.kind, one.id, p_now) WHERE p_end;
    END LOOP;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'consent_withdrawn', p_person,
                    jsonb_build_object('purpose', p_purpose, 'ended', ended), false) WHERE p_end;
    RETURN jsonb_build_object('consent', shown_consent(kept, p_now), 'ended', ended);
END $$;

CREATE FUNCTION public.withdraw_draw_request(p_region smallint, p_citizen uuid, p_request uuid, p_event_id uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    wanted draws;
    asked draw_requests;
BEGIN
    SELECT d.* INTO wanted
    FROM draw_requests r JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
    WHERE r.region_id = p_region AND r.id = p_request AND r.citizen_id = p_citizen
    FOR SHARE OF d;
    SELECT * INTO asked FROM draw_requests
    WHERE region_id = p_region AND id = p_request AND citizen_id = p_citizen FOR UPDATE;
    PERFORM refuse(CASE
        WHEN asked.id IS NULL THEN 'draw_request_not_found'
        WHEN asked.status <> 'withdrawn' AND (wanted.closes_at <= p_now OR wanted.closed_at IS NOT NULL)
            THEN 'draw_closed'
    END);
    IF asked.status = 'waiting' THEN
        UPDATE draw_requests SET status = 'withdrawn' WHERE region_id = p_region AND id = p_request;
        PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'draw_request_withdrawn', p_request, '{}', false);
    END IF;
END $$;

CREATE FUNCTION public.withdraw_offers(p_region smallint, p_slot uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.withdraw_wishes(p_region smallint, p_citizen uuid, p_campaign uuid, p_person uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM lock_ward(p_region, p_citizen, p_person);
    PERFORM lock_open_campaign(p_region, p_campaign, p_now);
    DELETE FROM campaign_wishes WHERE region_id = p_region AND campaign_id = p_campaign AND person_id = p_person
    RETURNING id INTO gone;
    IF gone IS NOT NULL THEN
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'wishes_withdrawn', gone,
                        jsonb_build_object('campaign_id', p_campaign, 'person_id', p_person), false);
    END IF;
END $$;

CREATE FUNCTION public.working_day_after(p_region smallint, p_institution uuid, p_day date, p_days integer) RETURNS date
    LANGUAGE sql STABLE
    AS $$
    SELECT each.day::date
    FROM generate_series(p_day + 1, p_day + 2 * p_days + 30, '1 day') AS each (day)
    LEFT JOIN national_days n ON n.day = each.day::date
    LEFT JOIN calendar_days c ON c.region_id = p_region AND c.institution_id = p_institution AND c.day = each.day::date
    WHERE CASE
        WHEN c.day IS NOT NULL THEN c.works_as IS NOT NULL
        WHEN n.day IS NOT NULL THEN n.works_as IS NOT NULL
        ELSE extract(isodow FROM each.day) <= 5
    END
    ORDER BY each.day
    OFFSET p_days - 1 LIMIT 1
$$;

CREATE FUNCTION public.working_deadline(p_region smallint, p_institution uuid, p_from timestamp with time zone, p_days integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT (working_day_after(p_region, p_institution, (p_from AT TIME ZONE i.zone)::date, p_days) + 1)::timestamp
           AT TIME ZONE i.zone
    FROM institutions i WHERE i.region_id = p_region AND i.id = p_institution
$$;

CREATE FUNCTION public.write_application(wish public.applications, place public.groups, p_comes_as text, p_item integer, p_now timestamp with time zone) RETURNS public.applications
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    wish := with_warnings(as_submitted(wish, place, p_comes_as, p_now), place, wish.citizen_id, p_item, p_now);
    INSERT INTO applications SELECT wish.* RETURNING * INTO wish;
    PERFORM journal(wish.region_id, gen_random_uuid(), p_now, wish.citizen_id, 'application_' || wish.status, wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), true);
    RETURN wish;
END $$;

CREATE FUNCTION public.write_appointment(place public.bookable_slots, patient public.persons, p_citizen uuid, p_referral text, p_home_address text, p_source text, p_override text, p_appointment uuid, p_number text, p_event_id uuid, p_actor uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    -- A ticket whose time has gone by is found out here: it no longer stands in the way of the next. By all that the
    -- index appointments_one_a_specialty has: statistics of an empty table lead to any other.
    UPDATE appointments SET active = false
    WHERE region_id = place.region_id AND institution_id = place.institution_id
      AND specialty_code = place.specialty_code AND identity = patient.identity AND active AND override_reason IS NULL
      AND status <> 'orphaned' AND ends_at <= p_now;
    INSERT INTO appointments (region_id, id, number, institution_id, slot_id, specialty_code, citizen_id, person_id,
                              identity, status, active, source, purpose, referral_number, home_address_sealed,
                              override_reason, terms, starts_at, ends_at, created_at)
    VALUES (place.region_id, p_appointment, p_number, place.institution_id, place.id, place.specialty_code, p_citizen,
            patient.id, patient.identity, 'booked', true, p_source, place.purpose, p_referral, p_home_address,
            p_override, terms_of(place), place.starts_at, place.ends_at, p_now);
    PERFORM engage(p_appointment, place, patient.identity);
    PERFORM journal(place.region_id, p_event_id, p_now, p_actor, 'appointment_booked', p_appointment,
                    jsonb_build_object('slot_id', place.id, 'person_id', patient.id, 'source', p_source,
                                       'override', p_override IS NOT NULL), true);
END $$;

CREATE FUNCTION public.write_match(wish public.campaign_wishes, child public.persons, named public.campaigns, p_group uuid, p_weight smallint, p_offer boolean, p_id uuid, p_number text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    place groups;
    made applications;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = wish.region_id AND id = p_group;
    -- Fewer places than there were: who has none waits before all others.
    p_offer := p_offer AND place.taken < place.capacity;
    IF place.campaign_id IS DISTINCT FROM named.id OR NOT (p_offer OR place.waiting_list) OR EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = wish.region_id AND a.group_id = p_group AND a.identity = child.identity
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')) THEN
        RETURN;
    END IF;
    made := new_application(place, child, wish.citizen_id, jsonb_build_object(
        'id', p_id, 'number', p_number, 'group_id', p_group, 'person_id', child.id), NULL, p_now);
    made.financing := coalesce(
        (SELECT f ->> 'source' FROM jsonb_array_elements(place.financing) WITH ORDINALITY AS offered (f, nth)
         WHERE f ->> 'source' <> 'certificate' ORDER BY nth LIMIT 1), made.financing);
    made.benefits := wish.benefits;
    made.weight := p_weight;
    made.campaign_id := named.id;
    made.draw_request_id := wish.id;
    made.status := CASE WHEN p_offer THEN 'offered' ELSE 'waiting' END;
    made.offer_expires_at := CASE WHEN p_offer THEN named.confirm_until END;
    made.submitted_at := p_now;
    INSERT INTO applications SELECT made.*;
    PERFORM journal(made.region_id, gen_random_uuid(), p_now, by_itself(), 'application_' || made.status, made.id,
                    jsonb_build_object('group_id', p_group, 'campaign_id', named.id), true);
END $$;

CREATE FUNCTION public.yield_trial(p_region smallint, p_group uuid, p_identity bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    DELETE FROM engagements e USING trials t
    WHERE t.region_id = p_region AND t.group_id = p_group AND t.identity = p_identity AND t.status = 'booked'
      AND e.region_id = p_region AND e.booking_id = t.id
$$;

CREATE TABLE public.accesses (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    operation text NOT NULL,
    path text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    role text NOT NULL,
    institution_id uuid,
    person_ids uuid[] NOT NULL,
    request_id text NOT NULL,
    "position" bigint,
    mac bytea
);

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.attachments (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    identity bytea NOT NULL,
    section text,
    since date NOT NULL
);

CREATE TABLE public.attendance (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    day date NOT NULL,
    starts time without time zone NOT NULL,
    application_id uuid NOT NULL,
    mark text NOT NULL,
    marked_by uuid NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    CONSTRAINT attendance_mark_check CHECK ((mark = ANY (ARRAY['present'::text, 'absent'::text, 'ill'::text, 'excused'::text])))
);

CREATE TABLE public.audit_heads (
    region_id smallint NOT NULL,
    log text NOT NULL,
    "position" bigint NOT NULL,
    mac bytea NOT NULL,
    base_position bigint NOT NULL,
    base_mac bytea NOT NULL,
    base_seal bytea NOT NULL,
    CONSTRAINT audit_heads_check CHECK ((base_position <= "position")),
    CONSTRAINT audit_heads_log_check CHECK ((log = ANY (ARRAY['audit_trail'::text, 'accesses'::text])))
);

CREATE TABLE public.audit_trail (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL,
    details jsonb NOT NULL,
    "position" bigint,
    mac bytea
);

CREATE TABLE public.benefits (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    weight smallint NOT NULL,
    CONSTRAINT benefits_weight_check CHECK (((weight >= 1) AND (weight <= 1000)))
);

CREATE TABLE public.calendar_days (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    day date NOT NULL,
    works_as smallint,
    CONSTRAINT calendar_days_works_as_check CHECK (((works_as >= 1) AND (works_as <= 7)))
);

CREATE TABLE public.certificates (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number_hash bytea NOT NULL,
    number_sealed text NOT NULL,
    identity bytea NOT NULL,
    municipality text NOT NULL,
    year smallint NOT NULL,
    unit text NOT NULL,
    nominal integer NOT NULL,
    reserved integer DEFAULT 0 NOT NULL,
    spent integer DEFAULT 0 NOT NULL,
    most_programmes smallint NOT NULL,
    programmes smallint DEFAULT 0 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    CONSTRAINT certificates_few_programmes CHECK (((programmes >= 0) AND (programmes <= most_programmes))),
    CONSTRAINT certificates_nominal_check CHECK ((nominal >= 0)),
    CONSTRAINT certificates_not_overspent CHECK (((reserved + spent) <= nominal)),
    CONSTRAINT certificates_reserved_check CHECK ((reserved >= 0)),
    CONSTRAINT certificates_spent_check CHECK ((spent >= 0)),
    CONSTRAINT certificates_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text]))),
    CONSTRAINT certificates_unit_check CHECK ((unit = ANY (ARRAY['roubles'::text, 'hours'::text])))
);

CREATE TABLE public.clients (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid,
    name text NOT NULL,
    secret_hash bytea,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    public_keys text[] DEFAULT '{}'::text[] NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    used_at timestamp with time zone,
    earlier_secret_hash bytea,
    earlier_public_keys text[] DEFAULT '{}'::text[] NOT NULL,
    earlier_until timestamp with time zone,
    CONSTRAINT clients_prove_themselves CHECK (((secret_hash IS NOT NULL) OR (public_keys <> '{}'::text[])))
);

CREATE TABLE public.confirmations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    status text NOT NULL,
    failure text,
    claims_sealed text,
    code_hash bytea,
    wrong_codes smallint DEFAULT 0 NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT confirmations_few_guesses CHECK (((wrong_codes >= 0) AND (wrong_codes <= 5))),
    CONSTRAINT confirmations_keep_claims_for_a_code CHECK (((status = 'awaiting_code'::text) = (claims_sealed IS NOT NULL))),
    CONSTRAINT confirmations_status CHECK ((status = ANY (ARRAY['begun'::text, 'checking'::text, 'awaiting_code'::text, 'completed'::text, 'failed'::text]))),
    CONSTRAINT confirmations_tell_why CHECK (((status = 'failed'::text) = (failure IS NOT NULL)))
);

CREATE TABLE public.consent_texts (
    purpose text NOT NULL,
    version smallint NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    text_hash text NOT NULL,
    requires_new boolean NOT NULL,
    in_force_from timestamp with time zone NOT NULL,
    CONSTRAINT consent_texts_hash CHECK ((text_hash = encode(sha256(convert_to(text, 'UTF8'::name)), 'hex'::text))),
    CONSTRAINT consent_texts_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT consent_texts_purpose CHECK ((purpose = ANY (ARRAY['booking'::text, 'enrolment'::text, 'messages'::text]))),
    CONSTRAINT consent_texts_version_check CHECK ((version > 0))
);

CREATE TABLE public.data_keys (
    id text NOT NULL,
    purpose text NOT NULL,
    wrapped_by text,
    wrapped bytea,
    made_at timestamp with time zone NOT NULL,
    current_from timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT data_keys_purpose_check CHECK ((purpose = ANY (ARRAY['seal'::text, 'sign'::text]))),
    CONSTRAINT data_keys_revoked_are_destroyed CHECK (((wrapped IS NULL) = (revoked_at IS NOT NULL))),
    CONSTRAINT data_keys_wrapped CHECK (((wrapped IS NULL) = (wrapped_by IS NULL)))
);

CREATE TABLE public.delays (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    day date NOT NULL,
    minutes smallint NOT NULL,
    CONSTRAINT delays_minutes_check CHECK (((minutes >= 0) AND (minutes <= 480)))
);

CREATE TABLE public.draws (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text,
    day date NOT NULL,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    seed_sealed text NOT NULL,
    seed_hash text NOT NULL,
    closed_at timestamp with time zone,
    requests integer,
    requests_digest text,
    record jsonb,
    drawn_at timestamp with time zone,
    group_id uuid,
    CONSTRAINT draws_of_one_kind CHECK (((group_id IS NULL) = (specialty_code IS NOT NULL))),
    CONSTRAINT draws_take_time CHECK ((closes_at > opens_at))
);

CREATE TABLE public.engagements (
    region_id smallint NOT NULL,
    booking_id uuid NOT NULL,
    identity bytea NOT NULL,
    times tstzmultirange NOT NULL
);

CREATE TABLE public.group_locks (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    reason text NOT NULL,
    locked_at timestamp with time zone NOT NULL,
    locked_by uuid NOT NULL,
    unlock_reason text,
    unlocked_at timestamp with time zone,
    unlocked_by uuid,
    CONSTRAINT group_locks_ended_by_somebody CHECK ((((unlocked_at IS NULL) = (unlocked_by IS NULL)) AND ((unlocked_at IS NULL) = (unlock_reason IS NULL))))
);

CREATE TABLE public.group_members (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    application_id uuid NOT NULL,
    since date NOT NULL,
    until date,
    CONSTRAINT group_members_in_order CHECK ((until >= since))
);

CREATE TABLE public.group_teachers (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    teacher_id uuid NOT NULL,
    place smallint NOT NULL
);

CREATE TABLE public.group_texts (
    region_id smallint NOT NULL,
    text text NOT NULL
);

CREATE TABLE public.holds (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    slot_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    citizen_id uuid,
    offer_id uuid,
    expires_at timestamp with time zone NOT NULL,
    held_at timestamp with time zone,
    CONSTRAINT holds_of_someone CHECK (((citizen_id IS NOT NULL) OR (offer_id IS NOT NULL)))
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

CREATE TABLE public.identity_codes (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.invitations (
    region_id smallint NOT NULL,
    person_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_by uuid,
    helper boolean DEFAULT false NOT NULL
);

CREATE TABLE public.launch_uses (
    region_id smallint NOT NULL,
    launch_hash bytea NOT NULL,
    uses integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.message_recipients (
    region_id smallint NOT NULL,
    application_id uuid NOT NULL,
    message_id uuid NOT NULL
);

CREATE TABLE public.messages (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    text text NOT NULL,
    statuses text[] NOT NULL,
    addressed integer NOT NULL,
    sent_by uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    CONSTRAINT messages_text_check CHECK (((char_length(text) >= 1) AND (char_length(text) <= 2000)))
);

CREATE TABLE public.national_days (
    day date NOT NULL,
    works_as smallint,
    CONSTRAINT national_days_works_as_check CHECK (((works_as >= 1) AND (works_as <= 7)))
);

CREATE TABLE public.outbox (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL
);

CREATE TABLE public.page_invitations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    mini_apps text[] NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    claimed_at timestamp with time zone,
    platform text,
    page_id text,
    account_hash bytea,
    CONSTRAINT page_invitations_claimed CHECK ((num_nulls(claimed_at, platform, page_id, account_hash) = ANY (ARRAY[0, 4]))),
    CONSTRAINT page_invitations_mini_apps_check CHECK ((mini_apps <@ ARRAY['doctor'::text, 'club'::text]))
);

CREATE TABLE public.pages (
    platform text NOT NULL,
    external_id text NOT NULL,
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    mini_apps text[] NOT NULL,
    CONSTRAINT pages_mini_apps_check CHECK ((mini_apps <@ ARRAY['doctor'::text, 'club'::text])),
    CONSTRAINT pages_platform CHECK ((platform = ANY (ARRAY['vk'::text, 'ok'::text, 'max'::text, 'telegram'::text])))
);

CREATE TABLE public.places_let_go (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    mini_app text NOT NULL,
    CONSTRAINT places_let_go_mini_app_check CHECK ((mini_app = ANY (ARRAY['doctor'::text, 'club'::text])))
);

CREATE TABLE public.practitioner_blocks (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    CONSTRAINT practitioner_blocks_take_time CHECK ((ends_at > begins_at))
);

CREATE TABLE public.practitioner_specialties (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    institution_id uuid NOT NULL
);

CREATE TABLE public.referrals (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    number text NOT NULL,
    specialty_code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    identity bytea,
    CONSTRAINT referrals_take_time CHECK ((valid_to >= valid_from))
);

CREATE TABLE public.regions (
    code smallint NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    zone text NOT NULL,
    consents_required boolean DEFAULT false NOT NULL,
    person_bookings_a_day smallint DEFAULT 10,
    account_bookings_a_day smallint DEFAULT 30,
    let_go_freely smallint DEFAULT 10,
    let_go_a_day smallint DEFAULT 40,
    CONSTRAINT regions_account_bookings_a_day_check CHECK ((account_bookings_a_day >= 1)),
    CONSTRAINT regions_let_go_a_day_check CHECK ((let_go_a_day >= 1)),
    CONSTRAINT regions_let_go_freely_check CHECK ((let_go_freely >= 0)),
    CONSTRAINT regions_person_bookings_a_day_check CHECK ((person_bookings_a_day >= 1))
);

CREATE TABLE public.schedules (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    rules jsonb NOT NULL,
    policy text NOT NULL,
    horizon_days smallint NOT NULL,
    release_time time without time zone,
    window_minutes smallint DEFAULT 0 NOT NULL,
    min_lead_minutes integer DEFAULT 0 NOT NULL,
    made_until date,
    CONSTRAINT schedules_horizon_days_check CHECK (((horizon_days >= 1) AND (horizon_days <= 90))),
    CONSTRAINT schedules_min_lead_minutes_check CHECK (((min_lead_minutes >= 0) AND (min_lead_minutes <= 20160))),
    CONSTRAINT schedules_policy_check CHECK ((policy = ANY (ARRAY['first_come'::text, 'jittered'::text, 'draw'::text]))),
    CONSTRAINT schedules_window_minutes_check CHECK (((window_minutes >= 0) AND (window_minutes <= 1440)))
);

CREATE TABLE public.sessions (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    account_id uuid NOT NULL,
    platform text NOT NULL,
    client text NOT NULL,
    page text NOT NULL,
    token_hash bytea,
    previous_hash bytea,
    rotated_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

CREATE TABLE public.staff (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    role text NOT NULL,
    practitioner_id uuid,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    citizen_id uuid,
    code_hash bytea,
    code_expires_at timestamp with time zone,
    code_used_at timestamp with time zone,
    CONSTRAINT staff_code_expires CHECK (((code_hash IS NULL) = (code_expires_at IS NULL))),
    CONSTRAINT staff_of_a_doctor CHECK (((role = 'doctor'::text) = (practitioner_id IS NOT NULL))),
    CONSTRAINT staff_role_check CHECK ((role = ANY (ARRAY['doctor'::text, 'registrar'::text])))
);

CREATE TABLE public.teachers (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    citizen_id uuid,
    code_hash bytea,
    code_expires_at timestamp with time zone,
    code_used_at timestamp with time zone,
    CONSTRAINT teachers_code_expires CHECK (((code_hash IS NULL) = (code_expires_at IS NULL)))
);

CREATE TABLE public.used_assertions (
    region_id smallint NOT NULL,
    client_id uuid NOT NULL,
    jti_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.waiting_persons (
    region_id smallint NOT NULL,
    entry_id uuid NOT NULL,
    person_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    identity bytea NOT NULL,
    active boolean DEFAULT true NOT NULL
);

CREATE TABLE public.wrong_claims (
    region_id smallint NOT NULL,
    caller_hash bytea NOT NULL,
    wrong integer NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.wrong_codes (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_number UNIQUE (region_id, number, institution_id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_number UNIQUE (region_id, number, institution_id);

ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT appointments_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (region_id, institution_id, identity);

ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_pkey PRIMARY KEY (region_id, group_id, day, starts, application_id);

ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (region_id, log);

ALTER TABLE ONLY public.audit_trail
    ADD CONSTRAINT audit_trail_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.benefits
    ADD CONSTRAINT benefits_pkey PRIMARY KEY (region_id, institution_id, code);

ALTER TABLE ONLY public.calendar_days
    ADD CONSTRAINT calendar_days_pkey PRIMARY KEY (region_id, institution_id, day);

ALTER TABLE ONLY public.campaign_wishes
    ADD CONSTRAINT campaign_wishes_one_a_child UNIQUE (region_id, campaign_id, identity);

ALTER TABLE ONLY public.campaign_wishes
    ADD CONSTRAINT campaign_wishes_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_by_own_id UNIQUE (region_id, external_id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_by_number UNIQUE (region_id, number_hash, year);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_one_per_platform_user UNIQUE (region_id, platform, external_id);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.confirmations
    ADD CONSTRAINT confirmations_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.consent_texts
    ADD CONSTRAINT consent_texts_pkey PRIMARY KEY (purpose, version, language);

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.data_keys
    ADD CONSTRAINT data_keys_one_after_another UNIQUE (purpose, current_from);

ALTER TABLE ONLY public.data_keys
    ADD CONSTRAINT data_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.delays
    ADD CONSTRAINT delays_pkey PRIMARY KEY (region_id, practitioner_id, day);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.draw_requests
    ADD CONSTRAINT draw_requests_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.draws
    ADD CONSTRAINT draws_one_a_day UNIQUE (region_id, institution_id, specialty_code, day);

ALTER TABLE ONLY public.draws
    ADD CONSTRAINT draws_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.engagements
    ADD CONSTRAINT engagements_one_place_at_a_time EXCLUDE USING gist (region_id WITH =, identity WITH =, times WITH &&);

ALTER TABLE ONLY public.engagements
    ADD CONSTRAINT engagements_pkey PRIMARY KEY (region_id, booking_id);

ALTER TABLE ONLY public.group_facets
    ADD CONSTRAINT group_facets_pkey PRIMARY KEY (region_id, group_id);

ALTER TABLE ONLY public.group_locks
    ADD CONSTRAINT group_locks_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (region_id, group_id, application_id, since);

ALTER TABLE ONLY public.group_teachers
    ADD CONSTRAINT group_teachers_pkey PRIMARY KEY (region_id, group_id, teacher_id);

ALTER TABLE ONLY public.group_texts
    ADD CONSTRAINT group_texts_pkey PRIMARY KEY (region_id, text);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_person_once UNIQUE (region_id, citizen_id, identity);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_pkey PRIMARY KEY (region_id, citizen_id, person_id);

ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (region_id, caller_id, operation, key);

ALTER TABLE ONLY public.identity_codes
    ADD CONSTRAINT identity_codes_code UNIQUE (region_id, code_hash);

ALTER TABLE ONLY public.identity_codes
    ADD CONSTRAINT identity_codes_pkey PRIMARY KEY (region_id, citizen_id);

ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_code UNIQUE (region_id, code_hash);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (region_id, person_id, citizen_id);

ALTER TABLE ONLY public.launch_uses
    ADD CONSTRAINT launch_uses_pkey PRIMARY KEY (region_id, launch_hash);

ALTER TABLE ONLY public.lesson_changes
    ADD CONSTRAINT lesson_changes_pkey PRIMARY KEY (region_id, group_id, day, starts);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.message_recipients
    ADD CONSTRAINT message_recipients_pkey PRIMARY KEY (region_id, application_id, message_id);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.national_days
    ADD CONSTRAINT national_days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_pkey PRIMARY KEY (region_id, institution_id, specialty_code);

ALTER TABLE ONLY public.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.page_invitations
    ADD CONSTRAINT page_invitations_code UNIQUE (region_id, code_hash);

ALTER TABLE ONLY public.page_invitations
    ADD CONSTRAINT page_invitations_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pages_pkey PRIMARY KEY (platform, external_id);

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT persons_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.places_let_go
    ADD CONSTRAINT places_let_go_pkey PRIMARY KEY (region_id, citizen_id, at, id);

ALTER TABLE ONLY public.practitioner_blocks
    ADD CONSTRAINT practitioner_blocks_pkey PRIMARY KEY (region_id, practitioner_id, begins_at, ends_at);

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

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_pkey PRIMARY KEY (region_id, institution_id, number);

ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.specialties
    ADD CONSTRAINT specialties_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.teachers
    ADD CONSTRAINT teachers_by_own_id UNIQUE (region_id, institution_id, external_id);

ALTER TABLE ONLY public.teachers
    ADD CONSTRAINT teachers_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.used_assertions
    ADD CONSTRAINT used_assertions_once PRIMARY KEY (region_id, client_id, jti_hash);

ALTER TABLE ONLY public.waiting_entries
    ADD CONSTRAINT waiting_entries_pkey PRIMARY KEY (region_id, id);

ALTER TABLE ONLY public.waiting_persons
    ADD CONSTRAINT waiting_persons_pkey PRIMARY KEY (region_id, entry_id, person_id);

ALTER TABLE ONLY public.wrong_claims
    ADD CONSTRAINT wrong_claims_pkey PRIMARY KEY (region_id, caller_hash);

ALTER TABLE ONLY public.wrong_codes
    ADD CONSTRAINT wrong_codes_pkey PRIMARY KEY (region_id, citizen_id, id);

CREATE UNIQUE INDEX accesses_chain ON public.accesses USING btree (region_id, "position") WHERE ("position" IS NOT NULL);

CREATE INDEX accesses_of_persons ON public.accesses USING gin (person_ids) WITH (fastupdate=off);

CREATE INDEX accesses_unchained ON public.accesses USING btree (region_id, at, id) WHERE ("position" IS NULL);

CREATE INDEX applications_by_certificate ON public.applications USING btree (region_id, certificate_id) WHERE (certificate_id IS NOT NULL);

CREATE INDEX applications_by_child ON public.applications USING btree (region_id, identity) WHERE (status = ANY (ARRAY['submitted'::text, 'under_review'::text, 'invited'::text, 'approved'::text, 'enrolled'::text]));

CREATE INDEX applications_by_citizen ON public.applications USING btree (region_id, citizen_id);

CREATE INDEX applications_by_family ON public.applications USING btree (region_id, family_id) WHERE (family_id IS NOT NULL);

CREATE INDEX applications_by_group ON public.applications USING btree (region_id, group_id, serial);

CREATE INDEX applications_by_identity ON public.applications USING btree (region_id, institution_id, identity);

CREATE INDEX applications_by_institution ON public.applications USING btree (region_id, institution_id, id);

CREATE INDEX applications_by_person ON public.applications USING btree (region_id, person_id, id);

CREATE INDEX applications_offered ON public.applications USING btree (region_id, offer_expires_at) WHERE (status = 'offered'::text);

CREATE UNIQUE INDEX applications_one_draft ON public.applications USING btree (region_id, group_id, person_id) WHERE (status = 'draft'::text);

CREATE INDEX applications_paid_by_certificate ON public.applications USING btree (region_id, institution_id, id) WHERE (certificate_id IS NOT NULL);

CREATE UNIQUE INDEX applications_person_once_a_group ON public.applications USING btree (region_id, group_id, identity) WHERE (status = ANY (ARRAY['submitted'::text, 'under_review'::text, 'invited'::text, 'approved'::text, 'enrolled'::text, 'waiting'::text, 'offered'::text]));

CREATE INDEX applications_queue ON public.applications USING btree (region_id, group_id, weight DESC, serial) WHERE (status = 'waiting'::text);

CREATE INDEX applications_to_bring ON public.applications USING btree (region_id, originals_by) WHERE (status = 'approved'::text);

CREATE INDEX applications_to_decide ON public.applications USING btree (region_id, institution_id, decide_by, id) WHERE (status = ANY (ARRAY['submitted'::text, 'under_review'::text, 'invited'::text]));

CREATE INDEX applications_to_forget ON public.applications USING btree (region_id, updated_at) WHERE ((person_id <> '00000000-0000-7000-8000-0000000e5ed0'::uuid) AND (status = ANY (ARRAY['refused'::text, 'withdrawn'::text, 'expired'::text, 'left'::text, 'enrolled'::text])));

CREATE INDEX appointments_appealed ON public.appointments USING btree (region_id, institution_id, starts_at, id) WHERE ((appeal IS NOT NULL) AND (status = 'noshow'::text));

CREATE INDEX appointments_by_citizen ON public.appointments USING btree (region_id, citizen_id);

CREATE INDEX appointments_by_identity ON public.appointments USING btree (region_id, institution_id, identity, created_at);

CREATE INDEX appointments_by_key_of_home_address ON public.appointments USING btree (region_id, split_part(home_address_sealed, '.'::text, 1)) WHERE (home_address_sealed IS NOT NULL);

CREATE INDEX appointments_by_person ON public.appointments USING btree (region_id, person_id, starts_at DESC, id);

CREATE INDEX appointments_by_slot ON public.appointments USING btree (region_id, slot_id) WHERE (status <> 'cancelled'::text);

CREATE UNIQUE INDEX appointments_one_a_specialty ON public.appointments USING btree (region_id, institution_id, specialty_code, identity) WHERE (active AND (override_reason IS NULL));

CREATE INDEX appointments_overdue ON public.appointments USING btree (region_id, institution_id, starts_at) WHERE (status = 'booked'::text);

CREATE UNIQUE INDEX appointments_person_once_a_slot ON public.appointments USING btree (region_id, slot_id, identity) WHERE (status = ANY (ARRAY['booked'::text, 'arrived'::text]));

CREATE UNIQUE INDEX appointments_referral_once ON public.appointments USING btree (region_id, institution_id, specialty_code, referral_number) WHERE ((referral_number IS NOT NULL) AND (status <> ALL (ARRAY['cancelled'::text, 'noshow'::text])));

CREATE INDEX appointments_to_forget ON public.appointments USING btree (region_id, ends_at) WHERE (person_id <> '00000000-0000-7000-8000-0000000e5ed0'::uuid);

CREATE INDEX attendance_by_application ON public.attendance USING btree (region_id, application_id, day, starts);

CREATE INDEX audit_trail_by_subject ON public.audit_trail USING btree (region_id, subject_id, id);

CREATE UNIQUE INDEX audit_trail_chain ON public.audit_trail USING btree (region_id, "position") WHERE ("position" IS NOT NULL);

CREATE INDEX audit_trail_of_merged ON public.audit_trail USING btree (region_id, ((details ->> 'into'::text))) WHERE (event = 'person_merged'::text);

CREATE INDEX audit_trail_unchained ON public.audit_trail USING btree (region_id, at, id) WHERE ("position" IS NULL);

CREATE INDEX campaign_wishes_by_citizen ON public.campaign_wishes USING btree (region_id, citizen_id);

CREATE INDEX campaign_wishes_by_person ON public.campaign_wishes USING btree (region_id, person_id);

CREATE INDEX campaign_wishes_in_lot ON public.campaign_wishes USING btree (region_id, campaign_id, lot);

CREATE INDEX campaign_wishes_to_forget ON public.campaign_wishes USING btree (region_id, updated_at);

CREATE INDEX campaigns_by_key_of_seed ON public.campaigns USING btree (region_id, split_part(seed_sealed, '.'::text, 1));

CREATE INDEX campaigns_in_time ON public.campaigns USING btree (region_id, wishes_from, id);

CREATE INDEX campaigns_to_fill ON public.campaigns USING btree (region_id, wishes_until) WHERE (filled_at IS NULL);

CREATE INDEX certificates_by_identity ON public.certificates USING btree (region_id, identity, year);

CREATE INDEX certificates_by_key_of_number ON public.certificates USING btree (region_id, split_part(number_sealed, '.'::text, 1));

CREATE INDEX citizens_joined ON public.citizens USING btree (region_id, same_as) WHERE (same_as IS NOT NULL);

CREATE INDEX citizens_unused ON public.citizens USING btree (region_id, seen_at) WHERE (same_as IS NULL);

CREATE INDEX clients_ended ON public.clients USING btree (region_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX confirmations_by_citizen ON public.confirmations USING btree (region_id, citizen_id);

CREATE INDEX confirmations_by_expiry ON public.confirmations USING btree (region_id, expires_at);

CREATE INDEX consents_by_citizen ON public.consents USING btree (region_id, citizen_id);

CREATE INDEX consents_of_person ON public.consents USING btree (region_id, person_id, citizen_id, purpose);

CREATE INDEX documents_by_application ON public.documents USING btree (region_id, application_id, id) WHERE (deleted_at IS NULL);

CREATE INDEX documents_by_citizen ON public.documents USING btree (region_id, citizen_id, created_at);

CREATE INDEX documents_by_key_of_key ON public.documents USING btree (region_id, split_part(key_sealed, '.'::text, 1)) WHERE (key_sealed IS NOT NULL);

CREATE INDEX documents_by_key_of_name ON public.documents USING btree (region_id, split_part(name_sealed, '.'::text, 1)) WHERE (name_sealed IS NOT NULL);

CREATE INDEX documents_by_person ON public.documents USING btree (region_id, person_id);

CREATE UNIQUE INDEX documents_once ON public.documents USING btree (region_id, application_id, content_hash) WHERE (deleted_at IS NULL);

CREATE INDEX documents_to_erase ON public.documents USING btree (region_id, deleted_at) WHERE ((deleted_at IS NOT NULL) AND (erased_at IS NULL));

CREATE INDEX documents_to_look_after ON public.documents USING btree (region_id, look_at) WHERE (deleted_at IS NULL);

CREATE INDEX draw_requests_by_citizen ON public.draw_requests USING btree (region_id, citizen_id, created_at, id);

CREATE INDEX draw_requests_by_person ON public.draw_requests USING btree (region_id, person_id);

CREATE UNIQUE INDEX draw_requests_person_once ON public.draw_requests USING btree (region_id, draw_id, identity) WHERE (status <> 'withdrawn'::text);

CREATE INDEX draw_requests_to_forget ON public.draw_requests USING btree (region_id, created_at);

CREATE INDEX draws_by_key_of_seed ON public.draws USING btree (region_id, split_part(seed_sealed, '.'::text, 1));

CREATE UNIQUE INDEX draws_one_a_group ON public.draws USING btree (region_id, group_id) WHERE (group_id IS NOT NULL);

CREATE INDEX draws_to_draw ON public.draws USING btree (region_id, closes_at) WHERE (drawn_at IS NULL);

CREATE INDEX group_facets_by_institution ON public.group_facets USING btree (region_id, institution_id, starts_on, group_id);

CREATE INDEX group_facets_by_programme ON public.group_facets USING btree (region_id, programme_id, starts_on, group_id);

CREATE INDEX group_facets_by_start ON public.group_facets USING btree (region_id, starts_on, group_id);

CREATE INDEX group_facets_by_text ON public.group_facets USING gin (region_id, texts);

CREATE INDEX group_facets_counted ON public.group_facets USING btree (region_id, municipality) INCLUDE (group_id, starts_on, packed, opens_at, closes_at, born_after, born_until, age_from_months, age_until_months, age_by_year, zone);

CREATE INDEX group_facets_near ON public.group_facets USING btree (region_id, latitude, longitude) WHERE (latitude IS NOT NULL);

CREATE INDEX group_locks_by_group ON public.group_locks USING btree (region_id, group_id, id);

CREATE UNIQUE INDEX group_locks_one_at_a_time ON public.group_locks USING btree (region_id, group_id) WHERE (unlocked_at IS NULL);

CREATE INDEX group_members_by_application ON public.group_members USING btree (region_id, application_id, since);

CREATE INDEX group_teachers_by_teacher ON public.group_teachers USING btree (region_id, teacher_id, group_id);

CREATE INDEX group_texts_alike ON public.group_texts USING gin (text public.gin_trgm_ops);

CREATE INDEX groups_by_campaign ON public.groups USING btree (region_id, campaign_id) WHERE (campaign_id IS NOT NULL);

CREATE INDEX groups_by_programme ON public.groups USING btree (region_id, programme_id, starts_on, id);

CREATE INDEX groups_by_start ON public.groups USING btree (region_id, starts_on, id);

CREATE INDEX groups_to_fill ON public.groups USING btree (region_id, collect_until) WHERE ((collect_until IS NOT NULL) AND (filled_at IS NULL));

CREATE INDEX groups_waited_for ON public.groups USING btree (region_id, id) WHERE (waiting > 0);

CREATE INDEX guardians_by_end ON public.guardians USING btree (region_id, ends_on) WHERE (ends_on IS NOT NULL);

CREATE INDEX guardians_by_person ON public.guardians USING btree (region_id, person_id);

CREATE UNIQUE INDEX guardians_one_self ON public.guardians USING btree (region_id, citizen_id) WHERE (kinship = 'self'::text);

CREATE INDEX holds_by_citizen ON public.holds USING btree (region_id, citizen_id);

CREATE INDEX holds_by_offer ON public.holds USING btree (region_id, offer_id);

CREATE INDEX holds_by_slot ON public.holds USING btree (region_id, slot_id);

CREATE UNIQUE INDEX holds_one_a_citizen ON public.holds USING btree (region_id, institution_id, citizen_id) WHERE (offer_id IS NULL);

CREATE INDEX holds_to_expire ON public.holds USING btree (region_id, expires_at) WHERE (offer_id IS NULL);

CREATE INDEX idempotency_keys_by_region_and_age ON public.idempotency_keys USING btree (region_id, created_at);

CREATE INDEX identity_codes_to_forget ON public.identity_codes USING btree (region_id, expires_at);

CREATE INDEX institutions_by_name ON public.institutions USING btree (region_id, name, id);

CREATE INDEX institutions_expiring ON public.institutions USING btree (region_id, id) WHERE (noshow_after_minutes IS NOT NULL);

CREATE INDEX invitations_by_citizen ON public.invitations USING btree (region_id, citizen_id);

CREATE INDEX invitations_by_guest ON public.invitations USING btree (region_id, used_by) WHERE (used_by IS NOT NULL);

CREATE INDEX invitations_to_forget ON public.invitations USING btree (region_id, expires_at);

CREATE INDEX launch_uses_by_expiry ON public.launch_uses USING btree (region_id, expires_at);

CREATE INDEX message_recipients_by_message ON public.message_recipients USING btree (region_id, message_id);

CREATE INDEX messages_by_group ON public.messages USING btree (region_id, group_id, sent_at, id);

CREATE INDEX messages_to_forget ON public.messages USING btree (region_id, sent_at);

CREATE INDEX offered_specialties_by_code ON public.offered_specialties USING btree (region_id, specialty_code, institution_id);

CREATE INDEX offers_by_citizen ON public.offers USING btree (region_id, citizen_id, id);

CREATE INDEX offers_by_institution ON public.offers USING btree (region_id, institution_id, specialty_code, id);

CREATE INDEX offers_of_entry ON public.offers USING btree (region_id, entry_id);

CREATE UNIQUE INDEX offers_one_an_appointment ON public.offers USING btree (region_id, appointment_id) WHERE (status = 'open'::text);

CREATE UNIQUE INDEX offers_one_an_entry ON public.offers USING btree (region_id, entry_id) WHERE (status = 'open'::text);

CREATE INDEX offers_to_expire ON public.offers USING btree (region_id, expires_at) WHERE (status = 'open'::text);

CREATE INDEX outbox_to_forget ON public.outbox USING btree (region_id, at);

CREATE INDEX page_invitations_by_institution ON public.page_invitations USING btree (region_id, institution_id, id);

CREATE INDEX page_invitations_by_page ON public.page_invitations USING btree (region_id, platform, page_id) WHERE (claimed_at IS NOT NULL);

CREATE INDEX pages_by_institution ON public.pages USING btree (region_id, institution_id);

CREATE INDEX persons_by_identity ON public.persons USING btree (region_id, identity) WHERE (deleted_at IS NULL);

CREATE INDEX persons_by_key_of_policy ON public.persons USING btree (region_id, split_part(policy_sealed, '.'::text, 1)) WHERE (policy_sealed IS NOT NULL);

CREATE INDEX persons_by_key_of_snils ON public.persons USING btree (region_id, split_part(snils_sealed, '.'::text, 1)) WHERE (snils_sealed IS NOT NULL);

CREATE INDEX places_let_go_to_forget ON public.places_let_go USING btree (region_id, at);

CREATE INDEX practitioners_by_name ON public.practitioners USING btree (region_id, institution_id, last_name, first_name, id);

CREATE INDEX programmes_by_name ON public.programmes USING btree (region_id, name, id);

CREATE INDEX schedules_by_practitioner ON public.schedules USING btree (region_id, practitioner_id);

CREATE INDEX schedules_to_make ON public.schedules USING btree (made_until);

CREATE INDEX sessions_at_work ON public.sessions USING btree (region_id, platform, page) WHERE ((token_hash IS NULL) AND (ended_at IS NULL));

CREATE INDEX sessions_by_citizen ON public.sessions USING btree (region_id, citizen_id, used_at) WHERE (ended_at IS NULL);

CREATE INDEX sessions_by_expiry ON public.sessions USING btree (region_id, expires_at);

CREATE INDEX sessions_ended ON public.sessions USING btree (region_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX slots_by_draw ON public.slots USING btree (region_id, draw_id) WHERE (draw_id IS NOT NULL);

CREATE INDEX slots_by_time ON public.slots USING btree (region_id, institution_id, starts_at, id);

CREATE INDEX slots_free ON public.slots USING btree (region_id, institution_id, specialty_code, starts_at, id) INCLUDE (internet_at, min_lead_minutes, access) WHERE ((status = 'open'::text) AND (taken < capacity));

CREATE INDEX slots_free_in_region ON public.slots USING btree (region_id, specialty_code, starts_at, id) WHERE ((status = 'open'::text) AND (taken < capacity));

CREATE INDEX slots_of_practitioner ON public.slots USING btree (region_id, practitioner_id, starts_at, id);

CREATE INDEX slots_of_schedule ON public.slots USING btree (region_id, schedule_id, starts_at) WHERE (schedule_id IS NOT NULL);

CREATE INDEX slots_to_draw ON public.slots USING btree (region_id, internet_at) WHERE ((policy = 'draw'::text) AND (draw_id IS NULL));

CREATE INDEX staff_by_citizen ON public.staff USING btree (region_id, citizen_id) WHERE (citizen_id IS NOT NULL);

CREATE UNIQUE INDEX staff_by_code ON public.staff USING btree (region_id, institution_id, code_hash) WHERE (code_hash IS NOT NULL);

CREATE INDEX teachers_by_citizen ON public.teachers USING btree (region_id, citizen_id) WHERE (citizen_id IS NOT NULL);

CREATE UNIQUE INDEX teachers_by_code ON public.teachers USING btree (region_id, institution_id, code_hash) WHERE (code_hash IS NOT NULL);

CREATE INDEX trials_by_citizen ON public.trials USING btree (region_id, citizen_id);

CREATE INDEX trials_by_person ON public.trials USING btree (region_id, person_id, id);

CREATE INDEX trials_of_lesson ON public.trials USING btree (region_id, group_id, day, starts) WHERE (status = 'booked'::text);

CREATE UNIQUE INDEX trials_once_a_group ON public.trials USING btree (region_id, group_id, identity) WHERE (status = 'booked'::text);

CREATE INDEX trials_to_forget ON public.trials USING btree (region_id, ends_at);

CREATE INDEX used_assertions_by_expiry ON public.used_assertions USING btree (region_id, expires_at);

CREATE INDEX waiting_entries_by_citizen ON public.waiting_entries USING btree (region_id, citizen_id, id);

CREATE INDEX waiting_entries_by_end ON public.waiting_entries USING btree (region_id, day_to) WHERE (status = 'waiting'::text);

CREATE INDEX waiting_entries_ended ON public.waiting_entries USING btree (region_id, institution_id, specialty_code, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX waiting_entries_queue ON public.waiting_entries USING btree (region_id, institution_id, specialty_code, queued_at, id) WHERE (status = 'waiting'::text);

CREATE INDEX waiting_entries_to_forget ON public.waiting_entries USING btree (region_id, ended_at) WHERE (status <> ALL (ARRAY['waiting'::text, 'offered'::text]));

CREATE INDEX waiting_persons_by_person ON public.waiting_persons USING btree (region_id, person_id);

CREATE UNIQUE INDEX waiting_persons_once ON public.waiting_persons USING btree (region_id, institution_id, specialty_code, identity) WHERE active;

CREATE INDEX wrong_claims_by_age ON public.wrong_claims USING btree (region_id, since);

CREATE INDEX wrong_codes_to_forget ON public.wrong_codes USING btree (region_id, at);

CREATE TRIGGER accesses_kept BEFORE DELETE OR UPDATE ON public.accesses FOR EACH ROW EXECUTE FUNCTION public.only_add();

CREATE TRIGGER accesses_never_emptied BEFORE TRUNCATE ON public.accesses FOR EACH STATEMENT EXECUTE FUNCTION public.only_add();

CREATE TRIGGER applications_keep_members AFTER INSERT OR UPDATE ON public.applications FOR EACH ROW EXECUTE FUNCTION public.applications_keep_members();

CREATE TRIGGER applications_keep_step BEFORE INSERT OR UPDATE ON public.applications FOR EACH ROW EXECUTE FUNCTION public.applications_keep_step();

CREATE TRIGGER applications_stay BEFORE DELETE ON public.applications FOR EACH ROW EXECUTE FUNCTION public.applications_stay();

CREATE TRIGGER audit_heads_kept BEFORE DELETE OR UPDATE ON public.audit_heads FOR EACH ROW EXECUTE FUNCTION public.only_forward();

CREATE TRIGGER audit_heads_never_emptied BEFORE TRUNCATE ON public.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION public.only_forward();

CREATE TRIGGER audit_trail_kept BEFORE DELETE OR UPDATE ON public.audit_trail FOR EACH ROW EXECUTE FUNCTION public.only_add();

CREATE TRIGGER audit_trail_never_emptied BEFORE TRUNCATE ON public.audit_trail FOR EACH STATEMENT EXECUTE FUNCTION public.only_add();

CREATE TRIGGER consent_texts_stay BEFORE DELETE OR UPDATE ON public.consent_texts FOR EACH ROW EXECUTE FUNCTION public.consent_texts_stay();

CREATE TRIGGER consents_stay BEFORE DELETE OR UPDATE ON public.consents FOR EACH ROW EXECUTE FUNCTION public.consents_stay();

CREATE TRIGGER groups_forget_changes AFTER UPDATE OF lessons ON public.groups FOR EACH ROW WHEN ((old.lessons <> new.lessons)) EXECUTE FUNCTION public.groups_forget_changes();

CREATE TRIGGER groups_keep_facets AFTER INSERT OR UPDATE OF programme_id, name, school_year, age_from_months, age_until_months, age_rule, age_on, age_by_year, capacity, starts_on, enrolment_opens_at, enrolment_closes_at, lesson_plan, places, financing, filling, collect_until, filled_at, locked_at ON public.groups FOR EACH ROW EXECUTE FUNCTION public.groups_keep_facets();

CREATE TRIGGER groups_keep_full AFTER UPDATE OF taken ON public.groups FOR EACH ROW WHEN (((old.taken >= old.capacity) <> (new.taken >= new.capacity))) EXECUTE FUNCTION public.groups_keep_full();

CREATE TRIGGER groups_keep_teachers BEFORE UPDATE OF teachers ON public.groups FOR EACH ROW EXECUTE FUNCTION public.groups_keep_teachers();

CREATE TRIGGER guardians_end BEFORE INSERT OR UPDATE OF person_id, kinship, since ON public.guardians FOR EACH ROW EXECUTE FUNCTION public.guardians_end();

CREATE TRIGGER institutions_keep_facets AFTER UPDATE ON public.institutions FOR EACH ROW WHEN ((((old.name IS DISTINCT FROM new.name) OR (old.municipality IS DISTINCT FROM new.municipality)) OR (old.zone IS DISTINCT FROM new.zone))) EXECUTE FUNCTION public.institutions_keep_facets();

CREATE TRIGGER persons_come_of_age AFTER UPDATE OF birth_date ON public.persons FOR EACH ROW WHEN (((old.birth_date <> new.birth_date) AND (new.deleted_at IS NULL))) EXECUTE FUNCTION public.persons_come_of_age();

CREATE TRIGGER persons_stay_verified BEFORE UPDATE ON public.persons FOR EACH ROW WHEN (((old.verified_at IS NOT NULL) AND (new.deleted_at IS NULL))) EXECUTE FUNCTION public.persons_stay_verified();

CREATE TRIGGER programmes_keep_facets AFTER UPDATE ON public.programmes FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.programmes_keep_facets();

CREATE TRIGGER trials_keep_step BEFORE INSERT OR UPDATE ON public.trials FOR EACH ROW EXECUTE FUNCTION public.trials_keep_step();

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_region_id_certificate_id_fkey FOREIGN KEY (region_id, certificate_id) REFERENCES public.certificates(region_id, id);

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

ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_region_id_application_id_fkey FOREIGN KEY (region_id, application_id) REFERENCES public.applications(region_id, id);

ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.benefits
    ADD CONSTRAINT benefits_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.calendar_days
    ADD CONSTRAINT calendar_days_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.campaign_wishes
    ADD CONSTRAINT campaign_wishes_region_id_campaign_id_fkey FOREIGN KEY (region_id, campaign_id) REFERENCES public.campaigns(region_id, id);

ALTER TABLE ONLY public.campaign_wishes
    ADD CONSTRAINT campaign_wishes_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.campaign_wishes
    ADD CONSTRAINT campaign_wishes_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.citizens
    ADD CONSTRAINT citizens_region_id_same_as_fkey FOREIGN KEY (region_id, same_as) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.confirmations
    ADD CONSTRAINT confirmations_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_purpose_version_language_fkey FOREIGN KEY (purpose, version, language) REFERENCES public.consent_texts(purpose, version, language);

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.delays
    ADD CONSTRAINT delays_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_region_id_application_id_fkey FOREIGN KEY (region_id, application_id) REFERENCES public.applications(region_id, id);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.draw_requests
    ADD CONSTRAINT draw_requests_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.draw_requests
    ADD CONSTRAINT draw_requests_region_id_draw_id_fkey FOREIGN KEY (region_id, draw_id) REFERENCES public.draws(region_id, id);

ALTER TABLE ONLY public.draw_requests
    ADD CONSTRAINT draw_requests_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.draws
    ADD CONSTRAINT draws_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.draws
    ADD CONSTRAINT draws_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.group_facets
    ADD CONSTRAINT group_facets_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.group_locks
    ADD CONSTRAINT group_locks_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_region_id_application_id_fkey FOREIGN KEY (region_id, application_id) REFERENCES public.applications(region_id, id);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.group_teachers
    ADD CONSTRAINT group_teachers_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.group_teachers
    ADD CONSTRAINT group_teachers_region_id_teacher_id_fkey FOREIGN KEY (region_id, teacher_id) REFERENCES public.teachers(region_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_region_id_campaign_id_fkey FOREIGN KEY (region_id, campaign_id) REFERENCES public.campaigns(region_id, id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_region_id_programme_id_fkey FOREIGN KEY (region_id, programme_id) REFERENCES public.programmes(region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.guardians
    ADD CONSTRAINT guardians_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_region_id_offer_id_fkey FOREIGN KEY (region_id, offer_id) REFERENCES public.offers(region_id, id);

ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_region_id_slot_id_fkey FOREIGN KEY (region_id, slot_id) REFERENCES public.slots(region_id, id);

ALTER TABLE ONLY public.identity_codes
    ADD CONSTRAINT identity_codes_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.institutions
    ADD CONSTRAINT institutions_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.launch_uses
    ADD CONSTRAINT launch_uses_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.lesson_changes
    ADD CONSTRAINT lesson_changes_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.locations
    ADD CONSTRAINT locations_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.message_recipients
    ADD CONSTRAINT message_recipients_region_id_application_id_fkey FOREIGN KEY (region_id, application_id) REFERENCES public.applications(region_id, id);

ALTER TABLE ONLY public.message_recipients
    ADD CONSTRAINT message_recipients_region_id_message_id_fkey FOREIGN KEY (region_id, message_id) REFERENCES public.messages(region_id, id);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.offered_specialties
    ADD CONSTRAINT offered_specialties_specialty_code_fkey FOREIGN KEY (specialty_code) REFERENCES public.specialties(code);

ALTER TABLE ONLY public.offers
    ADD CONSTRAINT offers_region_id_appointment_id_fkey FOREIGN KEY (region_id, appointment_id) REFERENCES public.appointments(region_id, id);

ALTER TABLE ONLY public.offers
    ADD CONSTRAINT offers_region_id_entry_id_fkey FOREIGN KEY (region_id, entry_id) REFERENCES public.waiting_entries(region_id, id);

ALTER TABLE ONLY public.page_invitations
    ADD CONSTRAINT page_invitations_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pages_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.practitioner_blocks
    ADD CONSTRAINT practitioner_blocks_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.practitioner_specialties
    ADD CONSTRAINT practitioner_specialties_region_id_institution_id_specialt_fkey FOREIGN KEY (region_id, institution_id, specialty_code) REFERENCES public.offered_specialties(region_id, institution_id, specialty_code);

ALTER TABLE ONLY public.practitioner_specialties
    ADD CONSTRAINT practitioner_specialties_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT practitioners_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.programmes
    ADD CONSTRAINT programmes_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_specialty_code_fkey FOREIGN KEY (specialty_code) REFERENCES public.specialties(code);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_specialty_of_practitioner FOREIGN KEY (region_id, practitioner_id, specialty_code) REFERENCES public.practitioner_specialties(region_id, practitioner_id, specialty_code);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_region_id_account_id_fkey FOREIGN KEY (region_id, account_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_region_id_fkey FOREIGN KEY (region_id) REFERENCES public.regions(code);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_region_id_location_id_fkey FOREIGN KEY (region_id, location_id) REFERENCES public.locations(region_id, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_specialty_of_practitioner FOREIGN KEY (region_id, practitioner_id, specialty_code) REFERENCES public.practitioner_specialties(region_id, practitioner_id, specialty_code);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT staff_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.teachers
    ADD CONSTRAINT teachers_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.teachers
    ADD CONSTRAINT teachers_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_region_id_group_id_fkey FOREIGN KEY (region_id, group_id) REFERENCES public.groups(region_id, id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.waiting_entries
    ADD CONSTRAINT waiting_entries_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE ONLY public.waiting_entries
    ADD CONSTRAINT waiting_entries_region_id_institution_id_fkey FOREIGN KEY (region_id, institution_id) REFERENCES public.institutions(region_id, id);

ALTER TABLE ONLY public.waiting_entries
    ADD CONSTRAINT waiting_entries_region_id_practitioner_id_fkey FOREIGN KEY (region_id, practitioner_id) REFERENCES public.practitioners(region_id, id);

ALTER TABLE ONLY public.waiting_entries
    ADD CONSTRAINT waiting_entries_specialty_code_fkey FOREIGN KEY (specialty_code) REFERENCES public.specialties(code);

ALTER TABLE ONLY public.waiting_persons
    ADD CONSTRAINT waiting_persons_region_id_entry_id_fkey FOREIGN KEY (region_id, entry_id) REFERENCES public.waiting_entries(region_id, id);

ALTER TABLE ONLY public.waiting_persons
    ADD CONSTRAINT waiting_persons_region_id_person_id_fkey FOREIGN KEY (region_id, person_id) REFERENCES public.persons(region_id, id);

ALTER TABLE ONLY public.wrong_codes
    ADD CONSTRAINT wrong_codes_region_id_citizen_id_fkey FOREIGN KEY (region_id, citizen_id) REFERENCES public.citizens(region_id, id);

ALTER TABLE public.accesses ENABLE ROW LEVEL SECURITY;

CREATE POLICY accesses_are_seen ON public.accesses TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.applications ENABLE ROW LEVEL SECURITY;

CREATE POLICY applications_are_seen ON public.applications TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[]))) OR ((region_id = public.sight_region()) AND (group_id = ANY (( SELECT public.sight_groups() AS sight_groups)::uuid[])))));

ALTER TABLE public.appointments ENABLE ROW LEVEL SECURITY;

CREATE POLICY appointments_are_seen ON public.appointments TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[])))));

ALTER TABLE public.attachments ENABLE ROW LEVEL SECURITY;

CREATE POLICY attachments_are_seen ON public.attachments TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

ALTER TABLE public.attendance ENABLE ROW LEVEL SECURITY;

CREATE POLICY attendance_are_seen ON public.attendance TO zapis_service USING ((public.sees_region(region_id) OR (EXISTS ( SELECT
   FROM public.applications a
  WHERE ((a.region_id = attendance.region_id) AND (a.id = attendance.application_id))))));

ALTER TABLE public.audit_heads ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_heads_are_seen ON public.audit_heads TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.audit_trail ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_trail_are_seen ON public.audit_trail TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.benefits ENABLE ROW LEVEL SECURITY;

CREATE POLICY benefits_are_added ON public.benefits FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY benefits_are_changed ON public.benefits FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY benefits_are_deleted ON public.benefits FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY benefits_are_seen ON public.benefits FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.calendar_days ENABLE ROW LEVEL SECURITY;

CREATE POLICY calendar_days_are_added ON public.calendar_days FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY calendar_days_are_changed ON public.calendar_days FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY calendar_days_are_deleted ON public.calendar_days FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY calendar_days_are_seen ON public.calendar_days FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.campaign_wishes ENABLE ROW LEVEL SECURITY;

CREATE POLICY campaign_wishes_are_seen ON public.campaign_wishes TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[])))));

ALTER TABLE public.campaigns ENABLE ROW LEVEL SECURITY;

CREATE POLICY campaigns_are_added ON public.campaigns FOR INSERT TO zapis_service WITH CHECK (public.sees_region(region_id));

CREATE POLICY campaigns_are_changed ON public.campaigns FOR UPDATE TO zapis_service USING (public.sees_region(region_id));

CREATE POLICY campaigns_are_deleted ON public.campaigns FOR DELETE TO zapis_service USING (public.sees_region(region_id));

CREATE POLICY campaigns_are_seen ON public.campaigns FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.certificates ENABLE ROW LEVEL SECURITY;

CREATE POLICY certificates_are_seen ON public.certificates TO zapis_service USING ((public.sees_region(region_id) OR (EXISTS ( SELECT
   FROM public.applications a
  WHERE ((a.region_id = certificates.region_id) AND (a.certificate_id = certificates.id)))) OR ((region_id = public.sight_region()) AND (identity = ANY (( SELECT public.sight_identities() AS sight_identities)::bytea[])))));

ALTER TABLE public.citizens ENABLE ROW LEVEL SECURITY;

CREATE POLICY citizens_are_seen ON public.citizens TO zapis_service USING ((public.sees_region(region_id) OR (public.sight_reach() = 'entering'::text) OR ((region_id = public.sight_region()) AND (id = ANY (( SELECT public.sight_accounts() AS sight_accounts)::uuid[])))));

ALTER TABLE public.clients ENABLE ROW LEVEL SECURITY;

CREATE POLICY clients_are_seen ON public.clients TO zapis_service USING ((public.sees_region(region_id) OR (public.sight_reach() = 'entering'::text)));

ALTER TABLE public.confirmations ENABLE ROW LEVEL SECURITY;

CREATE POLICY confirmations_are_seen ON public.confirmations TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.consents ENABLE ROW LEVEL SECURITY;

CREATE POLICY consents_are_seen ON public.consents TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.delays ENABLE ROW LEVEL SECURITY;

CREATE POLICY delays_are_added ON public.delays FOR INSERT TO zapis_service WITH CHECK (public.is_staff(region_id));

CREATE POLICY delays_are_changed ON public.delays FOR UPDATE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY delays_are_deleted ON public.delays FOR DELETE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY delays_are_seen ON public.delays FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;

CREATE POLICY documents_are_seen ON public.documents TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[])))));

ALTER TABLE public.draw_requests ENABLE ROW LEVEL SECURITY;

CREATE POLICY draw_requests_are_seen ON public.draw_requests TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[]))) OR (EXISTS ( SELECT
   FROM public.draws d
  WHERE ((d.region_id = draw_requests.region_id) AND (d.id = draw_requests.draw_id) AND public.is_institution(d.region_id, d.institution_id))))));

ALTER TABLE public.draws ENABLE ROW LEVEL SECURITY;

CREATE POLICY draws_are_added ON public.draws FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY draws_are_changed ON public.draws FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY draws_are_deleted ON public.draws FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY draws_are_seen ON public.draws FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.engagements ENABLE ROW LEVEL SECURITY;

CREATE POLICY engagements_are_seen ON public.engagements TO zapis_service USING ((public.sees_region(region_id) OR ((region_id = public.sight_region()) AND (identity = ANY (( SELECT public.sight_identities() AS sight_identities)::bytea[])))));

ALTER TABLE public.group_locks ENABLE ROW LEVEL SECURITY;

CREATE POLICY group_locks_are_added ON public.group_locks FOR INSERT TO zapis_service WITH CHECK (public.is_staff(region_id));

CREATE POLICY group_locks_are_changed ON public.group_locks FOR UPDATE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY group_locks_are_deleted ON public.group_locks FOR DELETE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY group_locks_are_seen ON public.group_locks FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.group_members ENABLE ROW LEVEL SECURITY;

CREATE POLICY group_members_are_seen ON public.group_members TO zapis_service USING ((public.sees_region(region_id) OR (EXISTS ( SELECT
   FROM public.applications a
  WHERE ((a.region_id = group_members.region_id) AND (a.id = group_members.application_id))))));

ALTER TABLE public.group_teachers ENABLE ROW LEVEL SECURITY;

CREATE POLICY group_teachers_are_added ON public.group_teachers FOR INSERT TO zapis_service WITH CHECK (public.is_staff(region_id));

CREATE POLICY group_teachers_are_changed ON public.group_teachers FOR UPDATE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY group_teachers_are_deleted ON public.group_teachers FOR DELETE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY group_teachers_are_seen ON public.group_teachers FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.groups ENABLE ROW LEVEL SECURITY;

CREATE POLICY groups_are_added ON public.groups FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY groups_are_changed ON public.groups FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY groups_are_deleted ON public.groups FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY groups_are_seen ON public.groups FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.guardians ENABLE ROW LEVEL SECURITY;

CREATE POLICY guardians_are_seen ON public.guardians TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[])))));

ALTER TABLE public.holds ENABLE ROW LEVEL SECURITY;

CREATE POLICY holds_are_seen ON public.holds TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id)));

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_are_seen ON public.idempotency_keys TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.identity_codes ENABLE ROW LEVEL SECURITY;

CREATE POLICY identity_codes_are_seen ON public.identity_codes TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.institutions ENABLE ROW LEVEL SECURITY;

CREATE POLICY institutions_are_added ON public.institutions FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, id)));

CREATE POLICY institutions_are_changed ON public.institutions FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, id)));

CREATE POLICY institutions_are_deleted ON public.institutions FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, id)));

CREATE POLICY institutions_are_seen ON public.institutions FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.invitations ENABLE ROW LEVEL SECURITY;

CREATE POLICY invitations_are_seen ON public.invitations TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.launch_uses ENABLE ROW LEVEL SECURITY;

CREATE POLICY launch_uses_are_seen ON public.launch_uses TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.lesson_changes ENABLE ROW LEVEL SECURITY;

CREATE POLICY lesson_changes_are_added ON public.lesson_changes FOR INSERT TO zapis_service WITH CHECK (public.is_staff(region_id));

CREATE POLICY lesson_changes_are_changed ON public.lesson_changes FOR UPDATE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY lesson_changes_are_deleted ON public.lesson_changes FOR DELETE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY lesson_changes_are_seen ON public.lesson_changes FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.locations ENABLE ROW LEVEL SECURITY;

CREATE POLICY locations_are_added ON public.locations FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY locations_are_changed ON public.locations FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY locations_are_deleted ON public.locations FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY locations_are_seen ON public.locations FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.message_recipients ENABLE ROW LEVEL SECURITY;

CREATE POLICY message_recipients_are_seen ON public.message_recipients TO zapis_service USING ((public.sees_region(region_id) OR (EXISTS ( SELECT
   FROM public.applications a
  WHERE ((a.region_id = message_recipients.region_id) AND (a.id = message_recipients.application_id))))));

ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;

CREATE POLICY messages_are_seen ON public.messages TO zapis_service USING ((public.sees_region(region_id) OR ((region_id = public.sight_region()) AND (group_id = ANY (( SELECT public.sight_groups() AS sight_groups)::uuid[]))) OR (EXISTS ( SELECT
   FROM public.groups g
  WHERE ((g.region_id = messages.region_id) AND (g.id = messages.group_id) AND public.is_institution(g.region_id, g.institution_id)))) OR (EXISTS ( SELECT
   FROM public.message_recipients r
  WHERE ((r.region_id = messages.region_id) AND (r.message_id = messages.id) AND (r.application_id = ANY (( SELECT public.sight_applications() AS sight_applications)::uuid[])))))));

ALTER TABLE public.offered_specialties ENABLE ROW LEVEL SECURITY;

CREATE POLICY offered_specialties_are_added ON public.offered_specialties FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY offered_specialties_are_changed ON public.offered_specialties FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY offered_specialties_are_deleted ON public.offered_specialties FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY offered_specialties_are_seen ON public.offered_specialties FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.offers ENABLE ROW LEVEL SECURITY;

CREATE POLICY offers_are_seen ON public.offers TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id) OR (EXISTS ( SELECT
   FROM public.appointments a
  WHERE ((a.region_id = offers.region_id) AND (a.id = offers.appointment_id))))));

ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;

CREATE POLICY outbox_are_seen ON public.outbox TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.page_invitations ENABLE ROW LEVEL SECURITY;

CREATE POLICY page_invitations_are_seen ON public.page_invitations TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.pages ENABLE ROW LEVEL SECURITY;

CREATE POLICY pages_are_added ON public.pages FOR INSERT TO zapis_service WITH CHECK (public.sees_region(region_id));

CREATE POLICY pages_are_changed ON public.pages FOR UPDATE TO zapis_service USING (public.sees_region(region_id));

CREATE POLICY pages_are_deleted ON public.pages FOR DELETE TO zapis_service USING (public.sees_region(region_id));

CREATE POLICY pages_are_seen ON public.pages FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.persons ENABLE ROW LEVEL SECURITY;

CREATE POLICY persons_are_seen ON public.persons TO zapis_service USING ((public.sees_region(region_id) OR ((region_id = public.sight_region()) AND (id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[]))) OR (EXISTS ( SELECT
   FROM public.appointments a
  WHERE ((a.region_id = persons.region_id) AND (a.person_id = persons.id)))) OR (EXISTS ( SELECT
   FROM public.applications a
  WHERE ((a.region_id = persons.region_id) AND (a.person_id = persons.id)))) OR (EXISTS ( SELECT
   FROM public.trials t
  WHERE ((t.region_id = persons.region_id) AND (t.person_id = persons.id)))) OR (EXISTS ( SELECT
   FROM public.waiting_persons w
  WHERE ((w.region_id = persons.region_id) AND (w.person_id = persons.id))))));

ALTER TABLE public.places_let_go ENABLE ROW LEVEL SECURITY;

CREATE POLICY places_let_go_are_seen ON public.places_let_go TO zapis_service USING (false);

ALTER TABLE public.practitioner_blocks ENABLE ROW LEVEL SECURITY;

CREATE POLICY practitioner_blocks_are_added ON public.practitioner_blocks FOR INSERT TO zapis_service WITH CHECK (public.is_staff(region_id));

CREATE POLICY practitioner_blocks_are_changed ON public.practitioner_blocks FOR UPDATE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY practitioner_blocks_are_deleted ON public.practitioner_blocks FOR DELETE TO zapis_service USING (public.is_staff(region_id));

CREATE POLICY practitioner_blocks_are_seen ON public.practitioner_blocks FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.practitioner_specialties ENABLE ROW LEVEL SECURITY;

CREATE POLICY practitioner_specialties_are_added ON public.practitioner_specialties FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioner_specialties_are_changed ON public.practitioner_specialties FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioner_specialties_are_deleted ON public.practitioner_specialties FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioner_specialties_are_seen ON public.practitioner_specialties FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.practitioners ENABLE ROW LEVEL SECURITY;

CREATE POLICY practitioners_are_added ON public.practitioners FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioners_are_changed ON public.practitioners FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioners_are_deleted ON public.practitioners FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY practitioners_are_seen ON public.practitioners FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.programmes ENABLE ROW LEVEL SECURITY;

CREATE POLICY programmes_are_added ON public.programmes FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY programmes_are_changed ON public.programmes FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY programmes_are_deleted ON public.programmes FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY programmes_are_seen ON public.programmes FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.referrals ENABLE ROW LEVEL SECURITY;

CREATE POLICY referrals_are_seen ON public.referrals TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

ALTER TABLE public.regions ENABLE ROW LEVEL SECURITY;

CREATE POLICY regions_are_added ON public.regions FOR INSERT TO zapis_service WITH CHECK (public.sees_region(code));

CREATE POLICY regions_are_changed ON public.regions FOR UPDATE TO zapis_service USING (public.sees_region(code));

CREATE POLICY regions_are_deleted ON public.regions FOR DELETE TO zapis_service USING (public.sees_region(code));

CREATE POLICY regions_are_seen ON public.regions FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.schedules ENABLE ROW LEVEL SECURITY;

CREATE POLICY schedules_are_added ON public.schedules FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY schedules_are_changed ON public.schedules FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY schedules_are_deleted ON public.schedules FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY schedules_are_seen ON public.schedules FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY sessions_are_seen ON public.sessions TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.slots ENABLE ROW LEVEL SECURITY;

CREATE POLICY slots_are_added ON public.slots FOR INSERT TO zapis_service WITH CHECK ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY slots_are_changed ON public.slots FOR UPDATE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY slots_are_deleted ON public.slots FOR DELETE TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id)));

CREATE POLICY slots_are_seen ON public.slots FOR SELECT TO zapis_service USING (true);

ALTER TABLE public.staff ENABLE ROW LEVEL SECURITY;

CREATE POLICY staff_are_seen ON public.staff TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.teachers ENABLE ROW LEVEL SECURITY;

CREATE POLICY teachers_are_seen ON public.teachers TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id) OR public.is_citizen(region_id, citizen_id)));

ALTER TABLE public.trials ENABLE ROW LEVEL SECURITY;

CREATE POLICY trials_are_seen ON public.trials TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[]))) OR ((region_id = public.sight_region()) AND (group_id = ANY (( SELECT public.sight_groups() AS sight_groups)::uuid[]))) OR (EXISTS ( SELECT
   FROM public.groups g
  WHERE ((g.region_id = trials.region_id) AND (g.id = trials.group_id) AND public.is_institution(g.region_id, g.institution_id))))));

ALTER TABLE public.used_assertions ENABLE ROW LEVEL SECURITY;

CREATE POLICY used_assertions_are_seen ON public.used_assertions TO zapis_service USING ((public.sees_region(region_id) OR (public.sight_reach() = 'entering'::text)));

ALTER TABLE public.waiting_entries ENABLE ROW LEVEL SECURITY;

CREATE POLICY waiting_entries_are_seen ON public.waiting_entries TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id) OR public.is_institution(region_id, institution_id)));

ALTER TABLE public.waiting_persons ENABLE ROW LEVEL SECURITY;

CREATE POLICY waiting_persons_are_seen ON public.waiting_persons TO zapis_service USING ((public.sees_region(region_id) OR public.is_institution(region_id, institution_id) OR ((region_id = public.sight_region()) AND (person_id = ANY (( SELECT public.sight_family() AS sight_family)::uuid[]))) OR (EXISTS ( SELECT
   FROM public.waiting_entries e
  WHERE ((e.region_id = waiting_persons.region_id) AND (e.id = waiting_persons.entry_id))))));

ALTER TABLE public.wrong_claims ENABLE ROW LEVEL SECURITY;

CREATE POLICY wrong_claims_are_seen ON public.wrong_claims TO zapis_service USING ((public.sees_region(region_id) OR false));

ALTER TABLE public.wrong_codes ENABLE ROW LEVEL SECURITY;

CREATE POLICY wrong_codes_are_seen ON public.wrong_codes TO zapis_service USING ((public.sees_region(region_id) OR public.is_citizen(region_id, citizen_id)));
