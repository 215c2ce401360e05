-- What a teacher does with a group.

-- Teachers ------------------------------------------------------------------------------------------------------------

-- The names of a group's teachers in their order; null where nobody is said to teach it by an account.
CREATE OR REPLACE FUNCTION group_teacher_names(p_region smallint, p_group uuid) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(concat_ws(' ', t.last_name, t.first_name, t.patronymic) ORDER BY k.place)
    FROM group_teachers k JOIN teachers t ON t.region_id = k.region_id AND t.id = k.teacher_id
    WHERE k.region_id = p_region AND k.group_id = p_group
$$;

-- Whatever is published of a group: while it has teachers, their names are the published ones.
CREATE OR REPLACE FUNCTION groups_keep_teachers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.teachers := coalesce(group_teacher_names(NEW.region_id, NEW.id), NEW.teachers);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER groups_keep_teachers BEFORE UPDATE OF teachers ON groups
FOR EACH ROW EXECUTE FUNCTION groups_keep_teachers();

-- Keeps the hash of a new code, which takes the place of the one before. The result has what the code is made of anew
-- where the request is repeated, and not the code.
CREATE OR REPLACE FUNCTION invite_teacher(
    p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_teacher uuid, p_code_hash bytea,
    p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, 'inviteTeacher', p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, 'inviteTeacher', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    UPDATE teachers SET code_hash = p_code_hash, code_expires_at = (p_result ->> 'expires_at')::timestamptz,
                        code_used_at = NULL
    WHERE region_id = p_region AND id = p_teacher;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'teacher_invited', p_teacher, '{}', false);
    RETURN p_result;
END $$;

-- The citizen becomes the teacher who has that code, whose own id it gives; null where the code leads nowhere, and that is
-- remembered. Refuses whoever was wrong five times in an hour. The same code twice by the same citizen is no error. Has to
-- be a transaction of its own, for what is remembered.
CREATE OR REPLACE FUNCTION join_as_teacher(
    p_region smallint, p_citizen uuid, p_institution uuid, p_code_hash bytea, p_now timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    named teachers;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    SELECT * INTO named FROM teachers
    WHERE region_id = p_region AND institution_id = p_institution AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF named.citizen_id = p_citizen AND named.code_used_at IS NOT NULL THEN
        RETURN named.external_id;
    END IF;
    IF named.id IS NULL OR named.code_used_at IS NOT NULL OR named.code_expires_at <= p_now THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    UPDATE teachers SET citizen_id = p_citizen, code_used_at = p_now WHERE region_id = p_region AND id = named.id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'teacher_joined', named.id, '{}', false);
    RETURN named.external_id;
END $$;

-- Who is in a group ---------------------------------------------------------------------------------------------------

-- Keeps group_members in step with the status and the group of an application, whoever writes it. On the day of a move
-- to another group the child is in the new one; on the day of leaving still in the old one.
CREATE OR REPLACE FUNCTION applications_keep_members() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_in boolean := TG_OP = 'UPDATE' AND OLD.status = 'enrolled';
    is_in boolean := NEW.status = 'enrolled';
    today date;
    last_day date;
BEGIN
    IF was_in AND is_in AND OLD.group_id = NEW.group_id THEN
        UPDATE group_members SET since = NEW.enrolled_on
        WHERE region_id = NEW.region_id AND group_id = NEW.group_id AND application_id = NEW.id AND until IS NULL
          AND since = OLD.enrolled_on AND NEW.enrolled_on <> OLD.enrolled_on;
        RETURN NULL;
    END IF;
    IF NOT was_in AND NOT is_in THEN
        RETURN NULL;
    END IF;
    SELECT (NEW.updated_at AT TIME ZONE i.zone)::date INTO today FROM institutions i
    WHERE i.region_id = NEW.region_id AND i.id = NEW.institution_id;
    IF was_in THEN
        last_day := CASE WHEN is_in THEN greatest(today, NEW.enrolled_on) - 1 ELSE coalesce(NEW.left_on, today) END;
        DELETE FROM group_members
        WHERE region_id = NEW.region_id AND group_id = OLD.group_id AND application_id = NEW.id AND until IS NULL
          AND since > last_day;
        UPDATE group_members SET until = last_day
        WHERE region_id = NEW.region_id AND group_id = OLD.group_id AND application_id = NEW.id AND until IS NULL;
    END IF;
    IF is_in THEN
        INSERT INTO group_members (region_id, group_id, application_id, since)
        VALUES (NEW.region_id, NEW.group_id, NEW.id,
                CASE WHEN was_in THEN greatest(today, NEW.enrolled_on) ELSE coalesce(NEW.enrolled_on, today) END)
        ON CONFLICT (region_id, group_id, application_id, since) DO UPDATE SET until = NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER applications_keep_members AFTER INSERT OR UPDATE ON applications
FOR EACH ROW EXECUTE FUNCTION applications_keep_members();

-- Lessons that are not as planned -------------------------------------------------------------------------------------

-- The group's lessons as they will be: without those that are cancelled, and with those that are moved where they are now.
CREATE OR REPLACE FUNCTION current_lessons(place groups) RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    SELECT place.lessons - coalesce(range_agg(c.planned), '{}') + coalesce(range_agg(c.moved_to), '{}')
    FROM lesson_changes c WHERE c.region_id = place.region_id AND c.group_id = place.id
$$;

-- A plan that was published anew has other lessons: what was said of the old ones is over.
CREATE OR REPLACE FUNCTION groups_forget_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lesson_changes WHERE region_id = NEW.region_id AND group_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER groups_forget_changes AFTER UPDATE OF lessons ON groups
FOR EACH ROW WHEN (OLD.lessons <> NEW.lessons) EXECUTE FUNCTION groups_forget_changes();

-- When a child is elsewhere, other bookings say.
CREATE OR REPLACE FUNCTION elsewhere(p_region smallint, p_booking uuid, p_identity bytea, p_times tstzmultirange)
RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(one), '{}') FROM engagements e, unnest(e.times) AS one
    WHERE e.region_id = p_region AND e.identity = p_identity AND e.booking_id <> p_booking AND e.times && p_times
$$;

-- Cancels a lesson (moved_to is null) or moves it; tells the parents of who is in the group on that day. Where a child has
-- something else at the new time, that stays as it is and is named in `conflicts`. The same twice changes and tells
-- nothing.
CREATE OR REPLACE FUNCTION change_lesson(change lesson_changes, p_on date) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    kept lesson_changes;
    told integer := 0;
    conflicts jsonb;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = change.region_id AND id = change.group_id FOR NO KEY UPDATE;
    SELECT * INTO kept FROM lesson_changes c
    WHERE c.region_id = change.region_id AND c.group_id = change.group_id AND c.day = change.day AND c.starts = change.starts;
    SELECT coalesce(jsonb_agg(a.id ORDER BY a.id), '[]') INTO conflicts
    FROM applications a
    JOIN engagements e ON e.region_id = a.region_id AND e.booking_id = a.id
    WHERE a.region_id = change.region_id AND a.group_id = change.group_id AND change.moved_to IS NOT NULL
      AND elsewhere(a.region_id, a.id, a.identity, tstzmultirange(change.moved_to)) <> '{}';
    IF kept.day IS NULL OR (kept.moved_to, kept.place, kept.reason) IS DISTINCT FROM
                           (change.moved_to, change.place, change.reason) THEN
        DELETE FROM lesson_changes c
        WHERE c.region_id = change.region_id AND c.group_id = change.group_id AND c.day = change.day
          AND c.starts = change.starts;
        INSERT INTO lesson_changes SELECT change.*;
        PERFORM call_off_trials_of(change);
        PERFORM follow_lessons(place);
        told := tell_members(change, p_on);
        PERFORM journal(change.region_id, gen_random_uuid(), change.changed_at, change.changed_by, 'lesson_changed',
                        change.group_id, jsonb_build_object('day', change.day, 'starts', change.starts), false);
    END IF;
    RETURN jsonb_build_object('told', told, 'conflicts', conflicts);
END $$;

-- Brings the engagements of a group's children to the group's lessons as they are now, but for when they are elsewhere.
CREATE OR REPLACE FUNCTION follow_lessons(place groups) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lessons_now tstzmultirange := current_lessons(place);
BEGIN
    UPDATE engagements e SET times = lessons_now - elsewhere(a.region_id, a.id, a.identity, lessons_now)
    FROM applications a
    WHERE a.region_id = place.region_id AND a.group_id = place.id
      AND e.region_id = a.region_id AND e.booking_id = a.id;
END $$;

CREATE OR REPLACE FUNCTION tell_members(change lesson_changes, p_on date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    told integer;
BEGIN
    INSERT INTO outbox (region_id, id, at, event, subject_id)
    SELECT m.region_id, gen_random_uuid(), change.changed_at,
           CASE WHEN change.moved_to IS NULL THEN 'lesson_cancelled' ELSE 'lesson_moved' END, m.application_id
    FROM group_members m
    WHERE m.region_id = change.region_id AND m.group_id = change.group_id
      AND m.since <= p_on AND (m.until IS NULL OR m.until >= p_on);
    GET DIAGNOSTICS told = ROW_COUNT;
    RETURN told;
END $$;

-- Messages ------------------------------------------------------------------------------------------------------------

-- One message to the parents of a group, in one transaction with what tells them. p_day_from: when the local day began.
CREATE OR REPLACE FUNCTION send_message(
    p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_message jsonb, p_day_from timestamptz,
    p_most_a_day integer, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    said messages := jsonb_populate_record(NULL::messages, p_message);
    earlier jsonb;
BEGIN
    PERFORM FROM groups WHERE region_id = p_region AND id = said.group_id FOR NO KEY UPDATE;
    earlier := idempotency_find(p_region, p_actor, 'sendMessage', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse('too_many_messages') WHERE p_most_a_day <= (
        SELECT count(*) FROM messages m
        WHERE m.region_id = p_region AND m.group_id = said.group_id AND m.sent_at >= p_day_from);
    SELECT count(*) INTO said.addressed FROM applications a
    WHERE a.region_id = p_region AND a.group_id = said.group_id AND a.status = ANY (said.statuses);
    said.region_id := p_region;
    said.sent_by := p_actor;
    said.sent_at := p_now;
    INSERT INTO messages SELECT said.*;
    INSERT INTO message_recipients (region_id, application_id, message_id)
    SELECT p_region, a.id, said.id FROM applications a
    WHERE a.region_id = p_region AND a.group_id = said.group_id AND a.status = ANY (said.statuses);
    INSERT INTO outbox (region_id, id, at, event, subject_id)
    SELECT p_region, gen_random_uuid(), p_now, 'group_message', r.application_id
    FROM applications a
    JOIN message_recipients r ON r.region_id = a.region_id AND r.application_id = a.id AND r.message_id = said.id
    WHERE a.region_id = p_region AND a.group_id = said.group_id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'group_message_sent', said.group_id,
                    jsonb_build_object('message_id', said.id), false);
    earlier := idempotency_keep(p_region, p_actor, 'sendMessage', p_key, p_request_hash, to_jsonb(said), p_now);
    RETURN to_jsonb(said);
END $$;
