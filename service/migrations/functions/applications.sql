-- Applications to groups: what the database itself holds, whoever writes the row. The trigger at the end refuses every
-- illegal move, and keeps places, the queue, engagements and certificates in step with the status.

-- As MOVES in service/applications/rules.py; docs/architecture.md draws it.
CREATE OR REPLACE FUNCTION application_may_move(p_from text, p_to text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_to = ANY (CASE p_from
    WHEN 'draft' THEN ARRAY['submitted', 'waiting', 'enrolled', 'withdrawn', 'expired']
    WHEN 'submitted' THEN ARRAY['under_review', 'invited', 'approved', 'enrolled', 'waiting', 'refused', 'withdrawn', 'expired']
    WHEN 'under_review' THEN ARRAY['invited', 'approved', 'enrolled', 'refused', 'withdrawn']
    WHEN 'invited' THEN ARRAY['approved', 'refused', 'withdrawn']
    WHEN 'approved' THEN ARRAY['enrolled', 'refused', 'withdrawn', 'expired']
    WHEN 'waiting' THEN ARRAY['offered', 'refused', 'withdrawn', 'expired']
    WHEN 'offered' THEN ARRAY['submitted', 'enrolled', 'waiting', 'refused', 'withdrawn', 'expired']
    WHEN 'enrolled' THEN ARRAY['left']
    ELSE ARRAY[]::text[]
END);

CREATE OR REPLACE FUNCTION application_begins(p_status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_status IN ('draft', 'submitted', 'waiting', 'offered', 'enrolled');

-- Whether the child is in the group's lessons as far as other bookings are concerned. An offer keeps a place, and keeps
-- nobody from being elsewhere; where overlaps are only warned of, it is the enrolled child who can't be in two places.
CREATE OR REPLACE FUNCTION is_engaged(a applications) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN a.placed AND a.status <> 'offered' AND (a.status = 'enrolled' OR a.overlap_rule = 'refuse');

CREATE OR REPLACE FUNCTION keep_engagement(was applications, now_is applications) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    was_in boolean := coalesce(is_engaged(was), false);
    is_in boolean := is_engaged(now_is);
BEGIN
    IF was_in AND NOT is_in THEN
        DELETE FROM engagements WHERE region_id = now_is.region_id AND booking_id = now_is.id;
        PERFORM resume_trial(now_is.region_id, was.group_id, now_is.identity, now_is.updated_at);
    ELSIF is_in AND NOT was_in THEN
        PERFORM yield_trial(now_is.region_id, now_is.group_id, now_is.identity);
        INSERT INTO engagements (region_id, booking_id, identity, times)
        SELECT g.region_id, now_is.id, now_is.identity, current_lessons(g) FROM groups g
        WHERE g.region_id = now_is.region_id AND g.id = now_is.group_id;
    ELSIF is_in AND was.group_id <> now_is.group_id THEN
        PERFORM yield_trial(now_is.region_id, now_is.group_id, now_is.identity);
        UPDATE engagements SET times = (
            SELECT current_lessons(g) FROM groups g WHERE g.region_id = now_is.region_id AND g.id = now_is.group_id)
        WHERE region_id = now_is.region_id AND booking_id = now_is.id;
    END IF;
END $$;

-- Counts an application in its group, and numbers it where it comes, or comes back, to the end of the queue. The group's
-- row is locked from here on: the order of serials is that in which applications are acknowledged.
CREATE OR REPLACE FUNCTION count_application(was applications, now_is applications) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    comes boolean := now_is.status IN ('submitted', 'waiting', 'offered', 'enrolled')
        AND (was.id IS NULL OR was.status = 'draft' OR (was.status = 'offered' AND now_is.status = 'waiting'));
    same boolean := was.group_id = now_is.group_id;
    number integer;
BEGIN
    IF NOT comes AND coalesce(same, true) AND coalesce(was.placed, false) = now_is.placed
       AND (coalesce(was.status, '') = 'waiting') = (now_is.status = 'waiting') THEN
        RETURN now_is.serial;
    END IF;
    IF NOT coalesce(same, true) THEN
        UPDATE groups SET taken = taken - was.placed::int, waiting = waiting - (was.status = 'waiting')::int
        WHERE region_id = was.region_id AND id = was.group_id;
        was := NULL;
        comes := true;
    END IF;
    UPDATE groups SET
        serial = serial + comes::int,
        taken = taken + now_is.placed::int - coalesce(was.placed, false)::int,
        waiting = waiting + (now_is.status = 'waiting')::int - (coalesce(was.status, '') = 'waiting')::int
    WHERE region_id = now_is.region_id AND id = now_is.group_id
    RETURNING serial INTO number;
    RETURN CASE WHEN comes THEN number ELSE now_is.serial END;
END $$;

CREATE OR REPLACE FUNCTION applications_keep_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was applications;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := OLD;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE CASE TG_OP
        WHEN 'INSERT' THEN NOT application_begins(NEW.status)
        ELSE (NEW.status <> was.status AND NOT application_may_move(was.status, NEW.status))
          OR (NEW.group_id <> was.group_id AND NOT (was.status = 'enrolled' AND NEW.status = 'enrolled'))
    END;
    -- Nobody has a place, and nobody may be decided on, while the group is being collected for.
    PERFORM refuse('group_not_filled') WHERE TG_OP = 'UPDATE' AND was.status = 'submitted' AND NOT was.placed
        AND NEW.status IN ('under_review', 'invited', 'approved', 'enrolled');
    NEW.placed := CASE NEW.status
        WHEN 'submitted' THEN NEW.placed OR coalesce(was.placed, false)
        ELSE NEW.status IN ('under_review', 'invited', 'approved', 'enrolled', 'offered')
    END;
    NEW.serial := count_application(was, NEW);
    PERFORM keep_engagement(was, NEW);
    PERFORM keep_certificate(was, NEW);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER applications_keep_step BEFORE INSERT OR UPDATE ON applications
FOR EACH ROW EXECUTE FUNCTION applications_keep_step();

-- A row that counts somewhere is not simply gone.
CREATE OR REPLACE FUNCTION applications_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('application_illegal_move');
END $$;

CREATE OR REPLACE TRIGGER applications_stay BEFORE DELETE ON applications
FOR EACH ROW EXECUTE FUNCTION applications_stay();
