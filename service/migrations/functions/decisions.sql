-- What an institution decides on applications. The same decision twice changes nothing.

CREATE OR REPLACE FUNCTION decide_application(
    p_region smallint, p_institution uuid, p_application uuid, p_decision jsonb, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_application(p_region, NULL, p_institution, p_application);
BEGIN
    CASE p_decision ->> 'decision'
        WHEN 'take' THEN PERFORM decide_move(named, 'under_review', p_decision, '{}', p_actor, p_now);
        WHEN 'invite' THEN PERFORM invite_to_test(named, p_decision, p_actor, p_now);
        WHEN 'record_test' THEN PERFORM record_test(named, p_decision, p_actor, p_now);
        WHEN 'approve' THEN PERFORM approve_application(named, p_decision, p_actor, p_now);
        WHEN 'enrol' THEN PERFORM enrol_by_order(named, p_decision, p_actor, p_now);
        WHEN 'refuse' THEN PERFORM decide_move(named, 'refused', p_decision, '{}', p_actor, p_now);
        WHEN 'expel' THEN PERFORM decide_move(named, 'left', p_decision, leaving(named, p_now), p_actor, p_now);
        WHEN 'check_benefits' THEN PERFORM check_benefits(named, p_decision, p_actor, p_now);
    END CASE;
END $$;

CREATE OR REPLACE FUNCTION decide_move(
    named applications, p_to text, p_decision jsonb, p_changes jsonb, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF named.status <> p_to THEN
        PERFORM move_application(named, p_to, p_changes || jsonb_build_object('decision', p_decision), p_actor, p_now);
    END IF;
END $$;

-- Tests -----------------------------------------------------------------------------------------------------------------

-- A test takes longer to decide by: the deadline of those with tests counts from the day the application came.
CREATE OR REPLACE FUNCTION invite_to_test(named applications, p_decision jsonb, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    invited jsonb := jsonb_build_object('at', p_decision -> 'at', 'place', p_decision -> 'place',
                                        'bring', p_decision -> 'bring', 'result', NULL, 'comment', NULL);
    days integer := (SELECT decision_days_with_tests FROM institutions
                     WHERE region_id = named.region_id AND id = named.institution_id);
BEGIN
    IF named.status = 'invited' AND named.test - 'at' - 'result' - 'comment' = invited - 'at' - 'result' - 'comment'
       AND (named.test ->> 'at')::timestamptz = (invited ->> 'at')::timestamptz THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE named.status NOT IN ('submitted', 'under_review', 'invited');
    PERFORM refuse('test_in_the_past') WHERE (invited ->> 'at')::timestamptz <= p_now;
    PERFORM move_application(named, 'invited', jsonb_build_object(
        'test', invited, 'decision', p_decision, 'decide_by', greatest(named.decide_by, working_deadline(
            named.region_id, named.institution_id, named.submitted_at, days))), p_actor, p_now);
END $$;

-- The application stays invited: then it is approved, or refused.
CREATE OR REPLACE FUNCTION record_test(named applications, p_decision jsonb, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tested jsonb := named.test || jsonb_build_object('result', p_decision -> 'result', 'comment', p_decision -> 'comment');
BEGIN
    IF tested = named.test THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move') WHERE named.status <> 'invited';
    PERFORM refuse('test_not_held') WHERE (named.test ->> 'at')::timestamptz > p_now;
    UPDATE applications SET test = tested, updated_at = p_now WHERE region_id = named.region_id AND id = named.id;
    PERFORM journal(named.region_id, gen_random_uuid(), p_now, p_actor, 'application_tested', named.id,
                    jsonb_build_object('result', p_decision -> 'result'), true);
END $$;

-- Approving and enrolling ---------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION approve_application(named applications, p_decision jsonb, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    days integer := (SELECT originals_days FROM institutions
                     WHERE region_id = named.region_id AND id = named.institution_id);
BEGIN
    PERFORM refuse('test_not_passed')
    WHERE named.status = 'invited' AND (named.test ->> 'result') IS DISTINCT FROM 'passed';
    PERFORM decide_move(named, 'approved', p_decision, jsonb_build_object(
        'originals_by', working_deadline(named.region_id, named.institution_id, p_now, days)), p_actor, p_now);
END $$;

-- What an order changes beside the status. Who was enrolled before keeps the day, where the order names none.
CREATE OR REPLACE FUNCTION order_changes(named applications, place groups, p_decision jsonb, p_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    starts date := coalesce((p_decision ->> 'starts_on')::date, named.enrolled_on, first_day(place, p_now));
    source text := coalesce(p_decision ->> 'financing', named.financing);
BEGIN
    PERFORM refuse(CASE
        WHEN starts NOT BETWEEN place.starts_on AND place.ends_on THEN 'start_outside_group'
        WHEN source <> named.financing AND NOT place.financing @> jsonb_build_array(jsonb_build_object('source', source))
            THEN 'financing_not_offered'
        -- The parent names it, with the application.
        WHEN source <> named.financing AND source = 'certificate' THEN 'certificate_needed'
        WHEN NOT (p_decision ->> 'originals_seen')::boolean AND 'medical_certificate' = ANY (documents_missing(named)) THEN 'documents_missing'
    END);
    RETURN jsonb_build_object(
        'decision', p_decision, 'order_number', p_decision -> 'order_number', 'order_date', p_decision -> 'order_date',
        'enrolled_on', starts, 'financing', source)
        || CASE WHEN source = named.financing THEN '{}' ELSE '{"certificate_id": null, "certificate_cost": 0}' END::jsonb;
END $$;

-- One order enrols one child once. Where the group enrols at once, the order is written later.
CREATE OR REPLACE FUNCTION enrol_by_order(named applications, p_decision jsonb, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    is_written boolean := named.order_number IS NOT NULL;
BEGIN
    IF named.status = 'enrolled' AND (named.order_number, named.order_date)
       = (p_decision ->> 'order_number', (p_decision ->> 'order_date')::date) THEN
        RETURN;
    END IF;
    -- An offered place is the parent's to take.
    PERFORM refuse('application_illegal_move')
    WHERE named.status NOT IN ('submitted', 'under_review', 'approved', 'enrolled');
    PERFORM refuse('order_written') WHERE is_written;
    SELECT * INTO place FROM groups WHERE region_id = named.region_id AND id = named.group_id;
    PERFORM move_application(named, 'enrolled', order_changes(named, place, p_decision, p_now), p_actor, p_now);
END $$;

-- Benefits ------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION check_benefits(named applications, p_decision jsonb, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    proved text[] := ARRAY(SELECT DISTINCT code FROM jsonb_array_elements_text(p_decision -> 'confirmed') AS code ORDER BY 1);
    place groups;
    child persons;
BEGIN
    IF named.benefits_confirmed = proved THEN
        RETURN;
    END IF;
    PERFORM refuse('application_illegal_move')
    WHERE named.status NOT IN ('submitted', 'under_review', 'invited', 'approved', 'waiting', 'offered');
    PERFORM refuse('benefit_not_claimed') WHERE NOT proved <@ named.benefits;
    SELECT * INTO place FROM groups WHERE region_id = named.region_id AND id = named.group_id;
    SELECT * INTO child FROM persons WHERE region_id = named.region_id AND id = named.person_id;
    UPDATE applications SET
        benefits_confirmed = proved, updated_at = p_now,
        weight = CASE place.filling WHEN 'priority' THEN benefits_weight(place, child, proved) ELSE weight END
    WHERE region_id = named.region_id AND id = named.id;
    PERFORM journal(named.region_id, gen_random_uuid(), p_now, p_actor, 'application_benefits_checked', named.id,
                    jsonb_build_object('confirmed', proved), true);
END $$;

-- Deadlines -------------------------------------------------------------------------------------------------------------

-- An approved child's originals were not brought in time: the place is the next one's.
CREATE OR REPLACE FUNCTION expire_an_approved(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due record;
    named applications;
BEGIN
    FOR due IN
        SELECT a.region_id, a.id FROM regions r
        JOIN applications a ON a.region_id = r.code AND a.status = 'approved' AND a.originals_by <= p_now
        ORDER BY a.originals_by LIMIT 50
    LOOP
        named := lock_application(due.region_id, NULL, NULL, due.id);
        CONTINUE WHEN named.status <> 'approved' OR named.originals_by > p_now;
        PERFORM move_application(named, 'expired', '{}', by_itself(), p_now);
        RETURN 1;
    END LOOP;
    RETURN 0;
END $$;
