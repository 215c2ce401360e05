-- Offers: a place kept for one citizen alone for a set time. To those whose time the clinic took away, then to those who
-- wait, each in their order.
--
-- Nobody waits here for a lock while holding one: what another is busy with is left to them. Where several rows of one
-- story are locked, the waiting entry or the ticket comes first, then the offer, then the slots in the order of their ids.

-- Who made it happen where nobody did: an offer that was made, or lapsed, by itself.
CREATE OR REPLACE FUNCTION by_itself() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '00000000-0000-0000-0000-000000000000'::uuid;

-- Which places may be offered, and to whom --------------------------------------------------------------------------

-- A place may be offered before it opens to everybody, unless a draw is going to give it away.
CREATE OR REPLACE FUNCTION can_be_offered(place slots, p_now timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT place.status = 'open' AND place.taken < place.capacity AND place.internet_at < 'infinity'
       AND place.starts_at - make_interval(mins => place.min_lead_minutes) > p_now
       AND (place.policy <> 'draw' OR place.internet_at <= p_now)
$$;

-- The place as those see it whom it is offered to: already released.
CREATE OR REPLACE FUNCTION place_offered(p_region smallint, p_slot uuid) RETURNS bookable_slots
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bookable_slots;
BEGIN
    SELECT * INTO place FROM bookable_slots WHERE region_id = p_region AND id = p_slot;
    IF place.internet_at < 'infinity' THEN
        place.internet_at := '-infinity';
    END IF;
    RETURN place;
END $$;

-- All ways to have so many places together with this one among them: one behind the other at one practitioner, or all in
-- this slot.
CREATE OR REPLACE FUNCTION places_together(freed slots, p_count bigint, p_now timestamptz) RETURNS SETOF uuid[]
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE near AS (
        SELECT s.id, s.starts_at, s.ends_at FROM slots s
        WHERE s.region_id = freed.region_id AND s.practitioner_id = freed.practitioner_id
          AND s.starts_at BETWEEN freed.starts_at - interval '1 day' AND freed.starts_at + interval '1 day'
          AND s.specialty_code = freed.specialty_code AND s.purpose = freed.purpose AND can_be_offered(s, p_now)
    ), run AS (
        SELECT ARRAY[id] AS ids, ends_at FROM near
        UNION ALL
        SELECT run.ids || near.id, near.ends_at FROM run JOIN near ON near.starts_at = run.ends_at
        WHERE cardinality(run.ids) < p_count
    )
    SELECT ids FROM run WHERE cardinality(ids) = p_count AND freed.id = ANY (ids)
    UNION ALL
    SELECT array_fill(freed.id, ARRAY[p_count::integer])
    WHERE p_count > 1 AND freed.capacity - freed.taken >= p_count AND can_be_offered(freed, p_now)
$$;

CREATE OR REPLACE FUNCTION persons_of(entry waiting_entries) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM waiting_persons w WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
$$;

-- Whether a place is for such a patient.
CREATE OR REPLACE FUNCTION is_for(
    p_age_from smallint, p_age_to smallint, p_sex text, p_visit_on date, p_born date, p_patient_sex text
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (p_sex IS NULL OR p_sex = p_patient_sex)
       AND (p_age_from IS NULL OR full_months(p_born, p_visit_on) >= p_age_from * 12)
       AND (p_age_to IS NULL OR full_months(p_born, p_visit_on) < (p_age_to + 1) * 12)
$$;

-- Whether it is the time and the practitioner that the entry waits for, for such a patient, and was not offered to it
-- before: what is cheap to find out. Of a check-up, a vaccination or a visit at home one has to say more than an entry does.
CREATE OR REPLACE FUNCTION waits_for(entry waiting_entries, place bookable_slots) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT place.purpose IN ('routine', 'referral', 'diagnostics')
       AND (entry.practitioner_id IS NULL OR entry.practitioner_id = place.practitioner_id)
       AND (place.starts_at AT TIME ZONE place.zone)::date BETWEEN entry.day_from AND entry.day_to
       AND (place.starts_at AT TIME ZONE place.zone)::time >= entry.time_from
       AND (place.starts_at AT TIME ZONE place.zone)::time <= entry.time_to
       AND EXISTS (
           SELECT FROM waiting_persons w JOIN persons p ON p.region_id = w.region_id AND p.id = w.person_id
           WHERE w.region_id = entry.region_id AND w.entry_id = entry.id
             AND is_for(place.age_from, place.age_to, place.sex, (place.starts_at AT TIME ZONE place.zone)::date,
                        p.birth_date, p.sex))
       AND NOT EXISTS (
           SELECT FROM offers o
           WHERE o.region_id = entry.region_id AND o.entry_id = entry.id
             AND o.places @> jsonb_build_array(jsonb_build_object('slot_id', place.id)))
$$;

-- Who of the entry gets which of the places, [{"slot_id", "person_id"}]; null where they can't have these.
CREATE OR REPLACE FUNCTION seated(entry waiting_entries, p_slots uuid[], p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE fits AS (
        SELECT given.number, p.id AS person_id
        FROM unnest(p_slots) WITH ORDINALITY AS given (slot_id, number)
        CROSS JOIN LATERAL place_offered(entry.region_id, given.slot_id) AS place
        JOIN waiting_persons w ON w.region_id = entry.region_id AND w.entry_id = entry.id
        JOIN persons p ON p.region_id = w.region_id AND p.id = w.person_id
        WHERE waits_for(entry, place)
          AND consent_stands(entry.region_id, entry.citizen_id, p.id, 'booking', p_now)
          AND booking_refusal(place, p, entry.referral_number, 'internet', p_now) IS NULL
          AND limit_reached(place, p, p_now) IS NULL
          AND booking_conflict(place, p, p_now) IS NULL
    ), seating AS (
        SELECT number, ARRAY[person_id] AS persons FROM fits WHERE number = 1
        UNION ALL
        SELECT fits.number, seating.persons || fits.person_id
        FROM seating JOIN fits ON fits.number = seating.number + 1 AND fits.person_id <> ALL (seating.persons)
    )
    SELECT jsonb_agg(jsonb_build_object('slot_id', p_slots[number], 'person_id', whole.persons[number]) ORDER BY number)
    FROM (SELECT persons FROM seating WHERE cardinality(persons) = cardinality(p_slots) LIMIT 1) AS whole,
         generate_subscripts(whole.persons, 1) AS number
$$;

-- Whether an orphaned ticket can move to that place: as the one who gave it could have booked it there, and not where it
-- would not. Who let three offers lapse is left to the staff.
CREATE OR REPLACE FUNCTION can_move_to(ticket appointments, place bookable_slots, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT ticket.purpose = place.purpose AND ticket.slot_id <> place.id
       AND (ticket.override_reason IS NOT NULL OR booking_refusal(place, p, ticket.referral_number, ticket.source, p_now)
            IS NULL)
       AND NOT EXISTS (
           SELECT FROM engagements e
           WHERE e.region_id = ticket.region_id AND e.identity = ticket.identity
             AND e.times && tstzmultirange(tstzrange(place.starts_at, place.ends_at)))
       AND NOT EXISTS (
           SELECT FROM offers o
           WHERE o.region_id = ticket.region_id AND o.appointment_id = ticket.id
             AND o.status IN ('declined', 'lapsed') AND o.places @> jsonb_build_array(jsonb_build_object('slot_id', place.id)))
       AND (SELECT count(*) FROM offers o
            WHERE o.region_id = ticket.region_id AND o.appointment_id = ticket.id AND o.status = 'lapsed') < 3
    FROM persons p WHERE p.region_id = ticket.region_id AND p.id = ticket.person_id
$$;

-- Holding places ----------------------------------------------------------------------------------------------------

-- Locks the slots of `places`; false where one of them is not free any more, or somebody is busy with it.
CREATE OR REPLACE FUNCTION lock_free_places(p_region smallint, p_places jsonb) RETURNS boolean LANGUAGE sql AS $$
    WITH wanted AS (
        SELECT slot_id, count(*) AS places FROM jsonb_to_recordset(p_places) AS given (slot_id uuid) GROUP BY slot_id
    ), locked AS (
        SELECT s.id FROM slots s JOIN wanted w ON w.slot_id = s.id
        WHERE s.region_id = p_region AND s.status = 'open' AND s.capacity - s.taken >= w.places
        ORDER BY s.id
        FOR NO KEY UPDATE OF s SKIP LOCKED
    )
    SELECT (SELECT count(*) FROM locked) = (SELECT count(*) FROM wanted)
$$;

-- The places, whose slots are locked, are the open offer's until it expires.
CREATE OR REPLACE FUNCTION hold_places(
    p_region smallint, p_offer uuid, p_places jsonb, p_at_most interval, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ends_at timestamptz;
BEGIN
    SELECT least(p_now + p_at_most, min(s.starts_at - make_interval(mins => s.min_lead_minutes))) INTO ends_at
    FROM jsonb_to_recordset(p_places) AS given (slot_id uuid)
    JOIN slots s ON s.region_id = p_region AND s.id = given.slot_id;
    UPDATE slots s SET taken = taken + w.places
    FROM (SELECT slot_id, count(*) AS places FROM jsonb_to_recordset(p_places) AS given (slot_id uuid)
          GROUP BY slot_id) AS w
    WHERE s.region_id = p_region AND s.id = w.slot_id;
    UPDATE offers SET places = p_places, expires_at = ends_at WHERE region_id = p_region AND id = p_offer;
    INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, offer_id, expires_at)
    SELECT p_region, gen_random_uuid(), given.slot_id, o.institution_id, o.citizen_id, o.id, ends_at
    FROM offers o, jsonb_to_recordset(p_places) AS given (slot_id uuid)
    WHERE o.region_id = p_region AND o.id = p_offer;
    PERFORM journal(p_region, gen_random_uuid(), p_now, by_itself(), 'offer_made', p_offer, p_places, true);
END $$;

-- Gives back what the offer, which is closed by now, has held.
CREATE OR REPLACE FUNCTION release_places(p_region smallint, p_offer uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    released uuid;
BEGIN
    PERFORM FROM slots s
    WHERE s.region_id = p_region
      AND s.id IN (SELECT h.slot_id FROM holds h WHERE h.region_id = p_region AND h.offer_id = p_offer)
    ORDER BY s.id
    FOR NO KEY UPDATE OF s;
    FOR released IN
        WITH gone AS (DELETE FROM holds WHERE region_id = p_region AND offer_id = p_offer RETURNING slot_id)
        SELECT slot_id FROM gone ORDER BY slot_id
    LOOP
        PERFORM free_place(p_region, released, p_now);
    END LOOP;
END $$;

-- Offering ----------------------------------------------------------------------------------------------------------

-- False where somebody else is busy with the entry or with a place.
CREATE OR REPLACE FUNCTION offer_to_entry(entry waiting_entries, p_places jsonb, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    offer_id uuid := gen_random_uuid();
BEGIN
    PERFORM FROM waiting_entries
    WHERE region_id = entry.region_id AND id = entry.id AND status = 'waiting'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT lock_free_places(entry.region_id, p_places) THEN
        RETURN false;
    END IF;
    INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, entry_id, places, status, created_at)
    VALUES (entry.region_id, offer_id, entry.institution_id, entry.specialty_code, entry.citizen_id, entry.id, '[]',
            'open', p_now);
    UPDATE waiting_entries SET status = 'offered' WHERE region_id = entry.region_id AND id = entry.id;
    PERFORM hold_places(entry.region_id, offer_id, p_places, make_interval(mins => i.offer_minutes), p_now)
    FROM institutions i WHERE i.region_id = entry.region_id AND i.id = entry.institution_id;
    RETURN true;
END $$;

-- False where the offer has a time by now, or somebody else is busy with it, the ticket or the place.
CREATE OR REPLACE FUNCTION offer_to_ticket(
    p_region smallint, p_offer uuid, ticket appointments, place bookable_slots, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    places jsonb := jsonb_build_array(jsonb_build_object('slot_id', place.id, 'person_id', ticket.person_id));
BEGIN
    PERFORM FROM appointments WHERE region_id = p_region AND id = ticket.id AND status = 'orphaned'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM FROM offers WHERE region_id = p_region AND id = p_offer AND status = 'open' AND offers.places = '[]'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT lock_free_places(p_region, places) THEN
        RETURN false;
    END IF;
    PERFORM hold_places(p_region, p_offer, places, make_interval(hours => place.rebooking_hours), p_now);
    RETURN true;
END $$;

-- The slot's row is locked by the caller: a free place of it is offered to the first who may have it, orphaned tickets
-- without another time before those who wait. False where nobody may.
CREATE OR REPLACE FUNCTION offer_place(p_region smallint, p_slot uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    freed slots;
    place bookable_slots;
    orphan record;
    entry waiting_entries;
    together uuid[];
    places jsonb;
BEGIN
    SELECT * INTO freed FROM slots WHERE region_id = p_region AND id = p_slot;
    IF freed.status <> 'open' OR freed.taken >= freed.capacity OR freed.starts_at <= p_now
       OR (freed.policy = 'draw' AND freed.internet_at > p_now) THEN
        RETURN false;
    END IF;
    place := place_offered(p_region, p_slot);
    FOR orphan IN
        SELECT o.id AS offer_id, a AS ticket
        FROM offers o JOIN appointments a ON a.region_id = o.region_id AND a.id = o.appointment_id
        WHERE o.region_id = p_region AND o.institution_id = freed.institution_id
          AND o.specialty_code = freed.specialty_code AND o.status = 'open' AND o.places = '[]'
        ORDER BY a.terms #>> '{practitioner,id}' <> freed.practitioner_id::text, o.created_at, o.id
    LOOP
        IF can_move_to(orphan.ticket, place, p_now)
           AND offer_to_ticket(p_region, orphan.offer_id, orphan.ticket, place, p_now) THEN
            RETURN true;
        END IF;
    END LOOP;
    IF NOT can_be_offered(freed, p_now) THEN
        RETURN false;
    END IF;
    FOR entry IN
        SELECT e.* FROM waiting_entries e
        WHERE e.region_id = p_region AND e.institution_id = freed.institution_id
          AND e.specialty_code = freed.specialty_code AND e.status = 'waiting' AND waits_for(e, place)
        ORDER BY e.queued_at, e.id
    LOOP
        FOR together IN SELECT places_together(freed, persons_of(entry), p_now) LOOP
            places := seated(entry, together, p_now);
            IF places IS NOT NULL AND offer_to_entry(entry, places, p_now) THEN
                RETURN true;
            END IF;
        END LOOP;
    END LOOP;
    RETURN false;
END $$;

-- Holds the nearest equal place that is free for the orphaned ticket of an open offer: of the same practitioner first.
-- False where there is none.
CREATE OR REPLACE FUNCTION find_rebooking(p_region smallint, p_offer uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
    patient persons;
    free_slot uuid;
    place bookable_slots;
BEGIN
    SELECT a.* INTO ticket FROM offers o JOIN appointments a ON a.region_id = o.region_id AND a.id = o.appointment_id
    WHERE o.region_id = p_region AND o.id = p_offer AND o.status = 'open' AND o.places = '[]';
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = ticket.person_id;
    FOR free_slot IN
        SELECT s.id FROM slots s
        WHERE s.region_id = p_region AND s.institution_id = ticket.institution_id
          AND s.specialty_code = ticket.specialty_code AND s.status = 'open' AND s.taken < s.capacity
          AND s.starts_at > p_now AND s.purpose = ticket.purpose
          AND is_for(s.age_from, s.age_to, s.sex, (s.starts_at AT TIME ZONE (ticket.terms ->> 'zone'))::date,
                     patient.birth_date, patient.sex)
          AND (s.policy <> 'draw' OR s.internet_at <= p_now)
        ORDER BY s.practitioner_id::text <> ticket.terms #>> '{practitioner,id}',
                 abs(extract(epoch FROM s.starts_at - ticket.starts_at)), s.id
    LOOP
        place := place_offered(p_region, free_slot);
        IF can_move_to(ticket, place, p_now) AND offer_to_ticket(p_region, p_offer, ticket, place, p_now) THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

-- An orphaned ticket's open offer, without a time as yet.
CREATE OR REPLACE FUNCTION open_rebooking(p_region smallint, p_appointment uuid, p_now timestamptz) RETURNS uuid
LANGUAGE sql AS $$
    INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, appointment_id, places, status,
                        created_at)
    SELECT region_id, gen_random_uuid(), institution_id, specialty_code, citizen_id, id, '[]', 'open', p_now
    FROM appointments WHERE region_id = p_region AND id = p_appointment
    RETURNING id
$$;

-- Makes the open offer of an orphaned ticket, with another time that is held for it where there is one.
CREATE OR REPLACE FUNCTION offer_rebooking(p_region smallint, p_appointment uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM find_rebooking(p_region, open_rebooking(p_region, p_appointment, p_now), p_now);
END $$;

-- The places of an offer as they are shown, the earliest first.
CREATE OR REPLACE FUNCTION offered_places(offer offers) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'slot_id', s.id, 'person_id', given.person_id, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
        'practitioner', jsonb_build_object('id', d.id, 'last_name', d.last_name, 'first_name', d.first_name,
                                           'patronymic', d.patronymic),
        'location', jsonb_build_object('name', l.name, 'address', l.address, 'room', l.room)
    ) ORDER BY s.starts_at, given.person_id), '[]')
    FROM jsonb_to_recordset(offer.places) AS given (slot_id uuid, person_id uuid)
    JOIN slots s ON s.region_id = offer.region_id AND s.id = given.slot_id
    JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
    JOIN locations l ON l.region_id = s.region_id AND l.id = s.location_id
$$;

-- Of slots that are new, or have come back, whoever waits has their turn before anybody else. Returns how many places
-- were offered.
CREATE OR REPLACE FUNCTION offer_slots(p_region smallint, p_institution uuid, p_slots uuid[], p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    slot uuid;
    offered integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM waiting_entries
                   WHERE region_id = p_region AND institution_id = p_institution AND status = 'waiting')
       AND NOT EXISTS (SELECT FROM offers
                       WHERE region_id = p_region AND institution_id = p_institution AND status = 'open'
                         AND appointment_id IS NOT NULL AND expires_at IS NULL) THEN
        RETURN 0;
    END IF;
    FOR slot IN SELECT id FROM slots WHERE region_id = p_region AND id = ANY (p_slots) ORDER BY starts_at, id LOOP
        WHILE EXISTS (SELECT FROM slots WHERE region_id = p_region AND id = slot AND taken < capacity)
              AND offer_place(p_region, slot, p_now) LOOP
            offered := offered + 1;
        END LOOP;
    END LOOP;
    RETURN offered;
END $$;
