-- Who a citizen is, by the word of an OpenID Connect provider.

-- A new attempt takes the place of the citizen's earlier one, unless that is completed.
CREATE OR REPLACE FUNCTION create_confirmation(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_id uuid, p_expires_at timestamptz,
    p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- Takes the attempt for the browser that came back from the provider, which it does once: null for whoever comes second
-- or too late. The accounts of the citizen, to be told apart by: [{platform, the end of the account's number}].
CREATE OR REPLACE FUNCTION take_confirmation(p_region smallint, p_id uuid, p_now timestamptz) RETURNS jsonb
LANGUAGE sql AS $$
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

-- Keeps what the provider said until the citizen gives the code. False where the attempt is over by now.
CREATE OR REPLACE FUNCTION keep_claims(
    p_region smallint, p_id uuid, p_claims_sealed text, p_code_hash bytea, p_expires_at timestamptz, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE confirmations
    SET status = 'awaiting_code', claims_sealed = p_claims_sealed, code_hash = p_code_hash, expires_at = p_expires_at
    WHERE region_id = p_region AND id = p_id AND status = 'checking' AND expires_at > p_now;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION fail_confirmation(p_region smallint, p_id uuid, p_failure text) RETURNS void LANGUAGE sql AS $$
    UPDATE confirmations SET status = 'failed', failure = p_failure
    WHERE region_id = p_region AND id = p_id AND status = 'checking';
$$;

-- Whether the code is the one that the browser showed; null where there is no such attempt of the citizen. The fifth
-- wrong one ends the attempt. Has to be a transaction of its own, for what is counted.
CREATE OR REPLACE FUNCTION try_confirmation_code(
    p_region smallint, p_citizen uuid, p_id uuid, p_code_hash bytea, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
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

-- The account is from now on that human being's, and never another's. Whether it was before.
CREATE OR REPLACE FUNCTION confirm_citizen(p_region smallint, p_citizen uuid, p_subject_hash bytea, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    known bytea;
BEGIN
    SELECT confirmed_as INTO known FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('confirmed_as_another') WHERE known <> p_subject_hash;
    UPDATE citizens SET confirmed_as = p_subject_hash, confirmed_at = p_now WHERE region_id = p_region AND id = p_citizen;
    RETURN known IS NOT NULL;
END $$;

-- What is vouched for of a person of the citizen's family takes the place of what was written by hand, whatever is booked
-- going along; p_twins, and whoever turns out to be the same human being, become one with them. p_verified: columns of
-- persons.
CREATE OR REPLACE FUNCTION verify_person(
    p_region smallint, p_citizen uuid, p_person uuid, p_twins uuid[], p_kinship text, p_verified jsonb,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
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

-- Writes down somebody of the citizen's family whom the provider vouches for.
CREATE OR REPLACE FUNCTION add_verified_person(
    p_region smallint, p_citizen uuid, p_kinship text, p_verified jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given persons := jsonb_populate_record(NULL::persons, p_verified);
BEGIN
    INSERT INTO persons SELECT given.*;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, given.id, p_kinship, given.identity, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'person_created', given.id, '{}', false);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'person_verified', given.id, '{}', false);
END $$;

-- Whoever writes the row: what is vouched for changes with a new word of the provider, or goes with the person.
CREATE OR REPLACE FUNCTION persons_stay_verified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('person_verified')
    WHERE NEW.verified_at IS NOT DISTINCT FROM OLD.verified_at
      AND (NEW.last_name, NEW.first_name, NEW.patronymic, NEW.birth_date, NEW.sex)
          IS DISTINCT FROM (OLD.last_name, OLD.first_name, OLD.patronymic, OLD.birth_date, OLD.sex);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER persons_stay_verified BEFORE UPDATE ON persons
    FOR EACH ROW WHEN (OLD.verified_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION persons_stay_verified();

-- Forgets a batch of attempts that are over, region by region; gives how many.
CREATE OR REPLACE FUNCTION forget_confirmations(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
