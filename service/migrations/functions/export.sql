-- What is kept of a citizen, for them to take out: every domain adds its part here, and exported() tells them all. A kind
-- is a list in the file; service/personal_data/shapes.py describes each.

-- A row as its citizen may have it: without keys, hashes and what tells of another account.
CREATE OR REPLACE FUNCTION exported_row(p_row jsonb, p_citizen uuid) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_row - ARRAY['region_id', 'citizen_id', 'identity', 'code_hash', 'content_hash', 'key_sealed', 'used_by', 'sent_by', 'marked_by']
    || CASE WHEN p_row ? 'citizen_id' THEN jsonb_build_object('own', p_row ->> 'citizen_id' = p_citizen::text) ELSE '{}' END;

-- The account, its family, and what it has begun with them. alone: nobody else looks after the person.
CREATE OR REPLACE FUNCTION exported_people(p_region smallint, p_citizen uuid) RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    SELECT 'accounts', to_jsonb(c) - ARRAY['region_id', 'same_as', 'confirmed_as'] FROM citizens c
    WHERE c.region_id = p_region AND (c.id = p_citizen OR c.same_as = p_citizen)
    UNION ALL
    SELECT 'persons', exported_row(to_jsonb(p), p_citizen) || jsonb_build_object(
        'kinship', g.kinship, 'since', g.since, 'alone', NOT EXISTS (
            SELECT FROM guardians o
            WHERE o.region_id = p_region AND o.person_id = p.id AND o.citizen_id <> p_citizen))
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'invitations', exported_row(to_jsonb(i), p_citizen) FROM guardians g
    JOIN invitations i ON i.region_id = g.region_id AND i.person_id = g.person_id AND i.citizen_id = g.citizen_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'teaching', exported_row(to_jsonb(t), p_citizen) FROM teachers t
    WHERE t.region_id = p_region AND t.citizen_id = p_citizen
    UNION ALL
    SELECT 'working', exported_row(to_jsonb(s), p_citizen) FROM staff s
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen
    UNION ALL
    SELECT 'confirmations', jsonb_build_object('id', c.id, 'status', c.status, 'expires_at', c.expires_at)
    FROM confirmations c
    WHERE c.region_id = p_region AND c.citizen_id = p_citizen
    UNION ALL
    SELECT 'consents', exported_row(to_jsonb(c), p_citizen) - 'text_hash' FROM consents c
    WHERE c.region_id = p_region AND c.citizen_id = p_citizen
    UNION ALL
    SELECT 'sessions', to_jsonb(s) - ARRAY['region_id', 'citizen_id', 'account_id', 'token_hash', 'previous_hash']
    FROM sessions s
    WHERE s.region_id = p_region AND s.citizen_id = p_citizen
    UNION ALL
    -- Who of institutions was shown what: the role, and not who it was.
    SELECT 'accesses', jsonb_build_object(
        'at', a.at, 'operation', a.operation, 'role', a.role, 'institution_id', a.institution_id)
    FROM accesses a
    WHERE a.region_id = p_region AND a.person_ids && ARRAY(
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen)
    UNION ALL
    SELECT 'wrong_codes', exported_row(to_jsonb(w), p_citizen) FROM wrong_codes w
    WHERE w.region_id = p_region AND w.citizen_id = p_citizen
$$;

-- At doctors. Tickets are the family's, whoever booked them; what was asked for is the account's.
CREATE OR REPLACE FUNCTION exported_doctors(p_region smallint, p_citizen uuid) RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    SELECT 'tickets', exported_row(to_jsonb(a), p_citizen) FROM guardians g
    JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'holds', exported_row(to_jsonb(h), p_citizen) FROM holds h
    WHERE h.region_id = p_region AND h.citizen_id = p_citizen
    UNION ALL
    SELECT 'places_let_go', exported_row(to_jsonb(l), p_citizen) FROM places_let_go l
    WHERE l.region_id = p_region AND l.citizen_id = p_citizen
    UNION ALL
    SELECT 'waiting', exported_row(to_jsonb(e), p_citizen) || jsonb_build_object('person_ids', (
        SELECT jsonb_agg(w.person_id ORDER BY w.person_id) FROM waiting_persons w
        WHERE w.region_id = p_region AND w.entry_id = e.id))
    FROM waiting_entries e WHERE e.region_id = p_region AND e.citizen_id = p_citizen
    UNION ALL
    SELECT 'offers', exported_row(to_jsonb(o), p_citizen) FROM offers o
    WHERE o.region_id = p_region AND o.citizen_id = p_citizen
    UNION ALL
    -- Of another time for a ticket that lost its own.
    SELECT 'offers', exported_row(to_jsonb(o), p_citizen) FROM guardians g
    JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id AND a.status = 'orphaned'
    JOIN offers o ON o.region_id = a.region_id AND o.appointment_id = a.id AND o.status = 'open'
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'draw_requests', exported_row(to_jsonb(r), p_citizen) FROM draw_requests r
    WHERE r.region_id = p_region AND r.citizen_id = p_citizen
$$;

-- At clubs: all of it is the family's.
CREATE OR REPLACE FUNCTION exported_clubs(p_region smallint, p_citizen uuid) RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    WITH theirs AS MATERIALIZED (
        SELECT a.* FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen)
    SELECT 'applications', exported_row(to_jsonb(a), p_citizen) FROM theirs a
    UNION ALL
    SELECT 'memberships', exported_row(to_jsonb(m), p_citizen) FROM theirs a
    JOIN group_members m ON m.region_id = p_region AND m.application_id = a.id
    UNION ALL
    SELECT 'attendance', exported_row(to_jsonb(m), p_citizen) FROM theirs a
    JOIN attendance m ON m.region_id = p_region AND m.application_id = a.id
    UNION ALL
    SELECT 'messages', jsonb_build_object('application_id', a.id, 'group_id', m.group_id, 'text', m.text, 'sent_at', m.sent_at)
    FROM theirs a JOIN message_recipients r ON r.region_id = p_region AND r.application_id = a.id
    JOIN messages m ON m.region_id = p_region AND m.id = r.message_id
    UNION ALL
    SELECT 'trials', exported_row(to_jsonb(t), p_citizen) FROM guardians g
    JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'wishes', exported_row(to_jsonb(w), p_citizen) FROM guardians g
    JOIN campaign_wishes w ON w.region_id = g.region_id AND w.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'documents', exported_row(to_jsonb(d), p_citizen) FROM guardians g
    JOIN documents d ON d.region_id = g.region_id AND d.person_id = g.person_id AND d.deleted_at IS NULL
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
    UNION ALL
    SELECT 'certificates', exported_row(to_jsonb(c), p_citizen) - 'number_hash' || jsonb_build_object('person_id', g.person_id)
    FROM guardians g JOIN certificates c ON c.region_id = g.region_id AND c.identity = g.identity
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen
$$;

-- What was done with all of that, in the audit trail: by the account itself, or by others, who are not named.
CREATE OR REPLACE FUNCTION exported_events(p_region smallint, p_citizen uuid) RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    WITH subjects AS MATERIALIZED (
        SELECT p_citizen AS id
        UNION
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen
        UNION
        SELECT (part ->> 'id')::uuid FROM exported_doctors(p_region, p_citizen)
        UNION
        SELECT (part ->> 'id')::uuid FROM exported_clubs(p_region, p_citizen) AS clubs (kind, part)
        WHERE clubs.kind IN ('applications', 'documents', 'trials', 'wishes'))
    SELECT 'events', jsonb_build_object('at', t.at, 'event', t.event, 'subject_id', t.subject_id, 'own', t.actor_id = p_citizen)
    -- One by one, by their index: the planner can't know how few they are, and the trail is the region's whole history.
    FROM subjects s CROSS JOIN LATERAL (
        SELECT * FROM audit_trail a WHERE a.region_id = p_region AND a.subject_id = s.id OFFSET 0) t
$$;

-- What is to come: where, and from when until when.
CREATE OR REPLACE FUNCTION exported_calendar(p_region smallint, p_citizen uuid, p_now timestamptz)
RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    SELECT 'calendar', jsonb_build_object('id', a.id, 'what', 'ticket', 'at', a.created_at, 'begins_at', a.starts_at, 'ends_at', a.ends_at,
        'name', NULL, 'place', concat_ws(', ', a.terms #>> '{location,address}', a.terms #>> '{location,room}'))
    FROM guardians g JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND a.status IN ('booked', 'arrived') AND a.ends_at > p_now
    UNION ALL
    SELECT 'calendar', jsonb_build_object('id', a.id, 'what', 'lesson', 'at', a.created_at, 'begins_at', lower(lesson),
        'ends_at', upper(lesson), 'name', c.name, 'place', c.places #>> '{0,address}')
    FROM guardians g JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id AND a.status = 'enrolled'
    JOIN groups c ON c.region_id = a.region_id AND c.id = a.group_id
    JOIN engagements e ON e.region_id = a.region_id AND e.booking_id = a.id
    CROSS JOIN LATERAL unnest(e.times) AS lesson
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND upper(lesson) > p_now
    UNION ALL
    SELECT 'calendar', jsonb_build_object('id', t.id, 'what', 'trial', 'at', t.created_at, 'begins_at', t.begins_at, 'ends_at', t.ends_at,
        'name', c.name, 'place', coalesce(c.places -> t.place ->> 'address', c.places #>> '{0,address}'))
    FROM guardians g JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id AND t.status = 'booked'
    JOIN groups c ON c.region_id = t.region_id AND c.id = t.group_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND t.ends_at > p_now
$$;

-- All of it, as it is at one moment: kind by kind.
CREATE OR REPLACE FUNCTION exported(p_region smallint, p_citizen uuid, p_now timestamptz)
RETURNS TABLE (kind text, part jsonb)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = public, pg_temp AS $$
    SELECT * FROM exported_people(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_doctors(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_clubs(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_events(p_region, p_citizen)
    UNION ALL SELECT * FROM exported_calendar(p_region, p_citizen, p_now)
    ORDER BY 1
$$;

-- Writes down that the account's data were taken out; refuses who has done it p_most times within a day. The account's
-- row is locked: what it asks for at the same time is counted one after the other.
CREATE OR REPLACE FUNCTION begin_export(p_region smallint, p_citizen uuid, p_most integer, p_event_id uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    PERFORM refuse('citizen_gone') WHERE NOT FOUND;
    PERFORM refuse('exports_too_many') WHERE p_most <= (
        SELECT count(*) FROM audit_trail t
        WHERE t.region_id = p_region AND t.subject_id = p_citizen AND t.event = 'account_exported'
          AND t.at > p_now - interval '1 day');
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'account_exported', p_citizen, '{}', false);
END $$;
