-- What must be one round trip: each function takes the place, writes the booking, the idempotency row, the audit row and
-- the outbox row. A refusal is an exception whose constraint name says which; it undoes everything.

-- Refuses with that name; with null it does nothing.
CREATE OR REPLACE FUNCTION refuse(p_refusal text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal;
    END IF;
END $$;

-- The same, of one item of several: the detail points at it.
CREATE OR REPLACE FUNCTION refuse(p_refusal text, p_item integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal,
                              DETAIL = '/items/' || p_item;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION journal(
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
CREATE OR REPLACE FUNCTION idempotency_find(p_region smallint, p_caller uuid, p_operation text, p_key text, p_request_hash bytea)
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
CREATE OR REPLACE FUNCTION idempotency_keep(
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
CREATE OR REPLACE FUNCTION full_months(p_birth_date date, p_on date) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(year FROM p_on) - extract(year FROM p_birth_date)) * 12
    + extract(month FROM p_on) - extract(month FROM p_birth_date)
    - CASE WHEN extract(day FROM p_on) < extract(day FROM p_birth_date) THEN 1 ELSE 0 END;
