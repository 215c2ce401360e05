-- The logs of what was done and of who was shown what: they are only added to.

-- Writes down who was shown whose data. Whose, is told by persons, applications or tickets.
CREATE OR REPLACE FUNCTION record_access(
    p_region smallint, p_id uuid, p_now timestamptz, p_operation text, p_path text, p_actor_kind text, p_actor uuid,
    p_role text, p_institution uuid, p_persons uuid[], p_applications uuid[], p_appointments uuid[], p_request_id text
) RETURNS void LANGUAGE plpgsql AS $$
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

-- Who was shown a person's data, the latest first, for whoever looks after the person. What was shown of a record that
-- has become one with this is shown too.
CREATE OR REPLACE FUNCTION list_accesses(
    p_region smallint, p_citizen uuid, p_person uuid, p_before uuid, p_limit integer
) RETURNS TABLE (id uuid, at timestamptz, operation text, role text, institution_name text, zone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

-- Begins a chain, where there is none yet.
CREATE OR REPLACE FUNCTION begin_chain(p_region smallint, p_log text, p_mac bytea, p_seal bytea) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO audit_heads (region_id, log, position, mac, base_position, base_mac, base_seal)
    VALUES (p_region, p_log, 0, p_mac, 0, p_mac, p_seal)
    ON CONFLICT (region_id, log) DO NOTHING;
$$;

-- Chains the entries in this order, behind what is chained already.
CREATE OR REPLACE FUNCTION chain_entries(p_region smallint, p_log text, p_ids uuid[], p_macs bytea[]) RETURNS void
LANGUAGE plpgsql AS $$
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
END $$;

-- Forgets the entries up to that position: the chain begins behind them from then on.
CREATE OR REPLACE FUNCTION forget_chained(p_region smallint, p_log text, p_position bigint, p_mac bytea, p_seal bytea)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_heads SET base_position = p_position, base_mac = p_mac, base_seal = p_seal
    WHERE region_id = p_region AND log = p_log AND base_position < p_position;
    IF FOUND THEN
        EXECUTE format('DELETE FROM %I WHERE region_id = $1 AND position <= $2', p_log) USING p_region, p_position;
    END IF;
END $$;

-- What is written down stays as it is. It is chained once, and forgotten where its chain begins behind it.
CREATE OR REPLACE FUNCTION only_add() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- A chain grows at its end and is forgotten from its beginning.
CREATE OR REPLACE FUNCTION only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.position >= OLD.position AND NEW.base_position >= OLD.base_position
           AND (NEW.region_id, NEW.log) = (OLD.region_id, OLD.log) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a chain only goes forward: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

-- Only where they are not there yet: to replace one would make everybody who writes wait at each upgrade.
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT * FROM (VALUES ('audit_trail', 'only_add'), ('accesses', 'only_add'), ('audit_heads', 'only_forward'))
            AS k (log, rule)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger WHERE tgrelid = k.log::regclass AND tgname = k.log || '_kept')
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION %I()',
                       kept.log || '_kept', kept.log, kept.rule);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION %I()',
                       kept.log || '_never_emptied', kept.log, kept.rule);
    END LOOP;
END $$;
