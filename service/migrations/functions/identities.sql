-- One citizen on several platforms: the accounts of one human being are joined by a one-time code, and act as one.

-- A new code takes the place of the citizen's earlier one.
CREATE OR REPLACE FUNCTION create_identity_code(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_code_hash bytea, p_expires_at timestamptz,
    p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- The citizen whom the account that gives the code is from now on; null where the code leads nowhere, and that is
-- remembered. Refuses whoever was wrong five times in an hour. Has to be a transaction of its own, for what is remembered.
CREATE OR REPLACE FUNCTION join_identity(p_region smallint, p_citizen uuid, p_code_hash bytea, p_now timestamptz)
RETURNS uuid LANGUAGE plpgsql AS $$
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

-- All that is one citizen's becomes another's: the family, where the same human being is written down once from then on,
-- and everything that was asked for. Once more does no harm.
CREATE OR REPLACE FUNCTION hand_over(p_region smallint, p_from uuid, p_to uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
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

-- What an access token that was issued before the accounts were joined has still brought about goes over as well. Returns
-- of how many accounts, one at most.
CREATE OR REPLACE FUNCTION hand_over_the_rest(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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

-- The account goes its own way again, as a citizen without a family; what was joined stays. Twice is no error.
CREATE OR REPLACE FUNCTION leave_identity(p_region smallint, p_citizen uuid, p_platform text, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
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
