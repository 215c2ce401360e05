-- What a parent prepares before the opening minute. A draft has no place, no number in the order, and is nobody's business
-- but the family's: the institution never sees it, and nobody else's application is refused for it.

CREATE OR REPLACE FUNCTION draft_refusal(place groups, child persons, wish applications, p_now timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        CASE
            WHEN child.id IS NULL THEN 'person_not_found'
            WHEN place.id IS NULL THEN 'group_not_found'
            WHEN p_now >= place.enrolment_closes_at THEN 'enrolment_closed'
            WHEN place.filling = 'matching' AND place.filled_at IS NULL THEN 'group_by_wishes'
        END,
        terms_refusal(place, child, wish),
        certificate_refusal(place, child, wish.certificate_id, p_now));
END $$;

-- p_item: as in apply_to_groups(). Whether it could be submitted now does not matter.
CREATE OR REPLACE FUNCTION draft_application(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_item jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    child persons;
    place groups;
    wish applications;
    shown jsonb;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'draftApplication', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (p_item ->> 'person_id')::uuid
      AND p.deleted_at IS NULL FOR KEY SHARE OF p;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = (p_item ->> 'group_id')::uuid;
    wish := new_application(place, child, p_citizen, p_item, NULL, p_now);
    PERFORM refuse(draft_refusal(place, child, wish, p_now));
    shown := shown_to_parent(wish);
    -- A twin waits here, and not at the draft that it would find taken.
    earlier := idempotency_keep(p_region, p_citizen, 'draftApplication', p_key, p_request_hash, shown, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO applications SELECT wish.*;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'application_draft', wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), false);
    RETURN shown;
END $$;

-- A draft, locked, with its child: as whoever deletes the child locks them.
CREATE OR REPLACE FUNCTION lock_own_application(p_region smallint, p_citizen uuid, p_application uuid) RETURNS applications
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = (
        SELECT a.person_id FROM applications a WHERE a.region_id = p_region AND a.id = p_application) FOR KEY SHARE;
    RETURN lock_application(p_region, p_citizen, NULL, p_application);
END $$;

-- p_changes: of wait, financing, certificate_id and benefits those that change.
CREATE OR REPLACE FUNCTION update_draft(
    p_region smallint, p_citizen uuid, p_application uuid, p_changes jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_own_application(p_region, p_citizen, p_application);
    place groups;
    child persons;
    wish applications;
BEGIN
    PERFORM refuse('application_illegal_move') WHERE named.status <> 'draft';
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = named.person_id;
    wish := draft_renewed(named, place, child, p_changes, p_now);
    PERFORM refuse(draft_refusal(place, child, wish, p_now));
    UPDATE applications SET wait = wish.wait, financing = wish.financing, certificate_id = wish.certificate_id,
        certificate_cost = wish.certificate_cost, benefits = wish.benefits, weight = wish.weight, terms = wish.terms,
        updated_at = p_now
    WHERE region_id = p_region AND id = p_application;
END $$;

-- The draft under the terms of this moment, with what p_changes names.
CREATE OR REPLACE FUNCTION draft_renewed(
    named applications, place groups, child persons, p_changes jsonb, p_now timestamptz
) RETURNS applications LANGUAGE plpgsql STABLE AS $$
DECLARE
    made applications := new_application(place, child, named.citizen_id, jsonb_build_object(
        'id', named.id, 'number', named.number, 'group_id', named.group_id, 'person_id', named.person_id,
        'wait', named.wait, 'financing', named.financing, 'certificate_id', named.certificate_id,
        'benefits', to_jsonb(named.benefits)) || p_changes, NULL, p_now);
BEGIN
    made.created_at := named.created_at;
    made.draw_request_id := named.draw_request_id;
    RETURN made;
END $$;

-- Submits a draft: every rule of applying counts now, and from here on there is an order. Twice is no error.
CREATE OR REPLACE FUNCTION submit_application(p_region smallint, p_citizen uuid, p_application uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_own_application(p_region, p_citizen, p_application);
    place groups;
    child persons;
    wish applications;
    comes_as text;
BEGIN
    IF named.status <> 'draft' THEN
        PERFORM refuse('application_illegal_move') WHERE named.serial IS NULL;
        RETURN;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    PERFORM offer_before(p_region, ARRAY[named.group_id], p_now);
    PERFORM lock_children(p_region, ARRAY[named.person_id]);
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = named.person_id;
    wish := draft_renewed(named, place, child, '{}', p_now);
    PERFORM refuse(application_refusal(place, child, wish, p_now));
    PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now);
    comes_as := status_on_coming(place, place.taken < place.capacity, wish.wait);
    PERFORM refuse('group_full') WHERE comes_as IS NULL;
    wish := with_warnings(as_submitted(wish, place, comes_as, p_now), place, p_citizen, 0, p_now);
    UPDATE applications SET status = wish.status, placed = wish.placed, overlap_rule = wish.overlap_rule,
        submitted_at = p_now, updated_at = p_now, decide_by = wish.decide_by, enrolled_on = wish.enrolled_on,
        weight = wish.weight, certificate_cost = wish.certificate_cost, terms = wish.terms, warnings = wish.warnings
    WHERE region_id = p_region AND id = p_application;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'application_' || wish.status, wish.id,
                    jsonb_build_object('from', 'draft', 'group_id', wish.group_id, 'person_id', wish.person_id), true);
END $$;

-- By itself -----------------------------------------------------------------------------------------------------------

-- What nobody submitted before enrolment closed, of one region; at most a hundred.
CREATE OR REPLACE FUNCTION expire_drafts(p_region smallint, p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due applications;
    expired integer := 0;
BEGIN
    FOR due IN
        SELECT a.* FROM applications a JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
        WHERE a.region_id = p_region AND a.status = 'draft' AND g.enrolment_closes_at <= p_now
        LIMIT 100 FOR UPDATE OF a SKIP LOCKED
    LOOP
        PERFORM move_application(due, 'expired', '{}', by_itself(), p_now);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

-- Who waits for a group that is over waits no more; at most a hundred of one group.
CREATE OR REPLACE FUNCTION expire_waiting(p_region smallint, p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    over uuid;
    due applications;
    expired integer := 0;
BEGIN
    SELECT id INTO over FROM groups WHERE region_id = p_region AND waiting > 0 AND upper(lessons) <= p_now
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    FOR due IN
        SELECT * FROM applications WHERE region_id = p_region AND group_id = over AND status = 'waiting'
        LIMIT 100 FOR UPDATE
    LOOP
        PERFORM move_application(due, 'expired', '{}', by_itself(), p_now);
        expired := expired + 1;
    END LOOP;
    RETURN expired;
END $$;

CREATE OR REPLACE FUNCTION expire_applications(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    area smallint;
    expired integer;
BEGIN
    FOR area IN SELECT code FROM regions LOOP
        expired := expire_drafts(area, p_now);
        IF expired = 0 THEN
            expired := expire_waiting(area, p_now);
        END IF;
        IF expired > 0 THEN
            RETURN expired;
        END IF;
    END LOOP;
    RETURN 0;
END $$;
