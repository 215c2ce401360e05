-- One-time codes that others gave: guardians, accounts and teachers join by them. Nobody goes through them all.

-- Refuses whoever gave five wrong codes of any kind in an hour. Guesses of one citizen come one after the other from here
-- on, or many at once would be counted as one.
CREATE OR REPLACE FUNCTION count_wrong_codes(p_region smallint, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('citizen_gone') WHERE NOT FOUND;
    PERFORM refuse('too_many_attempts') WHERE 5 <= (
        SELECT count(*) FROM wrong_codes
        WHERE region_id = p_region AND citizen_id = p_citizen AND at > p_now - interval '1 hour');
END $$;

-- Remembers a wrong code, and forgets those that count no more. Whoever calls it answers, and does not refuse(), which
-- would undo it.
CREATE OR REPLACE FUNCTION remember_wrong_code(p_region smallint, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wrong_codes
    WHERE region_id = p_region AND citizen_id = p_citizen AND at <= p_now - interval '1 hour';
    INSERT INTO wrong_codes (region_id, citizen_id, id, at) VALUES (p_region, p_citizen, gen_random_uuid(), p_now);
END $$;
