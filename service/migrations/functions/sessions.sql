-- Sessions: made of a launch, refreshed, ended.

-- Of a citizen there are so many sessions at a time; the one that was not used for longest gives way.
CREATE OR REPLACE FUNCTION make_room_for_session(p_region smallint, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id IN (
        SELECT s.id FROM sessions s
        WHERE s.region_id = p_region AND s.citizen_id = p_citizen AND s.ended_at IS NULL
        ORDER BY s.used_at DESC OFFSET 49);
$$;

-- The account of that user, made where there is none, and the citizen whom it is. That it came is written down once a
-- day: the term of who does not come is years.
CREATE OR REPLACE FUNCTION ensure_account(
    p_region smallint, p_platform text, p_user text, p_new uuid, p_now timestamptz, OUT account uuid, OUT citizen uuid
) LANGUAGE plpgsql AS $$
DECLARE
    seen timestamptz;
BEGIN
    SELECT c.id, coalesce(c.same_as, c.id), c.seen_at INTO account, citizen, seen FROM citizens c
    WHERE c.region_id = p_region AND c.platform = p_platform AND c.external_id = p_user;
    IF FOUND THEN
        UPDATE citizens SET seen_at = p_now
        WHERE region_id = p_region AND id = account AND seen < p_now - interval '1 day';
        RETURN;
    END IF;
    -- Another launch may make it at this moment: then it is that one's.
    INSERT INTO citizens (region_id, id, platform, external_id, created_at, seen_at)
    VALUES (p_region, p_new, p_platform, p_user, p_now, p_now)
    ON CONFLICT ON CONSTRAINT citizens_one_per_platform_user DO NOTHING;
    SELECT c.id, coalesce(c.same_as, c.id) INTO account, citizen FROM citizens c
    WHERE c.region_id = p_region AND c.platform = p_platform AND c.external_id = p_user;
END $$;

-- Counts one more session of that launch. Refuses where it has made enough.
CREATE OR REPLACE FUNCTION count_launch(
    p_region smallint, p_launch_hash bytea, p_until timestamptz, p_most integer, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    counted integer;
BEGIN
    INSERT INTO launch_uses AS known (region_id, launch_hash, uses, expires_at)
    VALUES (p_region, p_launch_hash, 1, p_until)
    ON CONFLICT (region_id, launch_hash) DO UPDATE SET
        uses = CASE WHEN known.expires_at <= p_now THEN 1 ELSE known.uses + 1 END,
        expires_at = CASE WHEN known.expires_at <= p_now THEN excluded.expires_at ELSE known.expires_at END
    RETURNING uses INTO counted;
    PERFORM refuse('launch_spent') WHERE counted > p_most;
END $$;

-- Opens a session from a page: all of createSession. No row where the page is not connected. Whom the institution itself
-- has given a role has nothing to refresh, and a session until p_staff_expires_at.
CREATE OR REPLACE FUNCTION open_session(
    p_platform text, p_page text, p_user text, p_new_citizen uuid, p_session uuid, p_client text, p_token_hash bytea,
    p_expires_at timestamptz, p_staff_expires_at timestamptz, p_launch_hash bytea, p_launch_until timestamptz, p_launch_sessions integer,
    p_now timestamptz
) RETURNS TABLE (
    region smallint, page text, apps text[], institution uuid, institution_name text, citizen uuid, own_role text,
    practitioner uuid, practitioner_own_id text
) LANGUAGE plpgsql AS $$
DECLARE
    account uuid;
BEGIN
    SELECT p.region_id, p.external_id, p.mini_apps, i.id, i.name INTO region, page, apps, institution, institution_name
    FROM pages p JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
    WHERE p.platform = p_platform AND p.external_id = p_page;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM count_launch(region, p_launch_hash, p_launch_until, p_launch_sessions, p_now);
    SELECT e.account, e.citizen INTO account, citizen
    FROM ensure_account(region, p_platform, p_user, p_new_citizen, p_now) e;
    -- A registrar sees what a doctor sees, and stands behind them in the alphabet.
    SELECT s.role, s.practitioner_id, d.external_id INTO own_role, practitioner, practitioner_own_id
    FROM staff s LEFT JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
    WHERE s.region_id = region AND s.citizen_id = citizen AND s.institution_id = institution
    -- Whoever takes the role away waits for this session, and ends it.
    ORDER BY s.role DESC, s.external_id LIMIT 1 FOR SHARE OF s;
    IF own_role IS NOT NULL THEN
        p_token_hash := NULL;
        p_expires_at := p_staff_expires_at;
    END IF;
    IF p_token_hash IS NULL THEN
        -- So does whoever takes the page away: or it is no longer the institution's by now.
        PERFORM FROM pages p
        WHERE p.platform = p_platform AND p.external_id = p_page AND p.region_id = region AND p.institution_id = institution
        FOR SHARE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM make_room_for_session(region, citizen, p_now);
    INSERT INTO sessions (region_id, id, citizen_id, account_id, platform, client, page, token_hash,
                          created_at, used_at, expires_at)
    VALUES (region, p_session, citizen, account, p_platform, p_client, p_page, p_token_hash, p_now, p_now, p_expires_at);
    RETURN NEXT;
END $$;

-- Takes a refresh token and leaves its successor good in its place; for p_grace the token taken last is told the same
-- successor again. Any other token that names the session ends it: it was good once, and somebody has kept it. No row
-- where nothing is refreshed. Has to be a transaction of its own, for what is ended.
CREATE OR REPLACE FUNCTION refresh_session(
    p_region smallint, p_session uuid, p_token_hash bytea, p_successor_hash bytea, p_idle interval, p_whole interval,
    p_grace interval, p_now timestamptz
) RETURNS TABLE (
    platform text, client text, page text, apps text[], institution uuid, institution_name text, citizen uuid,
    good_until timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    kept sessions;
BEGIN
    SELECT s.* INTO kept FROM sessions s WHERE s.region_id = p_region AND s.id = p_session FOR NO KEY UPDATE;
    IF NOT FOUND OR kept.ended_at IS NOT NULL OR kept.expires_at <= p_now OR kept.token_hash IS NULL THEN
        RETURN;
    END IF;
    IF kept.token_hash = p_token_hash THEN
        kept.expires_at := least(p_now + p_idle, kept.created_at + p_whole);
        UPDATE sessions s SET token_hash = p_successor_hash, previous_hash = p_token_hash, rotated_at = p_now,
               used_at = p_now, expires_at = kept.expires_at
        WHERE s.region_id = p_region AND s.id = p_session;
    ELSIF kept.previous_hash = p_token_hash AND kept.token_hash = p_successor_hash AND p_now < kept.rotated_at + p_grace THEN
        -- A double tap, or an answer that was lost on its way.
        NULL;
    ELSE
        UPDATE sessions s SET ended_at = p_now WHERE s.region_id = p_region AND s.id = p_session;
        PERFORM journal(p_region, gen_random_uuid(), p_now, kept.citizen_id, 'session_token_reused', p_session, '{}', false);
        RETURN;
    END IF;
    -- No row for an account that was joined to another meanwhile, and for a page that is gone.
    RETURN QUERY
    SELECT kept.platform, kept.client, p.external_id, p.mini_apps, i.id, i.name, kept.citizen_id, kept.expires_at
    FROM citizens c
    JOIN pages p ON p.region_id = p_region AND p.platform = kept.platform AND p.external_id = kept.page
    JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
    WHERE c.region_id = p_region AND c.id = kept.account_id AND coalesce(c.same_as, c.id) = kept.citizen_id;
END $$;

-- Whose session it is that refresh_session has refused at that moment, and whether it ended it because a token came again.
CREATE OR REPLACE FUNCTION session_refused(p_region smallint, p_session uuid, p_now timestamptz)
RETURNS TABLE (citizen uuid, reused boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.citizen_id, EXISTS (
        SELECT FROM audit_trail t WHERE t.region_id = p_region AND t.subject_id = p_session
          AND t.event = 'session_token_reused' AND t.at = p_now)
    FROM sessions s WHERE s.region_id = p_region AND s.id = p_session
$$;

-- Ends one of the citizen's sessions. Twice is no error; refuses where it is not theirs.
CREATE OR REPLACE FUNCTION end_session(p_region smallint, p_citizen uuid, p_session uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('session_not_found') WHERE NOT EXISTS (
        SELECT FROM sessions WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen);
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen AND ended_at IS NULL;
END $$;

-- Ends all of the citizen's sessions, or those of one account of theirs; gives which.
CREATE OR REPLACE FUNCTION end_sessions(p_region smallint, p_citizen uuid, p_account uuid, p_now timestamptz)
RETURNS uuid[] LANGUAGE sql AS $$
    WITH over AS (
        UPDATE sessions SET ended_at = p_now
        WHERE region_id = p_region AND citizen_id = p_citizen AND ended_at IS NULL
          AND (p_account IS NULL OR account_id = p_account)
        RETURNING id)
    SELECT coalesce(array_agg(id), '{}') FROM over;
$$;

-- Ends the session that a citizen has opened another in place of: whether it went on and was theirs.
CREATE OR REPLACE FUNCTION replace_session(p_region smallint, p_citizen uuid, p_session uuid, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND id = p_session AND citizen_id = p_citizen AND ended_at IS NULL;
    RETURN FOUND;
END $$;

-- Ends the sessions in which somebody is at work at an institution: their role there is not what it was.
CREATE OR REPLACE FUNCTION end_work(p_region smallint, p_institution uuid, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions s SET ended_at = p_now FROM pages p
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen AND s.ended_at IS NULL AND s.token_hash IS NULL
      AND p.platform = s.platform AND p.external_id = s.page AND p.region_id = p_region
      AND p.institution_id = p_institution;
END $$;

-- Ends the sessions of all who are at work from a page: it is no longer their institution's.
CREATE OR REPLACE FUNCTION end_work_from(p_region smallint, p_platform text, p_page text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions SET ended_at = p_now
    WHERE region_id = p_region AND platform = p_platform AND page = p_page AND token_hash IS NULL AND ended_at IS NULL;
END $$;

-- Ends all sessions of a citizen, named by any account of theirs, on the word of whoever runs the service; gives how many
-- went on, and null where there is nobody.
CREATE OR REPLACE FUNCTION end_account_sessions(p_region smallint, p_actor uuid, p_account uuid, p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    citizen uuid := (SELECT coalesce(same_as, id) FROM citizens WHERE region_id = p_region AND id = p_account);
    ended integer;
BEGIN
    IF citizen IS NULL THEN
        RETURN NULL;
    END IF;
    ended := cardinality(end_sessions(p_region, citizen, NULL, p_now));
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'sessions_ended', citizen,
                    jsonb_build_object('count', ended), false);
    RETURN ended;
END $$;

-- In all regions, since then.
CREATE OR REPLACE FUNCTION ended_sessions(p_since timestamptz) RETURNS TABLE (session uuid, at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT s.id, s.ended_at FROM regions r JOIN sessions s ON s.region_id = r.code AND s.ended_at > p_since;
$$;

-- Deletes a batch of sessions that had expired by then, and of launches that nobody believes any more; gives how many.
CREATE OR REPLACE FUNCTION forget_sessions(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    over record;
    forgotten integer := 0;
BEGIN
    FOR over IN
        SELECT due.region_id, due.id FROM regions r CROSS JOIN LATERAL (
            SELECT s.region_id, s.id FROM sessions s
            WHERE s.region_id = r.code AND s.expires_at < p_before
            ORDER BY s.expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) due LIMIT 500
    LOOP
        DELETE FROM sessions WHERE region_id = over.region_id AND id = over.id;
        forgotten := forgotten + 1;
    END LOOP;
    FOR over IN
        SELECT due.region_id, due.launch_hash FROM regions r CROSS JOIN LATERAL (
            SELECT l.region_id, l.launch_hash FROM launch_uses l
            WHERE l.region_id = r.code AND l.expires_at < p_before
            ORDER BY l.expires_at LIMIT 500
            FOR UPDATE SKIP LOCKED
        ) due LIMIT 500
    LOOP
        DELETE FROM launch_uses WHERE region_id = over.region_id AND launch_hash = over.launch_hash;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;
