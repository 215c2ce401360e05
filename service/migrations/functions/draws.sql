-- Draws: places that are given away by lot. Until it is drawn, a slot of a draw opens to citizens only when it begins,
-- which is to say never; whoever may take it without the internet may do so all the while.

-- Makes the draw of an institution's day of one specialty where there is none yet, and gives it the slots that have
-- none. Returns how many slots came to it: none where another worker was quicker, or the draw is closed already.
CREATE OR REPLACE FUNCTION make_draw(
    p_region smallint, p_institution uuid, p_specialty text, p_day date, p_opens_at timestamptz,
    p_closes_at timestamptz, p_draw uuid, p_seed_sealed text, p_seed_hash text, p_event_id uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    made draws;
    attached integer;
BEGIN
    INSERT INTO draws (region_id, id, institution_id, specialty_code, day, opens_at, closes_at, seed_sealed, seed_hash)
    VALUES (p_region, p_draw, p_institution, p_specialty, p_day, p_opens_at, p_closes_at, p_seed_sealed, p_seed_hash)
    ON CONFLICT ON CONSTRAINT draws_one_a_day DO NOTHING;
    IF FOUND THEN
        PERFORM journal(p_region, p_event_id, p_now, p_institution, 'draw_made', p_draw,
                        jsonb_build_object('seed_hash', p_seed_hash), true);
    END IF;
    SELECT * INTO made FROM draws
    WHERE region_id = p_region AND institution_id = p_institution AND specialty_code = p_specialty AND day = p_day
    FOR SHARE;
    IF made.closes_at <= p_now THEN
        RETURN 0;
    END IF;
    UPDATE slots s SET draw_id = made.id, internet_at = s.starts_at
    FROM institutions i
    WHERE i.region_id = p_region AND i.id = p_institution
      AND s.region_id = p_region AND s.institution_id = p_institution AND s.specialty_code = p_specialty
      AND s.policy = 'draw' AND s.draw_id IS NULL AND s.status = 'open' AND s.purpose <> 'home_visit'
      AND 'internet' = ANY (s.channels) AND s.internet_at > p_now AND s.internet_at < 'infinity'
      AND (s.starts_at AT TIME ZONE i.zone)::date = p_day;
    GET DIAGNOSTICS attached = ROW_COUNT;
    RETURN attached;
END $$;

-- Makes the draw of a group where there is none yet; 0 where another worker was quicker.
CREATE OR REPLACE FUNCTION make_group_draw(
    p_region smallint, p_group uuid, p_draw uuid, p_seed_sealed text, p_seed_hash text, p_event_id uuid,
    p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    made draws;
BEGIN
    INSERT INTO draws (region_id, id, institution_id, group_id, day, opens_at, closes_at, seed_sealed, seed_hash)
    SELECT g.region_id, p_draw, g.institution_id, g.id, (g.collect_until AT TIME ZONE i.zone)::date,
           g.enrolment_opens_at, g.collect_until, p_seed_sealed, p_seed_hash
    FROM groups g JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
    WHERE g.region_id = p_region AND g.id = p_group AND g.filling = 'draw' AND g.filled_at IS NULL
    ON CONFLICT (region_id, group_id) WHERE group_id IS NOT NULL DO NOTHING
    RETURNING * INTO made;
    IF made.id IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM journal(p_region, p_event_id, p_now, made.institution_id, 'draw_made', p_draw,
                    jsonb_build_object('seed_hash', p_seed_hash, 'group_id', p_group), true);
    RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION request_draw(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_draw uuid, p_person uuid, p_wishes uuid[],
    p_referral text, p_request uuid, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    patient persons;
    wanted draws;
    place bookable_slots;
    result jsonb;
    earlier jsonb;
BEGIN
    SELECT p.* INTO patient
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    -- Who closes the draw waits for the requests that are under way, and those that come after it see that it is closed.
    SELECT * INTO wanted FROM draws WHERE region_id = p_region AND id = p_draw FOR SHARE;
    earlier := idempotency_find(p_region, p_citizen, 'requestDraw', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(CASE
        WHEN patient.id IS NULL THEN 'person_not_found'
        WHEN wanted.id IS NULL THEN 'draw_not_found'
        WHEN wanted.opens_at > p_now THEN 'draw_not_open'
        WHEN wanted.closes_at <= p_now OR wanted.closed_at IS NOT NULL THEN 'draw_closed'
    END);
    PERFORM require_consent(p_region, p_citizen, patient.id, 'booking', p_now);
    FOR number IN 1..cardinality(p_wishes) LOOP
        SELECT * INTO place FROM bookable_slots
        WHERE region_id = p_region AND id = p_wishes[number] AND draw_id = p_draw AND policy = 'draw';
        PERFORM refuse(CASE WHEN place.id IS NULL THEN 'wish_not_in_draw' END);
        -- All but the moment of the release is as it will be.
        place.internet_at := '-infinity';
        PERFORM refuse(booking_refusal(place, patient, p_referral, 'internet', p_now));
    END LOOP;
    -- Their place would be drawn for nobody.
    PERFORM refuse(coalesce(
        booking_limit(place, patient, p_now),
        nullif(booking_conflict(place, patient, p_now), 'engagements_one_place_at_a_time')));
    result := jsonb_build_object(
        'id', p_request, 'draw_id', p_draw, 'status', 'waiting', 'wishes', p_wishes, 'referral_number', p_referral,
        'appointment_id', NULL, 'reason', NULL, 'created_at', p_now, 'zone', place.zone,
        'person', jsonb_build_object('id', patient.id, 'last_name', patient.last_name,
                                     'first_name', patient.first_name, 'patronymic', patient.patronymic));
    earlier := idempotency_keep(p_region, p_citizen, 'requestDraw', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO draw_requests (region_id, id, draw_id, citizen_id, person_id, identity, wishes, referral_number, status,
                               created_at)
    VALUES (p_region, p_request, p_draw, p_citizen, p_person, patient.identity, p_wishes, p_referral, 'waiting', p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'draw_requested', p_request,
                    jsonb_build_object('draw_id', p_draw, 'person_id', p_person), false);
    RETURN result;
END $$;

-- Takes a request back while the draw is open. Twice is no error.
CREATE OR REPLACE FUNCTION withdraw_draw_request(
    p_region smallint, p_citizen uuid, p_request uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted draws;
    asked draw_requests;
BEGIN
    SELECT d.* INTO wanted
    FROM draw_requests r JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
    WHERE r.region_id = p_region AND r.id = p_request AND r.citizen_id = p_citizen
    FOR SHARE OF d;
    SELECT * INTO asked FROM draw_requests
    WHERE region_id = p_region AND id = p_request AND citizen_id = p_citizen FOR UPDATE;
    PERFORM refuse(CASE
        WHEN asked.id IS NULL THEN 'draw_request_not_found'
        WHEN asked.status <> 'withdrawn' AND (wanted.closes_at <= p_now OR wanted.closed_at IS NOT NULL)
            THEN 'draw_closed'
    END);
    IF asked.status = 'waiting' THEN
        UPDATE draw_requests SET status = 'withdrawn' WHERE region_id = p_region AND id = p_request;
        PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'draw_request_withdrawn', p_request, '{}', false);
    END IF;
END $$;

-- Books what a request drew. Null where it is booked, else the code of what stood in the way: the place is then left.
CREATE OR REPLACE FUNCTION award_place(
    asked draw_requests, p_slot uuid, p_appointment uuid, p_number text, p_event_id uuid, p_now timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    patient persons;
    place bookable_slots;
    hindrance text;
BEGIN
    SELECT p.* INTO patient FROM persons p
    WHERE p.region_id = asked.region_id AND p.id = asked.person_id AND p.deleted_at IS NULL FOR KEY SHARE;
    SELECT * INTO place FROM bookable_slots WHERE region_id = asked.region_id AND id = p_slot;
    hindrance := CASE
        WHEN patient.id IS NULL THEN 'person_not_found'
        WHEN NOT consent_stands(asked.region_id, asked.citizen_id, patient.id, 'booking', p_now) THEN 'consent_missing'
        ELSE coalesce(
            booking_refusal(place, patient, asked.referral_number, 'internet', p_now),
            booking_limit(place, patient, p_now))
    END;
    IF hindrance IS NOT NULL THEN
        RETURN hindrance;
    END IF;
    PERFORM write_appointment(place, patient, asked.citizen_id, asked.referral_number, NULL, 'internet', NULL,
                              p_appointment, p_number, p_event_id, asked.citizen_id, p_now);
    PERFORM take_place(place);
    RETURN NULL;
EXCEPTION WHEN unique_violation OR exclusion_violation OR check_violation OR SQLSTATE 'ZP001' THEN
    GET STACKED DIAGNOSTICS hindrance = CONSTRAINT_NAME;
    IF hindrance = 'appointments_number' THEN
        RAISE;
    END IF;
    RETURN CASE regexp_replace(hindrance, '_\d{5,}$', '')
        WHEN 'appointments_one_a_specialty' THEN 'already_has_ticket'
        WHEN 'appointments_person_once_a_slot' THEN 'already_has_ticket'
        WHEN 'appointments_referral_once' THEN 'referral_used'
        WHEN 'engagements_one_place_at_a_time' THEN 'person_busy'
        ELSE 'time_taken'
    END;
END $$;

-- What a request drew becomes its ticket, or it is told that it has lost, and why. p_slot: null where nothing was left.
CREATE OR REPLACE FUNCTION award(
    p_region smallint, p_request uuid, p_slot uuid, p_appointment uuid, p_number text, p_event_id uuid,
    p_told_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    asked draw_requests;
    hindrance text := 'no_place_left';
BEGIN
    SELECT * INTO asked FROM draw_requests WHERE region_id = p_region AND id = p_request FOR UPDATE;
    IF p_slot IS NOT NULL THEN
        hindrance := award_place(asked, p_slot, p_appointment, p_number, p_event_id, p_now);
    END IF;
    UPDATE draw_requests
    SET status = CASE WHEN hindrance IS NULL THEN 'booked' ELSE 'lost' END, reason = hindrance,
        appointment_id = CASE WHEN hindrance IS NULL THEN p_appointment END
    WHERE region_id = p_region AND id = p_request;
    PERFORM journal(p_region, p_told_id, p_now, asked.citizen_id,
                    CASE WHEN hindrance IS NULL THEN 'draw_request_booked' ELSE 'draw_request_lost' END, p_request,
                    jsonb_build_object('draw_id', asked.draw_id, 'slot_id', p_slot, 'reason', hindrance), true);
END $$;
