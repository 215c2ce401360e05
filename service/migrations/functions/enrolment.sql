-- Applying for a place in a group, and what becomes of the application. Who may do which is the callers' to know; what is
-- possible at all is held by the trigger in applications.sql.

-- Refusals ------------------------------------------------------------------------------------------------------------

-- Why a child of that age does not fit the group; null where it does. Fractional ages are kept as months.
CREATE OR REPLACE FUNCTION age_refusal(place groups, p_birth_date date, p_today date) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counted_on date := CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'applying' THEN p_today ELSE place.age_on END;
    months integer := CASE WHEN place.age_by_year
        THEN 12 * (extract(year FROM counted_on) - extract(year FROM p_birth_date))::integer
        ELSE full_months(p_birth_date, counted_on) END;
BEGIN
    RETURN CASE
        WHEN months < place.age_from_months THEN 'too_young'
        WHEN months >= place.age_until_months THEN 'too_old'
    END;
END $$;

-- Why nobody can apply to the group at this moment.
CREATE OR REPLACE FUNCTION enrolment_refusal(place groups, p_now timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN place.id IS NULL THEN 'group_not_found'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        WHEN p_now < place.enrolment_opens_at THEN 'enrolment_not_open'
        WHEN p_now >= place.enrolment_closes_at THEN 'enrolment_closed'
        WHEN place.filling = 'matching' AND place.filled_at IS NULL THEN 'group_by_wishes'
        WHEN place.filled_at IS NULL AND p_now >= place.collect_until THEN 'group_being_filled'
    END
$$;

-- Why this child can't have an application there, whoever made the others.
CREATE OR REPLACE FUNCTION applicant_refusal(place groups, child persons, p_now timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    club institutions;
BEGIN
    SELECT * INTO club FROM institutions WHERE region_id = place.region_id AND id = place.institution_id;
    RETURN coalesce(
        age_refusal(place, child.birth_date, (p_now AT TIME ZONE club.zone)::date),
        CASE WHEN EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ) THEN 'already_applied' END,
        (SELECT CASE
            WHEN count(*) FILTER (WHERE a.status <> 'enrolled') >= club.most_applications THEN 'too_many_applications'
            WHEN count(*) FILTER (WHERE a.status = 'enrolled') >= club.most_groups THEN 'too_many_groups'
         END
         FROM applications a
         WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id AND a.identity = child.identity
           AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')));
END $$;

-- What is kept, and shown -----------------------------------------------------------------------------------------------

-- What an application keeps of the terms it is made under.
CREATE OR REPLACE FUNCTION group_terms(place groups) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'zone', i.zone, 'group_name', place.name, 'starts_on', place.starts_on, 'ends_on', place.ends_on,
        'lesson_plan', place.lesson_plan, 'places', place.places, 'teachers', to_jsonb(place.teachers),
        'financing', place.financing, 'documents', to_jsonb(place.documents), 'entrance_test', place.entrance_test,
        'programme', jsonb_build_object('id', r.id, 'name', r.name),
        'institution', jsonb_build_object('id', i.id, 'name', i.name, 'address', i.address, 'phone', i.phone))
    FROM programmes r, institutions i
    WHERE r.region_id = place.region_id AND r.id = place.programme_id
      AND i.region_id = place.region_id AND i.id = place.institution_id
$$;

-- How many in the queue come before; null where the application does not wait.
CREATE OR REPLACE FUNCTION applications_before(a applications) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN a.status = 'waiting' THEN (
        SELECT count(*) FROM applications b
        WHERE b.region_id = a.region_id AND b.group_id = a.group_id AND b.status = 'waiting'
          AND (-b.weight, b.serial) < (-a.weight, a.serial)) END
$$;

-- To the institution the child is busy, whatever with.
CREATE OR REPLACE FUNCTION warnings_for_staff(a applications) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(warning || '{"kind": "busy", "name": null}'), '[]')
    FROM jsonb_array_elements(a.warnings) AS warning
$$;

-- An application as it is shown.
CREATE OR REPLACE FUNCTION shown_application(a applications) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', a.id, 'number', a.number, 'status', a.status, 'placed', a.placed, 'group_id', a.group_id,
        'terms', a.terms, 'decision', a.decision, 'family_id', a.family_id, 'before', applications_before(a),
        'lapses', a.lapses, 'draw_request_id', a.draw_request_id, 'draw_id', (
            SELECT d.id FROM draws d WHERE d.region_id = a.region_id AND d.group_id = a.group_id), 'test', a.test, 'financing', a.financing,
        'certificate_id', a.certificate_id, 'certificate_cost', a.certificate_cost, 'benefits', to_jsonb(a.benefits),
        'benefits_confirmed', to_jsonb(a.benefits_confirmed), 'warnings', warnings_for_staff(a), 'wait', a.wait,
        'order_number', a.order_number, 'order_date', a.order_date,
        'enrolled_on', a.enrolled_on, 'left_on', a.left_on, 'submitted_at', a.submitted_at, 'decide_by', a.decide_by,
        'originals_by', a.originals_by, 'offer_expires_at', a.offer_expires_at, 'created_at', a.created_at,
        'updated_at', a.updated_at, 'documents_missing', documents_missing(a),
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM persons p WHERE p.region_id = a.region_id AND p.id = a.person_id
$$;

-- To the family it says what else of theirs it collides with.
CREATE OR REPLACE FUNCTION shown_to_parent(a applications) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT shown_application(a) || jsonb_build_object('warnings', a.warnings)
$$;

-- Applying --------------------------------------------------------------------------------------------------------------

-- The wish for a place, as p_item says: {id, number, group_id, person_id, financing, certificate_id, benefits}.
CREATE OR REPLACE FUNCTION new_application(
    place groups, child persons, p_citizen uuid, p_item jsonb, p_family uuid, p_now timestamptz
) RETURNS applications LANGUAGE plpgsql AS $$
DECLARE
    made applications := jsonb_populate_record(NULL::applications, p_item);
    club institutions;
BEGIN
    SELECT * INTO club FROM institutions WHERE region_id = place.region_id AND id = place.institution_id;
    made.region_id := place.region_id;
    made.institution_id := place.institution_id;
    made.citizen_id := p_citizen;
    made.identity := child.identity;
    made.status := 'draft';
    made.placed := false;
    made.overlap_rule := club.overlap_rule;
    made.family_id := p_family;
    made.benefits := coalesce(made.benefits, '{}');
    made.wait := coalesce(made.wait, false);
    made.weight := CASE place.filling WHEN 'priority' THEN benefits_weight(place, child, made.benefits) ELSE 0 END;
    made.financing := coalesce(made.financing, place.financing #>> '{0,source}');
    made.certificate_cost := certificate_cost(place, made.certificate_id);
    made.certificate_back := 0;
    made.certificate_used := 0;
    made.warnings := '[]';
    made.lapses := 0;
    made.draw_request_id := gen_random_uuid();
    made.terms := group_terms(place);
    made.created_at := p_now;
    made.updated_at := p_now;
    RETURN made;
END $$;

-- How much goes before others; null where the institution knows no such benefit. A child of the group that this one
-- continues goes before all benefits.
CREATE OR REPLACE FUNCTION benefits_weight(place groups, child persons, p_benefits text[]) RETURNS smallint
LANGUAGE sql STABLE AS $$
    SELECT (least(coalesce(sum(b.weight), 0), 10000) + CASE WHEN EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = place.region_id AND a.group_id = place.continues_id AND a.identity = child.identity
          AND a.status = 'enrolled') THEN 20000 ELSE 0 END)::smallint
    FROM benefits b
    WHERE b.region_id = place.region_id AND b.institution_id = place.institution_id AND b.code = ANY (p_benefits)
$$;

-- Why the group can't take the child as the application asks.
CREATE OR REPLACE FUNCTION terms_refusal(place groups, child persons, wish applications) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
            WHEN NOT place.financing @> jsonb_build_array(jsonb_build_object('source', wish.financing))
                THEN 'financing_not_offered'
            WHEN (wish.financing = 'certificate') <> (wish.certificate_id IS NOT NULL) THEN 'certificate_needed'
            WHEN EXISTS (
                SELECT FROM unnest(wish.benefits) AS claimed WHERE NOT EXISTS (
                    SELECT FROM benefits b
                    WHERE b.region_id = place.region_id AND b.institution_id = place.institution_id
                      AND b.code = claimed)
            ) THEN 'benefit_unknown'
        END;
END $$;

-- Why this application can't be made.
CREATE OR REPLACE FUNCTION application_refusal(place groups, child persons, wish applications, p_now timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        CASE WHEN child.id IS NULL THEN 'person_not_found' END,
        enrolment_refusal(place, p_now),
        applicant_refusal(place, child, p_now),
        CASE WHEN wish.family_id IS NOT NULL AND place.filling <> 'first_come' THEN 'family_first_come_only' END,
        terms_refusal(place, child, wish),
        certificate_refusal(place, child, wish.certificate_id, p_now));
END $$;

-- Whether all of these applications would have a place at once.
CREATE OR REPLACE FUNCTION all_have_places(p_region smallint, p_groups uuid[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT bool_and(g.capacity - g.taken >= wanted.places)
    FROM (SELECT group_id, count(*) AS places FROM unnest(p_groups) AS given (group_id) GROUP BY 1) AS wanted
    JOIN groups g ON g.region_id = p_region AND g.id = wanted.group_id
$$;

-- Which of these, by its number from 0, is the first whose group has not places for all of them that go there; null where
-- all have places.
CREATE OR REPLACE FUNCTION first_without_place(p_region smallint, p_groups uuid[]) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT min(array_position(p_groups, g.id)) - 1 FROM groups g
    WHERE g.region_id = p_region AND g.id = ANY (p_groups)
      AND g.capacity - g.taken < (SELECT count(*) FROM unnest(p_groups) AS wanted WHERE wanted = g.id)
$$;

-- One after the other for one child, whoever applies: how many applications it has is counted. The groups are locked
-- before, always, and nothing is waited for afterwards that the holder of such a lock could be waiting for.
CREATE OR REPLACE FUNCTION lock_children(p_region smallint, p_persons uuid[]) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(4, one) FROM (
        SELECT DISTINCT hashtext(identity::text) AS one FROM persons
        WHERE region_id = p_region AND id = ANY (p_persons) ORDER BY 1) AS identities
$$;

-- What becomes of an application that comes now: it is collected, has a place, waits; null: there is no place.
-- p_seated: there are places for all that come together.
CREATE OR REPLACE FUNCTION status_on_coming(place groups, p_seated boolean, p_wait boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN place.filling IN ('priority', 'draw') AND place.filled_at IS NULL THEN 'collected'
        WHEN p_seated AND place.instant THEN 'enrolled'
        WHEN p_seated THEN 'submitted'
        WHEN p_wait AND place.waiting_list THEN 'waiting'
    END
$$;

-- The application as it comes to the institution.
CREATE OR REPLACE FUNCTION as_submitted(wish applications, place groups, p_comes_as text, p_now timestamptz)
RETURNS applications LANGUAGE plpgsql STABLE AS $$
BEGIN
    wish.status := CASE p_comes_as WHEN 'collected' THEN 'submitted' ELSE p_comes_as END;
    wish.placed := p_comes_as IN ('submitted', 'enrolled');
    wish.submitted_at := p_now;
    wish.updated_at := p_now;
    wish.decide_by := CASE p_comes_as WHEN 'submitted' THEN decision_deadline(place, p_now) END;
    wish.enrolled_on := CASE p_comes_as WHEN 'enrolled' THEN first_day(place, p_now) END;
    RETURN wish;
END $$;

-- Until when the institution has to decide.
CREATE OR REPLACE FUNCTION decision_deadline(place groups, p_from timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT working_deadline(place.region_id, place.institution_id, p_from,
                            CASE WHEN place.entrance_test THEN decision_days_with_tests ELSE decision_days END)
    FROM institutions WHERE region_id = place.region_id AND id = place.institution_id
$$;

-- From which day on a child that is enrolled now goes there.
CREATE OR REPLACE FUNCTION first_day(place groups, p_now timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT greatest(place.starts_on, (p_now AT TIME ZONE zone)::date) FROM institutions
    WHERE region_id = place.region_id AND id = place.institution_id
$$;

-- Refuses; of several items it points at the one.
CREATE OR REPLACE FUNCTION refuse_item(p_refusal text, p_family uuid, p_item integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_family IS NULL THEN
        PERFORM refuse(p_refusal);
    ELSE
        PERFORM refuse(p_refusal, p_item);
    END IF;
END $$;

-- p_items: [{id, number, group_id, person_id, wait, financing, certificate_id, benefits}], all or nothing; p_family where
-- there are several. The groups are locked, in the order of their ids, before anything is decided: what comes is decided
-- on in the order in which it is acknowledged, and a twin of this request waits here.
CREATE OR REPLACE FUNCTION apply_to_groups(
    p_region smallint, p_citizen uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb,
    p_family uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid[] := ARRAY(SELECT (item ->> 'group_id')::uuid FROM jsonb_array_elements(p_items) AS item);
    asked uuid[] := ARRAY(SELECT (item ->> 'person_id')::uuid FROM jsonb_array_elements(p_items) AS item);
    item jsonb;
    number integer := 0;
    place groups;
    child persons;
    wish applications;
    unseated integer;
    comes_as text;
    shown jsonb := '[]';
    earlier jsonb;
BEGIN
    PERFORM FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = ANY (asked) AND p.deleted_at IS NULL
    ORDER BY p.id FOR KEY SHARE OF p;
    PERFORM FROM groups WHERE region_id = p_region AND id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE;
    earlier := idempotency_find(p_region, p_citizen, p_operation, p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse_in_pause(p_region, p_citizen, 'club', p_now);
    PERFORM lock_children(p_region, asked);
    PERFORM offer_before(p_region, wanted, p_now);
    unseated := first_without_place(p_region, wanted);
    FOR item IN SELECT jsonb_array_elements(p_items) LOOP
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = (item ->> 'group_id')::uuid;
        SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (item ->> 'person_id')::uuid
          AND p.deleted_at IS NULL;
        wish := new_application(place, child, p_citizen, item, p_family, p_now);
        PERFORM refuse_item(application_refusal(place, child, wish, p_now), p_family, number);
        PERFORM require_consent(p_region, p_citizen, child.id, 'enrolment', p_now, CASE WHEN p_family IS NOT NULL THEN number END);
        comes_as := status_on_coming(place, unseated IS NULL, wish.wait);
        PERFORM refuse_item('group_full', p_family, coalesce(unseated, number)) WHERE comes_as IS NULL;
        wish := write_application(wish, place, comes_as, number, p_now);
        shown := shown || jsonb_build_array(shown_to_parent(wish));
        number := number + 1;
    END LOOP;
    shown := CASE WHEN p_family IS NULL THEN shown -> 0 ELSE jsonb_build_object('items', shown) END;
    PERFORM idempotency_keep(p_region, p_citizen, p_operation, p_key, p_request_hash, shown, p_now);
    RETURN shown;
END $$;

-- Writes an application that comes now, and gives it as it is written.
CREATE OR REPLACE FUNCTION write_application(wish applications, place groups, p_comes_as text, p_item integer, p_now timestamptz)
RETURNS applications LANGUAGE plpgsql AS $$
BEGIN
    wish := with_warnings(as_submitted(wish, place, p_comes_as, p_now), place, wish.citizen_id, p_item, p_now);
    INSERT INTO applications SELECT wish.* RETURNING * INTO wish;
    PERFORM journal(wish.region_id, gen_random_uuid(), p_now, wish.citizen_id, 'application_' || wish.status, wish.id,
                    jsonb_build_object('group_id', wish.group_id, 'person_id', wish.person_id), true);
    RETURN wish;
END $$;

-- Moves ---------------------------------------------------------------------------------------------------------------

-- Moves an application, whose row the caller has locked, and changes what p_changes names of its other columns. The place
-- that it gives back goes to the first who waits.
CREATE OR REPLACE FUNCTION move_application(
    moved applications, p_to text, p_changes jsonb, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed applications := jsonb_populate_record(moved, p_changes);
BEGIN
    UPDATE applications SET
        status = p_to, updated_at = p_now, decision = changed.decision, lapses = changed.lapses, test = changed.test,
        financing = changed.financing, certificate_id = changed.certificate_id, placed = changed.placed,
        certificate_cost = changed.certificate_cost, certificate_back = changed.certificate_back,
        weight = changed.weight, order_number = changed.order_number, order_date = changed.order_date,
        enrolled_on = changed.enrolled_on, left_on = changed.left_on, submitted_at = changed.submitted_at,
        decide_by = changed.decide_by, originals_by = changed.originals_by, group_id = changed.group_id,
        warnings = changed.warnings,
        offer_expires_at = CASE p_to WHEN 'offered' THEN changed.offer_expires_at END
    WHERE region_id = moved.region_id AND id = moved.id;
    -- Of a draft nobody is told.
    PERFORM journal(moved.region_id, gen_random_uuid(), p_now, p_actor, 'application_' || p_to, moved.id,
                    jsonb_build_object('from', moved.status), moved.status <> 'draft');
    IF moved.placed AND (p_to IN ('refused', 'withdrawn', 'expired', 'left', 'waiting')
                         OR changed.group_id <> moved.group_id) THEN
        PERFORM offer_group_places(moved.region_id, moved.group_id, p_now);
    END IF;
END $$;

-- An application, locked: of a citizen who looks after its person, or that the institution received. A group's row is
-- locked before those of its applications by whoever offers or fills, so here too.
CREATE OR REPLACE FUNCTION lock_application(p_region smallint, p_citizen uuid, p_institution uuid, p_application uuid)
RETURNS applications LANGUAGE plpgsql AS $$
DECLARE
    named applications;
BEGIN
    SELECT a.* INTO named FROM applications a
    WHERE a.region_id = p_region AND a.id = p_application
      AND (p_institution IS NULL OR (a.institution_id = p_institution AND a.serial IS NOT NULL))
      AND (p_citizen IS NULL OR EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id));
    PERFORM refuse('application_not_found') WHERE named.id IS NULL;
    PERFORM lock_groups_of(named);
    SELECT * INTO named FROM applications WHERE region_id = p_region AND id = p_application FOR UPDATE;
    RETURN named;
END $$;

-- The groups of an application, and of all that belong to its family, in the order of their ids.
CREATE OR REPLACE FUNCTION lock_groups_of(named applications) RETURNS void LANGUAGE sql AS $$
    SELECT FROM groups WHERE region_id = named.region_id AND id IN (
        SELECT named.group_id
        UNION ALL
        SELECT f.group_id FROM applications f WHERE f.region_id = named.region_id AND f.family_id = named.family_id)
    ORDER BY id FOR NO KEY UPDATE
$$;

-- Withdraws what is not enrolled, and takes an enrolled child out. Twice is no error.
CREATE OR REPLACE FUNCTION withdraw_application(
    p_region smallint, p_citizen uuid, p_application uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_application(p_region, p_citizen, NULL, p_application);
BEGIN
    IF named.status IN ('withdrawn', 'left') THEN
        RETURN;
    END IF;
    PERFORM count_application_let_go(named, p_citizen, p_now);
    PERFORM move_application(named, CASE named.status WHEN 'enrolled' THEN 'left' ELSE 'withdrawn' END,
                             leaving(named, p_now), p_citizen, p_now);
END $$;

-- What changes when a child leaves: from when on, and what of a certificate is given back.
CREATE OR REPLACE FUNCTION leaving(named applications, p_now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE named.status WHEN 'enrolled' THEN jsonb_build_object(
        'left_on', (p_now AT TIME ZONE i.zone)::date, 'certificate_back', certificate_back(named, p_now))
        ELSE '{}' END
    FROM institutions i WHERE i.region_id = named.region_id AND i.id = named.institution_id
$$;
