-- Run after every upgrade. The service's role owns nothing, reads and writes behind the walls of row-level security
-- (versions/0006_walls.sql), and only adds to what must never be changed.

DO $$
DECLARE
    ours record;
BEGIN
    -- What may write is VOLATILE: it runs with the rights of the tables' owner, and checks by itself whose rows it is
    -- about. The rest is STABLE and sees what its caller sees. Nobody can slip a table or an operator of their own
    -- under either, and no other role may call them.
    FOR ours IN
        SELECT p.oid::regprocedure AS called, p.provolatile = 'v' AS is_door FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        IF ours.is_door THEN
            EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = public, pg_temp', ours.called);
        END IF;
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', ours.called);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zapis_service', ours.called);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zapis_service;
-- What only functions and migrations write. All but the trail are everybody's to read, so that they need no policies:
-- these would keep the planner from the statistics of texts and places that groups are searched by.
REVOKE INSERT, UPDATE, DELETE
ON accesses, alembic_version, audit_trail, consent_texts, data_keys, group_facets, group_texts, national_days, specialties
FROM zapis_service;
