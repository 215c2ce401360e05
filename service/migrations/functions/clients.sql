-- Credentials of systems: made, replaced while both are good, taken back together with the tokens.

-- Without a key (from the command line) it is done each time. p_client: {id, institution_id, name, secret_hash,
-- public_keys, scopes}. The result has what the secret is made of anew where the request is repeated, and no secret.
CREATE OR REPLACE FUNCTION create_client(
    p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_client jsonb, p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- New credentials in place of those that are good, which stay good for p_keep; where that is nothing, all tokens that were
-- issued end as well. Refuses a second one while earlier credentials are still good: a system that is about to take the
-- new ones would be shut out.
CREATE OR REPLACE FUNCTION rotate_client(
    p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_client uuid, p_secret_hash bytea,
    p_public_keys text[], p_keep interval, p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- The client opens nothing any more, by whatever proves it, and its tokens end; gives the generation that none of them
-- has. Twice is no error; null where there is none.
CREATE OR REPLACE FUNCTION revoke_client(p_region smallint, p_actor uuid, p_client uuid, p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
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

-- In all regions, since then: clients of whose tokens only those of that generation are good.
CREATE OR REPLACE FUNCTION ended_clients(p_since timestamptz)
RETURNS TABLE (client uuid, generation integer, at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT c.id, c.generation, c.ended_at FROM regions r JOIN clients c ON c.region_id = r.code AND c.ended_at > p_since;
$$;
