-- A doctor's ticket: booked, moved, cancelled, orphaned. It is one row for life.

-- What a ticket keeps of the terms it is booked under.
CREATE OR REPLACE FUNCTION terms_of(place bookable_slots) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'starts_at', place.starts_at, 'ends_at', place.ends_at, 'zone', place.zone, 'purpose', place.purpose,
        'cancel_until', place.starts_at - make_interval(mins => place.cancel_until_minutes),
        'institution', jsonb_build_object('id', place.institution_id, 'name', place.name, 'address', place.address,
                                          'phone', place.phone),
        'practitioner', jsonb_build_object('id', place.practitioner_id, 'last_name', place.last_name,
                                           'first_name', place.first_name, 'patronymic', place.patronymic),
        'specialty', jsonb_build_object('code', place.specialty_code, 'name_ru', place.name_ru,
                                        'name_en', place.name_en),
        'location', jsonb_build_object('name', place.location_name, 'address', place.location_address,
                                       'room', place.room))
$$;

-- A ticket that is about to be written, as it is answered.
CREATE OR REPLACE FUNCTION ticket_answer(
    place bookable_slots, patient persons, p_referral text, p_home_address text, p_appointment uuid, p_number text,
    p_now timestamptz
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', p_appointment, 'region_id', place.region_id, 'number', p_number, 'status', 'booked', 'slot_id', place.id,
        'terms', terms_of(place), 'sequence', 0, 'referral_number', p_referral, 'home_address_sealed', p_home_address, 'created_at', p_now,
        'cancelled_at', NULL,
        'person', jsonb_build_object('id', patient.id, 'last_name', patient.last_name,
                                     'first_name', patient.first_name, 'patronymic', patient.patronymic))
$$;

-- Tickets as they are kept for repeated requests know no home address: it is in its own row alone, whatever key seals it
-- by then. Here they are with it again.
CREATE OR REPLACE FUNCTION with_home_addresses(p_region smallint, p_tickets jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_agg(given.ticket || jsonb_build_object('home_address_sealed', a.home_address_sealed) ORDER BY given.number)
    FROM jsonb_array_elements(p_tickets) WITH ORDINALITY AS given (ticket, number)
    LEFT JOIN appointments a ON a.region_id = p_region AND a.id = (given.ticket ->> 'id')::uuid
$$;

-- Writes a ticket to a place that the caller has taken, or takes next. A home visit has no exact time, so it does not
-- keep the patient from being elsewhere.
CREATE OR REPLACE FUNCTION write_appointment(
    place bookable_slots, patient persons, p_citizen uuid, p_referral text, p_home_address text, p_source text,
    p_override text, p_appointment uuid, p_number text, p_event_id uuid, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A ticket whose time has gone by is found out here: it no longer stands in the way of the next. By all that the
    -- index appointments_one_a_specialty has: statistics of an empty table lead to any other.
    UPDATE appointments SET active = false
    WHERE region_id = place.region_id AND institution_id = place.institution_id
      AND specialty_code = place.specialty_code AND identity = patient.identity AND active AND override_reason IS NULL
      AND status <> 'orphaned' AND ends_at <= p_now;
    INSERT INTO appointments (region_id, id, number, institution_id, slot_id, specialty_code, citizen_id, person_id,
                              identity, status, active, source, purpose, referral_number, home_address_sealed,
                              override_reason, terms, starts_at, ends_at, created_at)
    VALUES (place.region_id, p_appointment, p_number, place.institution_id, place.id, place.specialty_code, p_citizen,
            patient.id, patient.identity, 'booked', true, p_source, place.purpose, p_referral, p_home_address,
            p_override, terms_of(place), place.starts_at, place.ends_at, p_now);
    PERFORM engage(p_appointment, place, patient.identity);
    PERFORM journal(place.region_id, p_event_id, p_now, p_actor, 'appointment_booked', p_appointment,
                    jsonb_build_object('slot_id', place.id, 'person_id', patient.id, 'source', p_source,
                                       'override', p_override IS NOT NULL), true);
END $$;

-- Where the patient of a ticket is, from now on.
CREATE OR REPLACE FUNCTION engage(p_appointment uuid, place bookable_slots, p_identity bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF place.purpose <> 'home_visit' THEN
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (place.region_id, p_appointment, p_identity, tstzmultirange(tstzrange(place.starts_at, place.ends_at)))
        ON CONFLICT (region_id, booking_id) DO UPDATE SET times = excluded.times;
    ELSE
        DELETE FROM engagements WHERE region_id = place.region_id AND booking_id = p_appointment;
    END IF;
END $$;

-- Books all of p_items or none: [{"slot_id", "person_id", "referral", "home_address", "id", "number", "event_id"}]. The
-- tickets come in that order. A refusal's detail says which item it is about.
CREATE OR REPLACE FUNCTION book_appointments(
    p_region smallint, p_citizen uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    count integer := jsonb_array_length(p_items);
    item jsonb;
    patient persons;
    patients persons[];
    place bookable_slots;
    places bookable_slots[];
    held boolean[];
    ticket jsonb;
    tickets jsonb := '[]';
    kept jsonb := '[]';
    earlier jsonb;
BEGIN
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        -- Who waits here for a deletion sees the guardian as before it, and the person as after it: hence deleted_at.
        SELECT p.* INTO patient
        FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = (item ->> 'person_id')::uuid
          AND p.deleted_at IS NULL
        FOR KEY SHARE OF p;
        SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = (item ->> 'slot_id')::uuid;
        patients[number] := patient;
        places[number] := place;
        -- Only where it matters, which is seldom.
        held[number] := place.taken >= place.capacity AND EXISTS (
            SELECT FROM holds h
            WHERE h.region_id = p_region AND h.slot_id = place.id AND h.offer_id IS NULL
              AND (h.citizen_id = p_citizen OR h.expires_at <= p_now));
    END LOOP;

    earlier := idempotency_find(p_region, p_citizen, p_operation, p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, earlier);
    END IF;

    -- What stands in the way whoever else books: most of a rush ends here, before anything is written.
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        patient := patients[number];
        place := places[number];
        PERFORM refuse(CASE
            WHEN patient.id IS NULL THEN 'person_not_found'
            WHEN place.id IS NULL THEN 'slot_not_found'
            ELSE coalesce(booking_refusal(place, patient, item ->> 'referral', 'internet', p_now), CASE
                WHEN place.taken >= place.capacity AND NOT held[number] THEN 'time_taken'
                WHEN place.purpose = 'home_visit' AND item ->> 'home_address' IS NULL THEN 'home_address_needed'
            END)
        END, number);
        PERFORM require_consent(p_region, p_citizen, patient.id, 'booking', p_now, number);
        ticket := ticket_answer(place, patient, item ->> 'referral', item ->> 'home_address',
                                (item ->> 'id')::uuid, item ->> 'number', p_now);
        tickets := tickets || ticket;
        kept := kept || (ticket - 'home_address_sealed');
    END LOOP;

    earlier := idempotency_keep(p_region, p_citizen, p_operation, p_key, p_request_hash, kept, p_now);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, earlier);
    END IF;

    PERFORM take_turns(p_region, p_citizen, ARRAY(SELECT identity FROM unnest(patients)));
    FOR number IN 0..count - 1 LOOP
        item := p_items -> number;
        patient := patients[number];
        place := places[number];
        PERFORM refuse_until(p_region, 'too_many_today',
                             day_is_full_until(p_region, p_citizen, patient.identity, p_now), p_now, number);
        PERFORM refuse(booking_limit(place, patient, p_now), number);
        IF count > 1 THEN
            PERFORM refuse(booking_conflict(place, patient, p_now), number);
        END IF;
        PERFORM write_appointment(
            place, patient, p_citizen, item ->> 'referral', item ->> 'home_address', 'internet', NULL,
            (item ->> 'id')::uuid, item ->> 'number', (item ->> 'event_id')::uuid, p_citizen, p_now);
    END LOOP;
    -- In the order of their ids, so that two families never wait for each other.
    FOR place IN SELECT * FROM unnest(places) AS wanted ORDER BY wanted.id LOOP
        PERFORM claim_place(place, p_citizen, p_now);
    END LOOP;
    RETURN tickets;
END $$;

-- A ticket comes to another time, whose place was taken: its own is given back, or the offer that stood for it is closed.
CREATE OR REPLACE FUNCTION move_appointment(
    p_region smallint, p_appointment uuid, place bookable_slots, p_actor uuid, p_event_id uuid, p_event text,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved appointments;
BEGIN
    SELECT * INTO moved FROM appointments WHERE region_id = p_region AND id = p_appointment FOR UPDATE;
    UPDATE appointments
    SET slot_id = place.id, terms = terms_of(place), starts_at = place.starts_at, ends_at = place.ends_at,
        purpose = place.purpose, status = 'booked', sequence = sequence + 1
    WHERE region_id = p_region AND id = p_appointment;
    PERFORM engage(p_appointment, place, moved.identity);
    PERFORM journal(p_region, p_event_id, p_now, p_actor, p_event, p_appointment,
                    jsonb_build_object('from', moved.slot_id, 'to', place.id), true);
    IF moved.status = 'orphaned' THEN
        PERFORM close_rebooking(p_region, p_appointment, p_now);
    ELSE
        PERFORM free_place(p_region, moved.slot_id, p_now);
    END IF;
END $$;

-- To another time of the same specialty at the same institution, in one step: where it fails, the ticket is as it was. To
-- where it is already it changes nothing.
CREATE OR REPLACE FUNCTION reschedule_appointment(
    p_region smallint, p_citizen uuid, p_appointment uuid, p_slot uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    booked appointments;
    patient persons;
    place bookable_slots;
BEGIN
    SELECT a.* INTO booked FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = booked.person_id;
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    IF booked.slot_id = p_slot AND booked.status = 'booked' THEN
        RETURN;
    END IF;
    PERFORM refuse(CASE
        WHEN booked.id IS NULL THEN 'appointment_not_found'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN booked.status NOT IN ('booked', 'orphaned') THEN 'appointment_over'
        WHEN booked.status = 'booked' AND (booked.terms ->> 'cancel_until')::timestamptz <= p_now
            THEN 'cancellation_closed'
        WHEN (place.institution_id, place.specialty_code) <> (booked.institution_id, booked.specialty_code)
            THEN 'slot_elsewhere'
        WHEN place.purpose = 'home_visit' AND booked.home_address_sealed IS NULL THEN 'home_address_needed'
        ELSE booking_refusal(place, patient, booked.referral_number, 'internet', p_now)
    END);
    -- A ticket that goes round lets one place after the other go. Whose time the clinic took away has let nothing go.
    IF booked.status = 'booked' THEN
        PERFORM refuse_in_pause(p_region, p_citizen, 'doctor', p_now);
        PERFORM count_let_go(p_region, p_citizen, 'doctor', p_now);
    END IF;
    PERFORM claim_place_for(booked, place, p_citizen, p_now);
    PERFORM move_appointment(p_region, p_appointment, place, p_citizen, p_event_id, 'appointment_rescheduled', p_now);
END $$;

-- Cancelling what is cancelled changes nothing and is no error: a double tap.
CREATE OR REPLACE FUNCTION cancel_appointment(
    p_region smallint, p_citizen uuid, p_appointment uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    booked appointments;
BEGIN
    SELECT a.* INTO booked FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN booked.id IS NULL THEN 'appointment_not_found'
        WHEN booked.status NOT IN ('booked', 'orphaned', 'cancelled') THEN 'appointment_over'
        WHEN booked.status = 'booked' AND (booked.terms ->> 'cancel_until')::timestamptz <= p_now
            THEN 'cancellation_closed'
    END);
    IF booked.status <> 'cancelled' THEN
        PERFORM count_ticket_let_go(booked, p_citizen, p_now);
        PERFORM end_appointment(booked, p_event_id, p_citizen, '{}', p_now);
    END IF;
END $$;

-- Cancels a ticket that is locked, and gives back its place or closes the offer that stood for it.
CREATE OR REPLACE FUNCTION end_appointment(
    booked appointments, p_event_id uuid, p_actor uuid, p_details jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE appointments SET status = 'cancelled', active = false, cancelled_at = p_now, sequence = sequence + 1
    WHERE region_id = booked.region_id AND id = booked.id;
    DELETE FROM engagements WHERE region_id = booked.region_id AND booking_id = booked.id;
    PERFORM journal(booked.region_id, p_event_id, p_now, p_actor, 'appointment_cancelled', booked.id, p_details, true);
    IF booked.status = 'orphaned' THEN
        PERFORM close_rebooking(booked.region_id, booked.id, p_now);
    ELSE
        PERFORM free_place(booked.region_id, booked.slot_id, p_now);
    END IF;
END $$;

-- What the clinic changes under tickets ---------------------------------------------------------------------------------

-- The last p_count tickets of a slot lose their time: they are still their citizens', each with an offer of another one.
CREATE OR REPLACE FUNCTION orphan_appointments(
    p_region smallint, p_slot uuid, p_count integer, p_actor uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
    orphaned uuid[] := '{}';
BEGIN
    FOR ticket IN
        SELECT * FROM appointments WHERE region_id = p_region AND slot_id = p_slot AND status = 'booked'
        ORDER BY created_at DESC, id DESC LIMIT p_count FOR UPDATE
    LOOP
        UPDATE appointments SET status = 'orphaned' WHERE region_id = p_region AND id = ticket.id;
        DELETE FROM engagements WHERE region_id = p_region AND booking_id = ticket.id;
        UPDATE slots SET taken = taken - 1 WHERE region_id = p_region AND id = p_slot;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'appointment_orphaned', ticket.id,
                        jsonb_build_object('slot_id', p_slot), true);
        orphaned := ticket.id || orphaned;
    END LOOP;
    -- Who booked first is found another time first.
    FOR number IN 1..cardinality(orphaned) LOOP
        PERFORM offer_rebooking(p_region, orphaned[number], p_now);
    END LOOP;
    RETURN cardinality(orphaned);
END $$;

-- Takes a slot away: its tickets are orphaned, holds and offers of it end. Returns how many tickets it had.
CREATE OR REPLACE FUNCTION close_slot(p_region smallint, p_slot uuid, p_actor uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    held integer;
BEGIN
    UPDATE slots SET status = 'closed' WHERE region_id = p_region AND id = p_slot;
    DELETE FROM holds WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    UPDATE slots SET taken = taken - held WHERE region_id = p_region AND id = p_slot;
    PERFORM withdraw_offers(p_region, p_slot, p_now);
    RETURN orphan_appointments(p_region, p_slot, 32767, p_actor, p_now);
END $$;

-- Leaves a slot room for p_capacity: what is only held goes first, then the last tickets. It is closed meanwhile, so that
-- nothing of it is offered to those who have to go.
CREATE OR REPLACE FUNCTION shrink_slot(
    p_region smallint, p_slot uuid, p_capacity integer, p_actor uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    held integer;
    booked integer;
    orphaned integer;
BEGIN
    UPDATE slots SET status = 'closed' WHERE region_id = p_region AND id = p_slot;
    DELETE FROM holds WHERE region_id = p_region AND slot_id = p_slot AND offer_id IS NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    UPDATE slots SET taken = taken - held WHERE region_id = p_region AND id = p_slot;
    PERFORM withdraw_offers(p_region, p_slot, p_now);
    SELECT taken INTO booked FROM slots WHERE region_id = p_region AND id = p_slot;
    orphaned := orphan_appointments(p_region, p_slot, greatest(booked - p_capacity, 0), p_actor, p_now);
    UPDATE slots SET status = 'open', capacity = p_capacity WHERE region_id = p_region AND id = p_slot;
    RETURN orphaned;
END $$;

-- Tickets of a slot whose location has changed go along with it; their other terms are those they were booked under.
CREATE OR REPLACE FUNCTION renew_terms(p_region smallint, p_slot uuid, p_actor uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    place bookable_slots;
    ticket uuid;
    renewed integer := 0;
BEGIN
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    FOR ticket IN
        UPDATE appointments SET terms = jsonb_set(terms, '{location}', terms_of(place) -> 'location'),
               sequence = sequence + 1
        WHERE region_id = p_region AND slot_id = p_slot AND status = 'booked' RETURNING id
    LOOP
        renewed := renewed + 1;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'appointment_moved', ticket,
                        jsonb_build_object('slot_id', p_slot), true);
    END LOOP;
    RETURN renewed;
END $$;

-- The same for all visits to come at a location, of which something has changed. Returns the tickets.
CREATE OR REPLACE FUNCTION renew_terms_at(p_region smallint, p_location uuid, p_actor uuid, p_now timestamptz)
RETURNS SETOF appointments LANGUAGE plpgsql AS $$
DECLARE
    place locations;
    slot uuid;
BEGIN
    SELECT * INTO place FROM locations WHERE region_id = p_region AND id = p_location;
    FOR slot IN
        SELECT DISTINCT s.id FROM slots s
        JOIN appointments a ON a.region_id = s.region_id AND a.slot_id = s.id AND a.status = 'booked'
        WHERE s.region_id = p_region AND s.institution_id = place.institution_id AND s.starts_at > p_now
          AND s.location_id = p_location
          AND a.terms -> 'location' <> jsonb_build_object('name', place.name, 'address', place.address,
                                                          'room', place.room)
        ORDER BY s.id
    LOOP
        PERFORM renew_terms(p_region, slot, p_actor, p_now);
        RETURN QUERY SELECT * FROM appointments
        WHERE region_id = p_region AND slot_id = slot AND status = 'booked';
    END LOOP;
END $$;
