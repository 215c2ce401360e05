-- What has served its purpose is forgotten: a batch in all regions, of rows that nobody works on. What is counted stays,
-- and belongs to nobody(); what only tells of people goes. docs/personal-data.md has the terms.

-- The citizen and the person whom all of it belongs to; they are there from the first time on.
CREATE OR REPLACE FUNCTION ensure_nobody(p_region smallint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO citizens (region_id, id, platform, external_id, created_at, seen_at)
    VALUES (p_region, nobody(), 'erased', '', '2026-01-01', 'infinity') ON CONFLICT DO NOTHING;
    INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at, deleted_at)
    VALUES (p_region, nobody(), sha256('nobody'), '', '', '1900-01-01', 'female', '2026-01-01', '2026-01-01', '2026-01-01')
    ON CONFLICT DO NOTHING;
$$;

-- A person whom no account looks after (a desk wrote them down) goes with the last of their bookings.
CREATE OR REPLACE FUNCTION drop_person(p_region smallint, p_person uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM persons p
    WHERE p.region_id = p_region AND p.id = p_person AND p.id <> nobody()
      AND NOT EXISTS (SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = p_person)
      AND NOT EXISTS (SELECT FROM appointments a WHERE a.region_id = p_region AND a.person_id = p_person)
      AND NOT EXISTS (SELECT FROM applications a WHERE a.region_id = p_region AND a.person_id = p_person);
EXCEPTION WHEN foreign_key_violation THEN
    -- Something else of them is there still.
    RETURN;
END $$;

-- Whose visits they were, of those that ended before then.
CREATE OR REPLACE FUNCTION forget_tickets(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT a.region_id, a.id, a.person_id FROM appointments a
            WHERE a.region_id = r.code AND a.person_id <> nobody() AND a.ends_at < p_before AND a.status <> 'orphaned'
            ORDER BY a.ends_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        PERFORM ensure_nobody(old.region_id);
        UPDATE appointments SET citizen_id = NULL, person_id = nobody(), identity = sha256(uuid_send(gen_random_uuid())),
            active = false, referral_number = NULL, home_address_sealed = NULL, override_reason = NULL, appeal = NULL
        WHERE region_id = old.region_id AND id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        PERFORM drop_person(old.region_id, old.person_id);
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

-- Whose applications they were, of those that ended before then; an enrolled child's ends with its group. Their documents
-- went long before.
CREATE OR REPLACE FUNCTION forget_applications(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT a.region_id, a.id, a.person_id, a.citizen_id FROM applications a
            JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
            WHERE a.region_id = r.code AND a.person_id <> nobody() AND a.updated_at < p_before
              AND a.status IN ('refused', 'withdrawn', 'expired', 'left', 'enrolled')
              AND (a.status <> 'enrolled' OR g.ends_on < p_before::date)
            ORDER BY a.updated_at LIMIT 200 FOR UPDATE OF a SKIP LOCKED
        ) due LIMIT 200
    LOOP
        PERFORM ensure_nobody(old.region_id);
        UPDATE applications SET citizen_id = nobody(), person_id = nobody(), identity = sha256(uuid_send(gen_random_uuid())),
            benefits = '{}', benefits_confirmed = NULL, decision = NULL, test = NULL, warnings = '[]'
        WHERE region_id = old.region_id AND id = old.id;
        UPDATE documents SET citizen_id = nobody(), person_id = nobody()
        WHERE region_id = old.region_id AND citizen_id = old.citizen_id AND application_id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        PERFORM drop_person(old.region_id, old.person_id);
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

CREATE OR REPLACE FUNCTION forget_trials(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT t.region_id, t.id, t.person_id FROM trials t WHERE t.region_id = r.code AND t.ends_at < p_before
            ORDER BY t.ends_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM trials WHERE region_id = old.region_id AND id = old.id;
        DELETE FROM engagements WHERE region_id = old.region_id AND booking_id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

-- Waiting that ended before then, with what was offered.
CREATE OR REPLACE FUNCTION forget_waiting(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT e.region_id, e.id FROM waiting_entries e
            WHERE e.region_id = r.code AND e.ended_at < p_before AND e.status NOT IN ('waiting', 'offered')
            ORDER BY e.ended_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM offers WHERE region_id = old.region_id AND entry_id = old.id;
        DELETE FROM waiting_persons WHERE region_id = old.region_id AND entry_id = old.id;
        DELETE FROM waiting_entries WHERE region_id = old.region_id AND id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

-- Requests of draws and wishes of campaigns that were carried out before then: their records are made of chance numbers and
-- ids, and stay.
CREATE OR REPLACE FUNCTION forget_requests(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    requests integer;
    wishes integer;
BEGIN
    DELETE FROM draw_requests gone USING regions r CROSS JOIN LATERAL (
        SELECT q.region_id, q.id FROM draw_requests q JOIN draws d ON d.region_id = q.region_id AND d.id = q.draw_id
        WHERE q.region_id = r.code AND q.created_at < p_before AND d.drawn_at < p_before
        ORDER BY q.created_at LIMIT 200 FOR UPDATE OF q SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS requests = ROW_COUNT;
    DELETE FROM campaign_wishes gone USING regions r CROSS JOIN LATERAL (
        SELECT w.region_id, w.id FROM campaign_wishes w JOIN campaigns c ON c.region_id = w.region_id AND c.id = w.campaign_id
        WHERE w.region_id = r.code AND w.updated_at < p_before AND c.filled_at < p_before
        ORDER BY w.updated_at LIMIT 200 FOR UPDATE OF w SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS wishes = ROW_COUNT;
    RETURN requests + wishes;
END $$;

-- Messages to parents that were sent before then.
CREATE OR REPLACE FUNCTION forget_messages(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        SELECT due.* FROM regions r CROSS JOIN LATERAL (
            SELECT m.region_id, m.id FROM messages m WHERE m.region_id = r.code AND m.sent_at < p_before
            ORDER BY m.sent_at LIMIT 200 FOR UPDATE SKIP LOCKED
        ) due LIMIT 200
    LOOP
        DELETE FROM message_recipients WHERE region_id = old.region_id AND message_id = old.id;
        DELETE FROM messages WHERE region_id = old.region_id AND id = old.id;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

-- What was to be told before then: nobody is told of it any more.
CREATE OR REPLACE FUNCTION forget_told(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM outbox gone USING regions r CROSS JOIN LATERAL (
        SELECT o.region_id, o.id FROM outbox o WHERE o.region_id = r.code AND o.at < p_before
        ORDER BY o.at LIMIT 500 FOR UPDATE SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.id = old.id;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- One-time codes that have expired before then, and wrong guesses. Returns how many; they are few.
CREATE OR REPLACE FUNCTION forget_codes(p_before timestamptz) RETURNS integer LANGUAGE sql AS $$
    WITH codes AS (
        DELETE FROM identity_codes c USING regions r WHERE c.region_id = r.code AND c.expires_at < p_before RETURNING 1),
    invited AS (
        DELETE FROM invitations i USING regions r WHERE i.region_id = r.code AND i.expires_at < p_before RETURNING 1),
    guessed AS (
        DELETE FROM wrong_codes w USING regions r WHERE w.region_id = r.code AND w.at < p_before RETURNING 1)
    SELECT ((SELECT count(*) FROM codes) + (SELECT count(*) FROM invited) + (SELECT count(*) FROM guessed))::integer
$$;

-- Whether something of the citizen's or the family's is under way.
CREATE OR REPLACE FUNCTION is_busy(p_region smallint, p_citizen uuid, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM waiting_entries e
                   WHERE e.region_id = p_region AND e.citizen_id = p_citizen AND e.ended_at IS NULL)
        OR EXISTS (SELECT FROM teachers t WHERE t.region_id = p_region AND t.citizen_id = p_citizen)
        OR EXISTS (SELECT FROM staff s WHERE s.region_id = p_region AND s.citizen_id = p_citizen)
        OR EXISTS (
            SELECT FROM guardians g JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen
              AND (a.status = 'orphaned' OR (a.status IN ('booked', 'arrived') AND a.ends_at > p_now)))
        OR EXISTS (
            SELECT FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
            JOIN groups c ON c.region_id = a.region_id AND c.id = a.group_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND c.ends_on >= p_now::date
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered'))
        OR EXISTS (
            SELECT FROM guardians g JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id
            WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND t.status = 'booked' AND t.ends_at > p_now)
$$;

-- A citizen who has come by none of their accounts since then, and has nothing under way; locked.
CREATE OR REPLACE FUNCTION unused_account(p_before timestamptz, p_now timestamptz)
RETURNS TABLE (region_id smallint, citizen_id uuid) LANGUAGE sql AS $$
    SELECT c.region_id, c.id FROM regions r CROSS JOIN LATERAL (
        SELECT o.region_id, o.id FROM citizens o
        WHERE o.region_id = r.code AND o.seen_at < p_before AND o.same_as IS NULL
          AND NOT EXISTS (SELECT FROM citizens j
                          WHERE j.region_id = o.region_id AND j.same_as = o.id AND j.seen_at >= p_before)
          AND NOT is_busy(o.region_id, o.id, p_now)
        ORDER BY o.seen_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) c LIMIT 1
$$;
