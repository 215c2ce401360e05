-- Keys of the table data_keys, and what is sealed by them.

-- How long the processes of the version before, which know nothing of data keys, may still serve beside ours.
CREATE OR REPLACE FUNCTION first_key_rests() RETURNS interval LANGUAGE sql IMMUTABLE RETURN interval '1 hour';

-- The first key of its purpose; false where there is one. Where people are written down already, it is known for a while
-- before it is used.
CREATE OR REPLACE FUNCTION make_first_data_key(
    p_id text, p_purpose text, p_wrapped_by text, p_wrapped bytea, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
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

-- The next key of its purpose; false where one waits already.
CREATE OR REPLACE FUNCTION make_next_data_key(
    p_id text, p_purpose text, p_wrapped_by text, p_wrapped bytea, p_now timestamptz, p_current_from timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('data_keys'));
    IF EXISTS (SELECT FROM data_keys WHERE purpose = p_purpose AND current_from > p_now AND revoked_at IS NULL) THEN
        RETURN false;
    END IF;
    INSERT INTO data_keys (id, purpose, wrapped_by, wrapped, made_at, current_from)
    VALUES (p_id, p_purpose, p_wrapped_by, p_wrapped, p_now, p_current_from);
    RETURN true;
END $$;

-- Where sealed texts are, each of the form `<key id>.<...>`. Whoever adds a column adds it here, with its index.
CREATE OR REPLACE FUNCTION sealed_columns() RETURNS TABLE (in_table text, in_column text) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('persons', 'snils_sealed'), ('persons', 'policy_sealed'), ('appointments', 'home_address_sealed'),
           ('certificates', 'number_sealed'), ('documents', 'key_sealed'), ('documents', 'name_sealed'),
           ('draws', 'seed_sealed'), ('campaigns', 'seed_sealed')
$$;

-- How many rows each key has sealed.
CREATE OR REPLACE FUNCTION count_sealed() RETURNS TABLE (in_table text, in_column text, key_id text, sealed bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place record;
BEGIN
    FOR place IN SELECT c.in_table, c.in_column FROM sealed_columns() c LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %1$L, %2$L, split_part(t.%2$I, ''.'', 1), count(*)
             FROM regions r JOIN %1$I t ON t.region_id = r.code
             WHERE t.%2$I IS NOT NULL GROUP BY 3 ORDER BY 3', place.in_table, place.in_column);
    END LOOP;
END $$;

-- A batch of what one of these keys has sealed, of one region and one column, but for the rows p_except. The rows stay
-- locked, and those that somebody else has locked are left for another time.
CREATE OR REPLACE FUNCTION lock_sealed(p_keys text[], p_except uuid[], p_most integer)
RETURNS TABLE (in_table text, in_column text, region_id smallint, id uuid, sealed text) LANGUAGE plpgsql AS $$
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
END $$;

-- What lock_sealed gave, sealed anew. A row that does not hold what it held then is left alone; gives how many did.
CREATE OR REPLACE FUNCTION reseal(
    p_table text, p_column text, p_region smallint, p_ids uuid[], p_before text[], p_after text[]
) RETURNS integer LANGUAGE plpgsql AS $$
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
END $$;

-- Whether a data key that has sealed nothing that is still there was destroyed now, or was before.
CREATE OR REPLACE FUNCTION revoke_sealing_key(p_id text, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('data_keys'));
    IF EXISTS (SELECT FROM count_sealed() c WHERE c.key_id = p_id) THEN
        RETURN false;
    END IF;
    UPDATE data_keys SET wrapped = NULL, wrapped_by = NULL, revoked_at = p_now
    WHERE id = p_id AND purpose = 'seal' AND revoked_at IS NULL;
    RETURN true;
END $$;

-- A signing key is destroyed, also one that was in the settings alone: from now on it verifies nothing.
CREATE OR REPLACE FUNCTION revoke_signing_key(p_id text, p_now timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO data_keys (id, purpose, made_at, current_from, revoked_at) VALUES (p_id, 'sign', p_now, p_now, p_now)
    ON CONFLICT (id) DO UPDATE SET wrapped = NULL, wrapped_by = NULL,
        revoked_at = coalesce(data_keys.revoked_at, excluded.revoked_at)
$$;

-- The key is sealed by another one now, unless it was meanwhile, or revoked.
CREATE OR REPLACE FUNCTION rewrap_data_key(p_id text, p_wrapped_by text, p_wrapped bytea, p_before bytea) RETURNS void
LANGUAGE sql AS $$
    UPDATE data_keys SET wrapped_by = p_wrapped_by, wrapped = p_wrapped WHERE id = p_id AND wrapped = p_before
$$;
