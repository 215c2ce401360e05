-- Row-level security: the second wall, under the filters of every query. The service works as zapis_service, which owns
-- nothing; who looks through a connection is set on it (functions/sight.sql). Functions that write are the doors: they
-- run with the owner's rights (script.py), and check by themselves.

DO $$
BEGIN
    -- A role is the whole cluster's: another database may have made it, or be making it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zapis_service') THEN
        CREATE ROLE zapis_service NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'whoever migrates may not create roles: run CREATE ROLE zapis_service NOLOGIN; as an administrator first';
END $$;

DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'zapis_service', 'MEMBER') THEN
        EXECUTE format('GRANT zapis_service TO %I', current_user);
    END IF;
END $$;

-- What is about people: who sees a row may do with it what the service's statements do ------------------------------

CREATE FUNCTION pg_temp.wall(p_table text, p_seen text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY %I ON %I TO zapis_service USING (%s)', p_table || '_are_seen', p_table,
                   'sees_region(region_id) OR ' || p_seen);
END $$;

SELECT pg_temp.wall(given.walled, given.seen) FROM (VALUES
    -- Accounts and the family.
    ('citizens', $seen$sight_reach() = 'entering'
        OR (region_id = sight_region() AND id = ANY ((SELECT sight_accounts())::uuid[]))$seen$),
    ('guardians', 'is_citizen(region_id, citizen_id) OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))'),
    ('invitations', 'is_citizen(region_id, citizen_id)'),
    ('sessions', 'is_citizen(region_id, citizen_id)'),
    ('confirmations', 'is_citizen(region_id, citizen_id)'),
    ('consents', 'is_citizen(region_id, citizen_id)'),
    ('identity_codes', 'is_citizen(region_id, citizen_id)'),
    ('wrong_codes', 'is_citizen(region_id, citizen_id)'),
    -- Who sees a booking sees whom it is for.
    ('persons', $seen$(region_id = sight_region() AND id = ANY ((SELECT sight_family())::uuid[]))
        OR EXISTS (SELECT FROM appointments a WHERE a.region_id = persons.region_id AND a.person_id = persons.id)
        OR EXISTS (SELECT FROM applications a WHERE a.region_id = persons.region_id AND a.person_id = persons.id)
        OR EXISTS (SELECT FROM trials t WHERE t.region_id = persons.region_id AND t.person_id = persons.id)
        OR EXISTS (SELECT FROM waiting_persons w WHERE w.region_id = persons.region_id AND w.person_id = persons.id)$seen$),
    -- Doctors.
    ('appointments', $seen$is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))$seen$),
    ('holds', 'is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)'),
    ('referrals', 'is_institution(region_id, institution_id)'),
    ('attachments', 'is_institution(region_id, institution_id)'),
    ('waiting_entries', 'is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)'),
    ('waiting_persons', $seen$is_institution(region_id, institution_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))
        OR EXISTS (SELECT FROM waiting_entries e
                   WHERE e.region_id = waiting_persons.region_id AND e.id = waiting_persons.entry_id)$seen$),
    ('offers', $seen$is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)
        OR EXISTS (SELECT FROM appointments a
                   WHERE a.region_id = offers.region_id AND a.id = offers.appointment_id)$seen$),
    ('draw_requests', $seen$is_citizen(region_id, citizen_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))
        OR EXISTS (SELECT FROM draws d WHERE d.region_id = draw_requests.region_id AND d.id = draw_requests.draw_id
                   AND is_institution(d.region_id, d.institution_id))$seen$),
    -- Clubs.
    ('applications', $seen$is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))
        OR (region_id = sight_region() AND group_id = ANY ((SELECT sight_groups())::uuid[]))$seen$),
    ('trials', $seen$is_citizen(region_id, citizen_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))
        OR (region_id = sight_region() AND group_id = ANY ((SELECT sight_groups())::uuid[]))
        OR EXISTS (SELECT FROM groups g WHERE g.region_id = trials.region_id AND g.id = trials.group_id
                   AND is_institution(g.region_id, g.institution_id))$seen$),
    ('documents', $seen$is_citizen(region_id, citizen_id) OR is_institution(region_id, institution_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))$seen$),
    ('campaign_wishes', $seen$is_citizen(region_id, citizen_id)
        OR (region_id = sight_region() AND person_id = ANY ((SELECT sight_family())::uuid[]))$seen$),
    ('certificates', $seen$EXISTS (SELECT FROM applications a
            WHERE a.region_id = certificates.region_id AND a.certificate_id = certificates.id)
        OR (region_id = sight_region() AND identity = ANY ((SELECT sight_identities())::bytea[]))$seen$),
    ('group_members', $seen$EXISTS (SELECT FROM applications a
            WHERE a.region_id = group_members.region_id AND a.id = group_members.application_id)$seen$),
    ('attendance', $seen$EXISTS (SELECT FROM applications a
            WHERE a.region_id = attendance.region_id AND a.id = attendance.application_id)$seen$),
    ('messages', $seen$(region_id = sight_region() AND group_id = ANY ((SELECT sight_groups())::uuid[]))
        OR EXISTS (SELECT FROM groups g WHERE g.region_id = messages.region_id AND g.id = messages.group_id
                   AND is_institution(g.region_id, g.institution_id))
        OR EXISTS (SELECT FROM message_recipients r WHERE r.region_id = messages.region_id AND r.message_id = messages.id
                   AND r.application_id = ANY ((SELECT sight_applications())::uuid[]))$seen$),
    ('message_recipients', $seen$EXISTS (SELECT FROM applications a
            WHERE a.region_id = message_recipients.region_id AND a.id = message_recipients.application_id)$seen$),
    ('staff', 'is_institution(region_id, institution_id) OR is_citizen(region_id, citizen_id)'),
    ('teachers', 'is_institution(region_id, institution_id) OR is_citizen(region_id, citizen_id)'),
    -- Where somebody is, of whichever booking.
    ('engagements', '(region_id = sight_region() AND identity = ANY ((SELECT sight_identities())::bytea[]))'),
    -- What only the service's own functions and jobs touch, and whoever enters.
    ('idempotency_keys', 'false'),
    ('outbox', 'false'),
    ('audit_trail', 'false'),
    ('audit_heads', 'false'),
    ('accesses', 'false'),
    ('launch_uses', 'false'),
    ('page_invitations', 'false'),
    ('wrong_claims', 'false'),
    ('clients', 'sight_reach() = ''entering'''),
    ('used_assertions', 'sight_reach() = ''entering''')
) AS given (walled, seen);

-- What everybody may read: only whose it is writes it ----------------------------------------------------------------

CREATE FUNCTION pg_temp.read_by_all(p_table text, p_writers text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO zapis_service USING (true)', p_table || '_are_seen', p_table);
    EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO zapis_service WITH CHECK (%s)', p_table || '_are_added', p_table, p_writers);
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO zapis_service USING (%s)', p_table || '_are_changed', p_table, p_writers);
    EXECUTE format('CREATE POLICY %I ON %I FOR DELETE TO zapis_service USING (%s)', p_table || '_are_deleted', p_table, p_writers);
END $$;

SELECT pg_temp.read_by_all(open_to_all, 'sees_region(region_id) OR is_institution(region_id, institution_id)')
FROM unnest(ARRAY[
    'locations', 'offered_specialties', 'practitioners', 'practitioner_specialties', 'slots', 'schedules',
    'calendar_days', 'draws', 'programmes', 'groups', 'benefits'
]) AS open_to_all;
SELECT pg_temp.read_by_all('institutions', 'sees_region(region_id) OR is_institution(region_id, id)');
-- Each hangs on a row of its institution, without naming it.
SELECT pg_temp.read_by_all(open_to_all, 'is_staff(region_id)')
FROM unnest(ARRAY[
    'delays', 'practitioner_blocks', 'group_locks', 'group_teachers', 'lesson_changes'
]) AS open_to_all;
SELECT pg_temp.read_by_all(open_to_all, 'sees_region(region_id)') FROM unnest(ARRAY['pages', 'campaigns']) AS open_to_all;
SELECT pg_temp.read_by_all('regions', 'sees_region(code)');
