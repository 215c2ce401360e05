-- Trial lessons («пробное занятие»). They count nowhere among a group's places.

-- What the database holds, whoever writes the row: no lesson has more trials than the group has places for them, a trial
-- that is over stays over, and the child is engaged for the lesson while the trial is booked. The group's row is locked
-- before the trials of the lesson are counted, and the count is a statement of its own after the lock: whoever waited for
-- it counts what the other one committed, so the last place is given once.
CREATE OR REPLACE FUNCTION trials_keep_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most smallint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT trial_places INTO most FROM groups
        WHERE region_id = NEW.region_id AND id = NEW.group_id FOR NO KEY UPDATE;
        PERFORM refuse('trial_full') WHERE most <= (
            SELECT count(*) FROM trials t
            WHERE t.region_id = NEW.region_id AND t.group_id = NEW.group_id AND t.day = NEW.day
              AND t.starts = NEW.starts AND t.status = 'booked');
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (NEW.region_id, NEW.id, NEW.identity, tstzmultirange(tstzrange(NEW.begins_at, NEW.ends_at)));
    ELSIF NEW.status <> OLD.status THEN
        PERFORM refuse('trial_over') WHERE OLD.status <> 'booked';
        DELETE FROM engagements WHERE region_id = NEW.region_id AND booking_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER trials_keep_step BEFORE INSERT OR UPDATE ON trials
FOR EACH ROW EXECUTE FUNCTION trials_keep_step();

CREATE OR REPLACE FUNCTION shown_trial(t trials) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', t.id, 'status', t.status, 'group_id', t.group_id, 'group_name', g.name, 'programme_name', r.name,
        'institution_id', i.id, 'institution_name', i.name, 'zone', i.zone, 'day', t.day, 'starts', t.starts,
        'begins_at', t.begins_at, 'ends_at', t.ends_at, 'created_at', t.created_at,
        'address', coalesce(g.places -> t.place ->> 'address', g.places -> 0 ->> 'address'),
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM groups g
    JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
    JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
    JOIN persons p ON p.region_id = t.region_id AND p.id = t.person_id
    WHERE g.region_id = t.region_id AND g.id = t.group_id
$$;

-- Why the child can't try the group, whichever lesson it is.
CREATE OR REPLACE FUNCTION trial_refusal(place groups, child persons, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        age_refusal(place, child.birth_date, (
            SELECT (p_now AT TIME ZONE i.zone)::date FROM institutions i
            WHERE i.region_id = place.region_id AND i.id = place.institution_id)),
        CASE WHEN EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity AND a.placed
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ) THEN 'already_applied' END)
$$;

-- The caller has locked the child and the group, in this order, and has looked at the lesson since: p_lesson_refusal is
-- what is wrong with that one. p_trial are the columns of trials but for whose it is.
-- The group, if there is one, and before it the child: so it is always.
CREATE OR REPLACE FUNCTION lock_for_trial(p_region smallint, p_citizen uuid, p_person uuid, p_group uuid) RETURNS groups
LANGUAGE plpgsql AS $$
DECLARE
    place groups;
BEGIN
    PERFORM FROM persons p
    WHERE p.region_id = p_region AND p.id = p_person AND p.deleted_at IS NULL AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p.id)
    FOR KEY SHARE;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group FOR NO KEY UPDATE;
    RETURN place;
END $$;

CREATE OR REPLACE FUNCTION book_trial(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_trial jsonb, p_lesson_refusal text,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    wish trials := jsonb_populate_record(NULL::trials, p_trial);
    place groups;
    child persons;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'bookTrial', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = wish.group_id;
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = wish.person_id AND p.deleted_at IS NULL;
    PERFORM refuse(CASE
        WHEN child.id IS NULL THEN 'person_not_found'
        WHEN place.id IS NULL THEN 'group_not_found'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        WHEN place.trial_places = 0 THEN 'trials_not_offered'
        ELSE coalesce(p_lesson_refusal, trial_refusal(place, child, p_now)) END);
    PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now);
    wish.region_id := p_region;
    wish.citizen_id := p_citizen;
    wish.identity := child.identity;
    wish.status := 'booked';
    wish.created_at := p_now;
    PERFORM refuse('trials_once_a_group') FROM trials t
    WHERE t.region_id = p_region AND t.group_id = place.id AND t.identity = child.identity AND t.status = 'booked';
    INSERT INTO trials SELECT wish.*;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'trial_booked', wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), true);
    PERFORM idempotency_keep(p_region, p_citizen, 'bookTrial', p_key, p_request_hash, shown_trial(wish), p_now);
    RETURN shown_trial(wish);
END $$;

-- By anybody who looks after the child. Twice is no error.
CREATE OR REPLACE FUNCTION cancel_trial(p_region smallint, p_citizen uuid, p_trial uuid, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    named trials;
BEGIN
    SELECT t.* INTO named FROM trials t
    WHERE t.region_id = p_region AND t.id = p_trial AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = t.person_id)
    FOR NO KEY UPDATE OF t;
    PERFORM refuse('trial_not_found') WHERE named.id IS NULL;
    IF named.status = 'booked' THEN
        PERFORM refuse('lesson_begun') WHERE p_now >= named.begins_at;
        PERFORM count_let_go(p_region, p_citizen, 'club', p_now);
        UPDATE trials SET status = 'cancelled' WHERE region_id = p_region AND id = p_trial RETURNING * INTO named;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'trial_cancelled', p_trial, '{}', true);
    END IF;
    RETURN shown_trial(named);
END $$;

-- The lesson is not what the parents chose any more: they are told, and the child is free. Whoever calls it has locked the
-- group, so that no trial comes in between.
CREATE OR REPLACE FUNCTION call_off_trials(p_region smallint, p_trials uuid[], p_actor uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one uuid;
BEGIN
    FOR one IN
        UPDATE trials SET status = 'called_off' WHERE region_id = p_region AND id = ANY (p_trials) AND status = 'booked'
        RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'trial_called_off', one, '{}', true);
    END LOOP;
END $$;

-- Those of a lesson that is cancelled, or is elsewhere or at another time from now on.
CREATE OR REPLACE FUNCTION call_off_trials_of(change lesson_changes) RETURNS void LANGUAGE sql AS $$
    SELECT call_off_trials(change.region_id, ARRAY(
        SELECT t.id FROM trials t
        WHERE t.region_id = change.region_id AND t.group_id = change.group_id AND t.day = change.day
          AND t.starts = change.starts AND t.status = 'booked'
          AND (change.moved_to IS NULL OR t.place <> change.place
               OR tstzrange(t.begins_at, t.ends_at) <> change.moved_to)
        ORDER BY t.id), change.changed_by, change.changed_at)
$$;

-- Those to come of a group whose lessons were published anew, but for the lessons that are as they were.
CREATE OR REPLACE FUNCTION call_off_lost_trials(
    p_region smallint, p_group uuid, p_days date[], p_starts time[], p_begins timestamptz[], p_ends timestamptz[],
    p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE sql AS $$
    SELECT call_off_trials(p_region, ARRAY(
        SELECT t.id FROM trials t
        WHERE t.region_id = p_region AND t.group_id = p_group AND t.status = 'booked' AND t.begins_at > p_now
          AND NOT EXISTS (
            SELECT FROM unnest(p_days, p_starts, p_begins, p_ends) AS kept (day, starts, begins_at, ends_at)
            WHERE (kept.day, kept.starts, kept.begins_at, kept.ends_at) = (t.day, t.starts, t.begins_at, t.ends_at))
        ORDER BY t.id), p_actor, p_now)
$$;

-- A child who comes to a group as one of its own is engaged by the application, in that lesson too: the trial gives way,
-- and comes back where the application ends before the lesson does.
CREATE OR REPLACE FUNCTION yield_trial(p_region smallint, p_group uuid, p_identity bytea) RETURNS void LANGUAGE sql AS $$
    DELETE FROM engagements e USING trials t
    WHERE t.region_id = p_region AND t.group_id = p_group AND t.identity = p_identity AND t.status = 'booked'
      AND e.region_id = p_region AND e.booking_id = t.id
$$;

CREATE OR REPLACE FUNCTION resume_trial(p_region smallint, p_group uuid, p_identity bytea, p_now timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO engagements (region_id, booking_id, identity, times)
    SELECT t.region_id, t.id, t.identity, tstzmultirange(tstzrange(t.begins_at, t.ends_at)) FROM trials t
    WHERE t.region_id = p_region AND t.group_id = p_group AND t.identity = p_identity AND t.status = 'booked'
      AND t.ends_at > p_now
    ON CONFLICT DO NOTHING
$$;
