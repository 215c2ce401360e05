-- What served its purpose is forgotten.

-- Deletes a batch of answers that were kept before then, region by region; gives how many.
CREATE OR REPLACE FUNCTION forget_answers(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
