-- The waiting list: joined, left, and over with its last day.

-- How many in the queue come before; null where the entry does not wait.
CREATE OR REPLACE FUNCTION waiting_before(entry waiting_entries) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN entry.status = 'waiting' THEN (
        SELECT count(*) FROM waiting_entries e
        WHERE e.region_id = entry.region_id AND e.institution_id = entry.institution_id
          AND e.specialty_code = entry.specialty_code AND e.status = 'waiting'
          AND (e.queued_at, e.id) < (entry.queued_at, entry.id)) END
$$;

-- In no other order than that of their ids.
CREATE OR REPLACE FUNCTION persons_waiting(entry waiting_entries) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(w.person_id ORDER BY w.person_id) FROM waiting_persons w
    WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
$$;

-- How many left the queue in the last 14 days, by whatever way.
CREATE OR REPLACE FUNCTION left_queue(entry waiting_entries, p_now timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM waiting_entries e
    WHERE e.region_id = entry.region_id AND e.institution_id = entry.institution_id
      AND e.specialty_code = entry.specialty_code AND e.ended_at > p_now - interval '14 days'
$$;

-- An entry as it is shown.
CREATE OR REPLACE FUNCTION shown_entry(entry waiting_entries, p_persons uuid[], p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
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

-- p_entry: the columns of waiting_entries that the citizen gives.
CREATE OR REPLACE FUNCTION join_waiting_list(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_entry jsonb, p_persons uuid[],
    p_id uuid, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- Why these persons can't wait for that: because a place could never be given to them.
CREATE OR REPLACE FUNCTION joining_refusal(entry waiting_entries, patients persons[], p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
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

-- Leaving what is left, or over, changes nothing. A place that was being offered goes to the next.
CREATE OR REPLACE FUNCTION leave_waiting_list(
    p_region smallint, p_citizen uuid, p_entry uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
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

-- Ends the waiting of those whose last day is over, in their clinic's zone. Returns of how many, a hundred at most.
CREATE OR REPLACE FUNCTION expire_entries(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
