-- Places: who may have one, how it is taken, held and given back. slots.taken counts tickets and holds alike.

-- What may be booked, and by whom -----------------------------------------------------------------------------------

-- Why this patient can't have this place through that channel now; null when they can, if a place is free and they are.
-- Without a patient it says so of anybody.
CREATE OR REPLACE FUNCTION booking_refusal(
    place bookable_slots, patient persons, p_referral text, p_source text, p_now timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    visit_on date := (place.starts_at AT TIME ZONE place.zone)::date;
    years integer := full_months(patient.birth_date, visit_on) / 12;
    online boolean := p_source = 'internet';
BEGIN
    RETURN CASE
        WHEN place.starts_at <= p_now THEN 'time_passed'
        WHEN place.status <> 'open' THEN 'time_taken'
        WHEN online AND place.internet_at = 'infinity' THEN 'not_online'
        WHEN online AND place.internet_at > p_now THEN 'not_released'
        WHEN online AND place.starts_at - make_interval(mins => place.min_lead_minutes) <= p_now THEN 'too_late_online'
        WHEN NOT online AND p_source <> ALL (place.channels) THEN 'another_channel'
        WHEN online AND place.access = 'closed' THEN 'specialty_closed'
        WHEN online AND place.access = 'referral' AND p_referral IS NULL AND patient.id IS NOT NULL
            THEN 'referral_needed'
        WHEN place.check_referrals AND p_referral IS NOT NULL AND NOT EXISTS (
            SELECT FROM referrals r
            WHERE r.region_id = place.region_id AND r.institution_id = place.institution_id AND r.number = p_referral
              AND r.specialty_code = place.specialty_code AND visit_on BETWEEN r.valid_from AND r.valid_to
              AND (r.identity IS NULL OR r.identity = patient.identity)
        ) THEN 'referral_unknown'
        WHEN years < place.age_from OR years > place.age_to THEN 'slot_for_another_age'
        WHEN place.sex <> patient.sex THEN 'slot_for_another_sex'
        WHEN place.require_attachment AND patient.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM attachments a
            WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id
              AND a.identity = patient.identity
        ) THEN 'not_attached'
    END;
END $$;

-- Why this patient may not book anything more here by themselves; null when they may.
CREATE OR REPLACE FUNCTION limit_reached(place bookable_slots, patient persons, p_now timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    missed record;
BEGIN
    IF coalesce(place.most_tickets, place.most_bookings, place.noshow_limit) IS NULL THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM appointments
        WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
          AND active AND ends_at > p_now) >= place.most_tickets THEN
        RETURN 'too_many_tickets';
    END IF;
    IF (SELECT count(*) FROM appointments
        WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
          AND created_at > p_now - make_interval(days => place.bookings_days)
          AND source = 'internet') >= place.most_bookings THEN
        RETURN 'too_many_bookings';
    END IF;
    SELECT count(*) AS times, max(starts_at) AS last_at INTO missed FROM appointments
    WHERE region_id = place.region_id AND institution_id = place.institution_id AND identity = patient.identity
      AND status = 'noshow' AND NOT excused AND starts_at > p_now - make_interval(days => place.noshow_days);
    RETURN CASE WHEN missed.times >= place.noshow_limit
                 AND missed.last_at > p_now - make_interval(days => place.noshow_pause_days)
        THEN 'paused_for_no_shows' END;
END $$;

-- The same just before a booking: bookings of one human being wait for each other where there is a limit, so that two at
-- once do not both find room below it.
CREATE OR REPLACE FUNCTION booking_limit(place bookable_slots, patient persons, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(place.most_tickets, place.most_bookings, place.noshow_limit) IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(patient.identity, 'hex'), place.region_id));
    RETURN limit_reached(place, patient, p_now);
END $$;

-- The name of the constraint that this booking would violate, for a better error or to offer the place to somebody else;
-- null when it would violate none. The constraints themselves decide.
CREATE OR REPLACE FUNCTION booking_conflict(place bookable_slots, patient persons, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (
            SELECT FROM appointments a
            WHERE a.region_id = place.region_id AND a.institution_id = place.institution_id
              AND a.specialty_code = place.specialty_code AND a.identity = patient.identity AND a.active
              AND a.override_reason IS NULL
              AND (a.ends_at > p_now OR a.status = 'orphaned')
        ) THEN 'appointments_one_a_specialty'
        WHEN place.purpose <> 'home_visit' AND EXISTS (
            SELECT FROM engagements e
            WHERE e.region_id = place.region_id AND e.identity = patient.identity
              AND e.times && tstzmultirange(tstzrange(place.starts_at, place.ends_at))
        ) THEN 'engagements_one_place_at_a_time'
    END
$$;

-- Places ------------------------------------------------------------------------------------------------------------

-- Takes a place as it was read. Call it last: the hot row is locked for as short as can be. Its terms are compared again,
-- for the slot may have been published anew since it was read. The guard is not written as in the index of free slots:
-- PostgreSQL 18 would skip through that index in place of the primary key.
CREATE OR REPLACE FUNCTION take_place(place bookable_slots) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE slots SET taken = taken + 1
    WHERE region_id = place.region_id AND id = place.id AND status = 'open' AND capacity - taken > 0
      AND (starts_at, ends_at, practitioner_id, location_id)
          = (place.starts_at, place.ends_at, place.practitioner_id, place.location_id);
    IF NOT FOUND THEN
        PERFORM refuse('time_taken');
    END IF;
END $$;

-- Gives one place back: to whom it can be offered, else to everybody, after a rest of random length where the
-- institution wants one: who cancels can't hand the place over to somebody who is waiting for that second.
CREATE OR REPLACE FUNCTION free_place(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    freed slots;
BEGIN
    UPDATE slots SET taken = taken - 1 WHERE region_id = p_region AND id = p_slot RETURNING * INTO freed;
    IF freed.status <> 'open' OR freed.starts_at <= p_now OR offer_place(p_region, p_slot, p_now) THEN
        RETURN;
    END IF;
    UPDATE slots s SET internet_at = p_now + random() * make_interval(mins => i.rest_minutes)
    FROM institutions i
    WHERE s.region_id = p_region AND s.id = p_slot AND i.region_id = p_region AND i.id = s.institution_id
      AND i.rest_minutes > 0 AND s.internet_at <= p_now;
END $$;

-- Frees the places of form holds whose time is over, which is as good as letting them go. Returns how many there were.
CREATE OR REPLACE FUNCTION free_expired_holds(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    expired integer;
BEGIN
    WITH gone AS (
        DELETE FROM holds
        WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL AND expires_at <= p_now
        RETURNING citizen_id, expires_at)
    INSERT INTO places_let_go (region_id, citizen_id, at, id, mini_app)
    SELECT p_region, citizen_id, expires_at, gen_random_uuid(), 'doctor' FROM gone;
    GET DIAGNOSTICS expired = ROW_COUNT;
    FOR _ IN 1..expired LOOP
        PERFORM free_place(p_region, p_slot, p_now);
    END LOOP;
    RETURN expired;
END $$;

-- Frees the places of form holds whose time is over, a batch in all regions; several workers do not meet.
CREATE OR REPLACE FUNCTION expire_holds(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    held holds;
    freed integer := 0;
BEGIN
    FOR held IN
        SELECT h.* FROM regions r CROSS JOIN LATERAL (
            SELECT * FROM holds
            WHERE region_id = r.code AND offer_id IS NULL AND expires_at <= p_now
            ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        ) h
    LOOP
        DELETE FROM holds WHERE region_id = held.region_id AND id = held.id;
        PERFORM count_let_go(held.region_id, held.citizen_id, 'doctor', held.expires_at);
        PERFORM free_place(held.region_id, held.slot_id, p_now);
        freed := freed + 1;
    END LOOP;
    RETURN freed;
END $$;

-- Takes the place that the citizen holds, which may be a moment too late as long as nobody else has come; or another.
CREATE OR REPLACE FUNCTION claim_place(place bookable_slots, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM holds
    WHERE region_id = place.region_id AND slot_id = place.id AND citizen_id = p_citizen AND offer_id IS NULL;
    IF FOUND THEN
        RETURN;
    END IF;
    IF place.taken >= place.capacity THEN
        PERFORM free_expired_holds(place.region_id, place.id, p_now);
    END IF;
    PERFORM take_place(place);
END $$;

-- The same for a ticket that moves: a place that is kept for it by an offer is its own.
CREATE OR REPLACE FUNCTION claim_place_for(
    ticket appointments, place bookable_slots, p_citizen uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM holds h USING offers o
    WHERE h.region_id = place.region_id AND h.slot_id = place.id
      AND o.region_id = place.region_id AND o.id = h.offer_id AND o.appointment_id = ticket.id AND o.status = 'open';
    IF NOT FOUND THEN
        PERFORM claim_place(place, p_citizen, p_now);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION hold_slot(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_slot uuid, p_hold uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    place bookable_slots;
    held holds;
    result jsonb;
    earlier jsonb;
BEGIN
    PERFORM take_turns(p_region, p_citizen, '{}');
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    SELECT * INTO held FROM holds
    WHERE region_id = p_region AND institution_id = place.institution_id AND citizen_id = p_citizen
      AND offer_id IS NULL;
    earlier := idempotency_find(p_region, p_citizen, 'holdSlot', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(CASE WHEN place.id IS NULL THEN 'slot_not_found' END);
    PERFORM refuse(booking_refusal(place, NULL, NULL, 'internet', p_now));
    PERFORM refuse_in_pause(p_region, p_citizen, 'doctor', p_now);
    result := jsonb_build_object(
        'id', p_hold, 'slot_id', p_slot, 'zone', place.zone,
        'expires_at', least(p_now + make_interval(mins => place.hold_minutes), place.starts_at));
    earlier := idempotency_keep(p_region, p_citizen, 'holdSlot', p_key, p_request_hash, result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    -- The one before goes: who looks at another time has left that one.
    DELETE FROM holds WHERE region_id = p_region AND id = held.id;
    IF FOUND THEN
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
        PERFORM free_place(p_region, held.slot_id, p_now);
    END IF;
    IF place.taken >= place.capacity THEN
        PERFORM free_expired_holds(p_region, p_slot, p_now);
    END IF;
    INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, expires_at, held_at)
    VALUES (p_region, p_hold, p_slot, place.institution_id, p_citizen, (result ->> 'expires_at')::timestamptz, p_now);
    PERFORM take_place(place);
    RETURN result;
END $$;

-- Letting go what is gone changes nothing and is no error.
CREATE OR REPLACE FUNCTION release_hold(p_region smallint, p_citizen uuid, p_hold uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held holds;
BEGIN
    DELETE FROM holds
    WHERE region_id = p_region AND id = p_hold AND citizen_id = p_citizen AND offer_id IS NULL
    RETURNING * INTO held;
    IF FOUND THEN
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
        PERFORM free_place(p_region, held.slot_id, p_now);
    END IF;
END $$;
