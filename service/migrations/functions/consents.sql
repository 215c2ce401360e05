-- Consents to the processing of personal data: given, withdrawn, and asked for by whatever begins for a person.

-- The version from which on a consent is enough.
CREATE OR REPLACE FUNCTION consent_needed(p_purpose text, p_now timestamptz) RETURNS smallint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT max(version) FROM consent_texts
            WHERE purpose = p_purpose AND requires_new AND in_force_from <= p_now);
END $$;

-- By the newest version that was ever consented to, and that is and was not withdrawn.
CREATE OR REPLACE FUNCTION consent_state_of(p_ever smallint, p_standing smallint, p_purpose text, p_now timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_ever IS NULL THEN 'absent'
        WHEN p_standing IS NULL THEN 'withdrawn'
        WHEN p_standing < consent_needed(p_purpose, p_now) THEN 'outdated'
        ELSE 'given'
    END;
END $$;

-- What there is of a citizen's consent for a person: absent; given; outdated, where a text that requires a new one has come
-- since; withdrawn.
CREATE OR REPLACE FUNCTION consent_state(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    ever smallint;
    standing smallint;
BEGIN
    SELECT max(version), max(version) FILTER (WHERE withdrawn_at IS NULL) INTO ever, standing FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose;
    RETURN consent_state_of(ever, standing, p_purpose, p_now);
END $$;

-- What is under way stands on the consent it was begun with, or on none where its region takes them otherwise: only one
-- that was withdrawn stops it.
CREATE OR REPLACE FUNCTION consent_stands(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN consent_state(p_region, p_citizen, p_person, p_purpose, p_now) <> 'withdrawn';
END $$;

-- Whether it is theirs to consent for the person: one's own from fourteen on, a child's by the legal representatives, a
-- grown person's by whom they have asked to act for them.
CREATE OR REPLACE FUNCTION may_consent(own guardians, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN guardian_may(own.kinship, own.ends_on IS NOT NULL, 'consent') AND NOT (own.kinship = 'self' AND EXISTS (
        SELECT FROM persons p WHERE p.region_id = own.region_id AND p.id = own.person_id
          AND birthday(p.birth_date, 14) > local_today(own.region_id, p_now)));
END $$;

-- What there is of the legal representatives' consents for a child: a grandmother books on these, and so does the child.
CREATE OR REPLACE FUNCTION representatives_consent_state(
    p_region smallint, p_person uuid, p_purpose text, p_now timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    ever smallint;
    standing smallint;
BEGIN
    SELECT max(c.version), max(c.version) FILTER (WHERE c.withdrawn_at IS NULL) INTO ever, standing
    FROM consents c JOIN guardians g
      ON g.region_id = c.region_id AND g.citizen_id = c.citizen_id AND g.person_id = c.person_id
    WHERE c.region_id = p_region AND c.person_id = p_person AND c.purpose = p_purpose AND g.kinship IN ('child', 'ward');
    RETURN consent_state_of(ever, standing, p_purpose, p_now);
END $$;

-- Refuses to begin anything for a person without a consent that is enough; where the region does not require one, only
-- after it was withdrawn. Call it in a statement of its own after the person was locked: who withdraws locks it too, so
-- that of a withdrawal and a booking at once the one sees the other. p_item: of several, which one it is about.
CREATE OR REPLACE FUNCTION require_consent(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamptz, p_item integer DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    own guardians;
    state text;
BEGIN
    SELECT * INTO own FROM guardians
    WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    -- The latest day that it is anywhere, before the region is looked up.
    IF own.ends_on <= (p_now AT TIME ZONE 'Etc/GMT-14')::date AND guardianship_over(own, p_now) THEN
        PERFORM refuse('person_not_found');
    END IF;
    IF (own.kinship <> 'self' AND guardian_may(own.kinship, own.ends_on IS NOT NULL, 'consent'))
       OR may_consent(own, p_now) THEN
        state := consent_state(p_region, p_citizen, p_person, p_purpose, p_now);
    ELSE
        state := representatives_consent_state(p_region, p_person, p_purpose, p_now);
    END IF;
    IF state = 'given' OR (state <> 'withdrawn' AND NOT (SELECT consents_required FROM regions WHERE code = p_region)) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = 'consent_missing', CONSTRAINT = 'consent_missing',
        HINT = json_build_object('purpose', p_purpose), DETAIL = coalesce('/items/' || p_item, '');
END $$;

-- Rows that stay as they are ------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION consents_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['citizen_id', 'person_id', 'withdrawn_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change
       AND (OLD.withdrawn_at IS NULL OR NEW.withdrawn_at = OLD.withdrawn_at) THEN
        RETURN NEW;
    END IF;
    PERFORM refuse('consents_stay');
END $$;

CREATE OR REPLACE TRIGGER consents_stay BEFORE UPDATE OR DELETE ON consents
FOR EACH ROW EXECUTE FUNCTION consents_stay();

CREATE OR REPLACE FUNCTION consent_texts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('consent_texts_stay');
END $$;

CREATE OR REPLACE TRIGGER consent_texts_stay BEFORE UPDATE OR DELETE ON consent_texts
FOR EACH ROW EXECUTE FUNCTION consent_texts_stay();

-- Giving ------------------------------------------------------------------------------------------------------------------

-- A consent as it is shown.
CREATE OR REPLACE FUNCTION shown_consent(c consents, p_now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', c.id, 'person_id', c.person_id, 'purpose', c.purpose, 'version', c.version, 'text_hash', c.text_hash,
        'kinship', c.kinship, 'given_at', c.given_at, 'withdrawn_at', c.withdrawn_at,
        'enough', c.withdrawn_at IS NULL AND c.version >= consent_needed(c.purpose, p_now))
$$;

-- The citizen agrees to the text in force, for themself or as the representative of the person. What was given to earlier
-- versions stands beside it. Twice is once.
CREATE OR REPLACE FUNCTION give_consent(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_version smallint, p_text_hash text, p_id uuid,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    own guardians;
    agreed consent_texts;
    kept consents;
BEGIN
    SELECT g.* INTO own FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p FOR NO KEY UPDATE OF g;
    PERFORM refuse('person_not_found') WHERE own.person_id IS NULL OR guardianship_over(own, p_now);
    PERFORM refuse('guardian_may_not') WHERE NOT may_consent(own, p_now);
    SELECT t.* INTO agreed FROM consent_texts t
    WHERE t.purpose = p_purpose AND t.version = p_version AND t.text_hash = p_text_hash AND t.version = (
        SELECT max(n.version) FROM consent_texts n WHERE n.purpose = p_purpose AND n.in_force_from <= p_now);
    PERFORM refuse('consent_text_changed') WHERE agreed.version IS NULL;
    SELECT * INTO kept FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
      AND version = p_version AND withdrawn_at IS NULL LIMIT 1;
    IF kept.id IS NULL THEN
        INSERT INTO consents (region_id, id, citizen_id, person_id, purpose, version, language, text_hash, kinship,
                              channel, given_at)
        SELECT p_region, p_id, p_citizen, p_person, p_purpose, p_version, agreed.language, p_text_hash, own.kinship,
               c.platform, p_now
        FROM citizens c WHERE c.region_id = p_region AND c.id = p_citizen
        RETURNING * INTO kept;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'consent_given', p_person,
                        jsonb_build_object('consent_id', p_id, 'purpose', p_purpose, 'version', p_version), false);
    END IF;
    RETURN shown_consent(kept, p_now);
END $$;

-- Withdrawing -------------------------------------------------------------------------------------------------------------

-- What stands on a citizen's consent for a person and ends with it. Tickets that nobody may cancel any more, closed draws
-- and enrolled children are not among it: there the law has other grounds.
CREATE OR REPLACE FUNCTION stands_on_consent(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_now timestamptz
) RETURNS TABLE (kind text, id uuid) LANGUAGE sql STABLE AS $$
    -- Who waits is not offered what is given up in the same breath: the order is that of the kinds.
    SELECT 'waiting_entry', e.id
    FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
    WHERE p_purpose = 'booking' AND w.region_id = p_region AND w.person_id = p_person AND w.active
      AND e.citizen_id = p_citizen AND e.status IN ('waiting', 'offered')
    UNION ALL
    SELECT 'draw_request', r.id FROM draw_requests r JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
    WHERE p_purpose = 'booking' AND r.region_id = p_region AND r.person_id = p_person AND r.citizen_id = p_citizen
      AND r.status = 'waiting' AND d.closes_at > p_now AND d.closed_at IS NULL
    UNION ALL
    SELECT 'appointment', a.id FROM appointments a
    WHERE p_purpose = 'booking' AND a.region_id = p_region AND a.person_id = p_person AND a.citizen_id = p_citizen
      AND (a.status = 'orphaned' OR (a.status = 'booked' AND a.starts_at > p_now
                                     AND (a.terms ->> 'cancel_until')::timestamptz > p_now))
    UNION ALL
    SELECT 'wishes', w.id FROM campaign_wishes w JOIN campaigns c ON c.region_id = w.region_id AND c.id = w.campaign_id
    WHERE p_purpose = 'enrolment' AND w.region_id = p_region AND w.person_id = p_person AND w.citizen_id = p_citizen
      AND c.wishes_until > p_now AND c.closed_at IS NULL
    UNION ALL
    SELECT 'trial', t.id FROM trials t
    WHERE p_purpose = 'enrolment' AND t.region_id = p_region AND t.person_id = p_person AND t.citizen_id = p_citizen
      AND t.status = 'booked' AND t.begins_at > p_now
    UNION ALL
    (SELECT 'application', a.id FROM applications a
     WHERE p_purpose = 'enrolment' AND a.region_id = p_region AND a.person_id = p_person AND a.citizen_id = p_citizen
       AND a.status IN ('draft', 'submitted', 'under_review', 'invited', 'approved', 'waiting', 'offered')
     ORDER BY a.group_id)
$$;

-- Whose doings end with a citizen's consent: their own, and those of helpers without one, where no other representative of
-- the child has consented.
CREATE OR REPLACE FUNCTION stand_on_consent_of(p_region smallint, p_citizen uuid, p_person uuid, p_purpose text)
RETURNS TABLE (citizen_id uuid) LANGUAGE sql STABLE AS $$
    SELECT p_citizen
    UNION ALL
    SELECT g.citizen_id FROM guardians g
    WHERE g.region_id = p_region AND g.person_id = p_person AND g.citizen_id <> p_citizen
      AND NOT guardian_may(g.kinship, g.ends_on IS NOT NULL, 'consent')
      AND NOT EXISTS (
        SELECT FROM consents c JOIN guardians k
          ON k.region_id = c.region_id AND k.person_id = c.person_id AND k.citizen_id = c.citizen_id
        WHERE c.region_id = p_region AND c.person_id = p_person AND c.citizen_id <> p_citizen AND c.purpose = p_purpose
          AND c.withdrawn_at IS NULL AND k.kinship IN ('child', 'ward'))
$$;

-- Ends one of these.
CREATE OR REPLACE FUNCTION end_processing(
    p_region smallint, p_citizen uuid, p_person uuid, p_kind text, p_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications;
    ticket appointments;
BEGIN
    CASE p_kind
        WHEN 'waiting_entry' THEN
            PERFORM leave_waiting_list(p_region, p_citizen, p_id, gen_random_uuid(), p_now);
        WHEN 'draw_request' THEN
            PERFORM withdraw_draw_request(p_region, p_citizen, p_id, gen_random_uuid(), p_now);
        WHEN 'appointment' THEN
            SELECT * INTO ticket FROM appointments WHERE region_id = p_region AND id = p_id FOR UPDATE;
            PERFORM count_ticket_let_go(ticket, p_citizen, p_now);
            PERFORM end_appointment(ticket, gen_random_uuid(), p_citizen, '{"reason": "consent_withdrawn"}', p_now)
            WHERE ticket.status IN ('booked', 'orphaned');
        WHEN 'wishes' THEN
            PERFORM withdraw_wishes(p_region, p_citizen, w.campaign_id, p_person, p_now) FROM campaign_wishes w
            WHERE w.region_id = p_region AND w.id = p_id;
        WHEN 'trial' THEN
            PERFORM cancel_trial(p_region, p_citizen, p_id, p_now);
        WHEN 'application' THEN
            named := lock_application(p_region, p_citizen, NULL, p_id);
            PERFORM count_application_let_go(named, p_citizen, p_now);
            PERFORM move_application(named, 'withdrawn', '{}', p_citizen, p_now)
            WHERE application_may_move(named.status, 'withdrawn');
    END CASE;
END $$;

-- From here on nothing begins on that consent, and what stands on it ends: p_end is whether that happens now, or is only
-- told. The person is locked: what is being booked at the same time is seen, or sees the withdrawal. Twice is no error.
CREATE OR REPLACE FUNCTION withdraw_consent(
    p_region smallint, p_citizen uuid, p_person uuid, p_purpose text, p_end boolean, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    kept consents;
    ended jsonb := '[]';
    one record;
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = p_person AND p.deleted_at IS NULL AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person)
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('person_not_found');
    END IF;
    SELECT * INTO kept FROM consents
    WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
    ORDER BY withdrawn_at IS NULL DESC, version DESC, given_at DESC LIMIT 1;
    PERFORM refuse('consent_not_found') WHERE kept.id IS NULL;
    IF kept.withdrawn_at IS NOT NULL THEN
        RETURN jsonb_build_object('consent', shown_consent(kept, p_now), 'ended', ended);
    END IF;
    IF p_end THEN
        -- Before anything is given back: nobody is offered it on this consent.
        kept.withdrawn_at := p_now;
        UPDATE consents SET withdrawn_at = p_now
        WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen AND purpose = p_purpose
          AND withdrawn_at IS NULL;
    END IF;
    FOR one IN
        SELECT who.citizen_id, s.kind, s.id FROM stand_on_consent_of(p_region, p_citizen, p_person, p_purpose) AS who
        CROSS JOIN LATERAL stands_on_consent(p_region, who.citizen_id, p_person, p_purpose, p_now) AS s
    LOOP
        ended := ended || jsonb_build_object('kind', one.kind, 'id', one.id);
        PERFORM end_processing(p_region, one.citizen_id, p_person, one.kind, one.id, p_now) WHERE p_end;
    END LOOP;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'consent_withdrawn', p_person,
                    jsonb_build_object('purpose', p_purpose, 'ended', ended), false) WHERE p_end;
    RETURN jsonb_build_object('consent', shown_consent(kept, p_now), 'ended', ended);
END $$;
