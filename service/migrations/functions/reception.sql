-- The reception desk: who has come, tickets booked, moved and cancelled by staff, no-shows.
--
-- A ticket that is booked, arrived or fulfilled has its place. A no-show has kept it, unless it was marked before its time
-- had begun (noshow_at < starts_at): then the place was given back, and a way back takes it again.

-- Who has come, was seen, or has not come ---------------------------------------------------------------------------

-- Brings a ticket that is locked to another status, with its place and where its patient is.
CREATE OR REPLACE FUNCTION apply_status(
    ticket appointments, p_to text, p_actor uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place bookable_slots;
BEGIN
    UPDATE appointments
    SET status = p_to, active = p_to IN ('booked', 'arrived') AND ends_at > p_now,
        arrived_at = CASE p_to WHEN 'arrived' THEN p_now WHEN 'fulfilled' THEN arrived_at END,
        fulfilled_at = CASE p_to WHEN 'fulfilled' THEN p_now END,
        noshow_at = CASE p_to WHEN 'noshow' THEN p_now END
    WHERE region_id = ticket.region_id AND id = ticket.id;
    IF p_to IN ('fulfilled', 'noshow') THEN
        DELETE FROM engagements WHERE region_id = ticket.region_id AND booking_id = ticket.id;
    ELSIF ticket.purpose <> 'home_visit' THEN
        INSERT INTO engagements (region_id, booking_id, identity, times)
        VALUES (ticket.region_id, ticket.id, ticket.identity,
                tstzmultirange(tstzrange(ticket.starts_at, ticket.ends_at)))
        ON CONFLICT (region_id, booking_id) DO NOTHING;
    END IF;
    PERFORM journal(ticket.region_id, p_event_id, p_now, p_actor, 'appointment_' || p_to, ticket.id,
                    jsonb_build_object('from', ticket.status), true);
    IF ticket.status = 'noshow' AND ticket.noshow_at < ticket.starts_at THEN
        SELECT * INTO place FROM bookable_slots WHERE region_id = ticket.region_id AND id = ticket.slot_id;
        PERFORM claim_place(place, NULL, p_now);
    ELSIF p_to = 'noshow' AND p_now < ticket.starts_at THEN
        PERFORM free_place(ticket.region_id, ticket.slot_id, p_now);
    END IF;
END $$;

-- To p_to from one of p_from on the ticket's own local day, from one of p_from_afterwards when it is over, and never
-- before it. To where it is already it changes nothing.
CREATE OR REPLACE FUNCTION set_appointment_status(
    p_region smallint, p_institution uuid, p_appointment uuid, p_to text, p_from text[], p_from_afterwards text[],
    p_actor uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
    visit_on date;
    today date;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    visit_on := (ticket.starts_at AT TIME ZONE (ticket.terms ->> 'zone'))::date;
    today := (p_now AT TIME ZONE (ticket.terms ->> 'zone'))::date;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status = 'cancelled' THEN 'ticket_cancelled'
        WHEN ticket.status = 'orphaned' THEN 'ticket_without_time'
        WHEN today < visit_on OR today > visit_on AND p_from_afterwards = '{}' THEN 'ticket_of_another_day'
        WHEN ticket.status <> p_to
             AND ticket.status <> ALL (CASE WHEN today > visit_on THEN p_from_afterwards ELSE p_from END)
            THEN 'appointment_illegal_move'
        -- Whose patient had come when the clinic took the time away did not lose it then, and has none to go back to.
        WHEN p_to = 'booked' AND ticket.status <> 'booked' AND NOT EXISTS (
            SELECT FROM slots s WHERE s.region_id = p_region AND s.id = ticket.slot_id AND s.status = 'open'
              AND s.starts_at = ticket.starts_at) THEN 'ticket_without_time'
    END);
    IF ticket.status <> p_to THEN
        PERFORM apply_status(ticket, p_to, p_actor, p_event_id, p_now);
    END IF;
END $$;

-- Marks as no-shows whom nobody has seen for so many minutes after their time as their institution has set: a ticket for
-- each of p_event_ids at most. Home visits have no door to come to. What is older than a week is left alone: where the
-- setting is new, last year's tickets do not become no-shows.
CREATE OR REPLACE FUNCTION mark_no_shows(p_event_ids uuid[], p_actor uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
    marked integer := 0;
BEGIN
    FOR ticket IN
        SELECT a.* FROM institutions i
        JOIN appointments a ON a.region_id = i.region_id AND a.institution_id = i.id
        WHERE i.noshow_after_minutes IS NOT NULL AND a.status = 'booked' AND a.purpose <> 'home_visit'
          AND a.starts_at <= p_now - make_interval(mins => i.noshow_after_minutes)
          AND a.starts_at > p_now - interval '7 days'
        LIMIT cardinality(p_event_ids)
        FOR UPDATE OF a SKIP LOCKED
    LOOP
        marked := marked + 1;
        PERFORM apply_status(ticket, 'noshow', p_actor, p_event_ids[marked], p_now);
    END LOOP;
    RETURN marked;
END $$;

-- Booking by staff --------------------------------------------------------------------------------------------------

-- Refuses as booking_refusal does, and where a referral is needed and the doctor does not book by themselves; but not with
-- what p_overridable lists, where there is a reason to go over it. Returns what was gone over, or null.
CREATE OR REPLACE FUNCTION refuse_to_staff(
    place bookable_slots, patient persons, p_referral text, p_source text, p_override text, p_overridable text[],
    p_now timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    refusal text := coalesce(
        booking_refusal(place, patient, p_referral, p_source, p_now),
        CASE WHEN place.access = 'referral' AND p_referral IS NULL AND p_source <> 'doctor' THEN 'referral_needed' END);
BEGIN
    IF p_override IS NULL OR refusal <> ALL (p_overridable) THEN
        PERFORM refuse(refusal);
    END IF;
    RETURN refusal;
END $$;

-- For the patient of an earlier ticket (p_patient), or by their papers (p_papers, columns of persons): whoever was written
-- down by them before and has no guardian, else a new person. Accounts that wrote down the same human being keep their own.
CREATE OR REPLACE FUNCTION book_for_patient(
    p_region smallint, p_institution uuid, p_actor uuid, p_key text, p_request_hash bytea, p_slot uuid, p_patient uuid,
    p_citizen uuid, p_papers jsonb, p_referral text, p_home_address text, p_source text, p_override text,
    p_overridable text[], p_appointment uuid, p_number text, p_event_ids uuid[], p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    place bookable_slots;
    papers persons := jsonb_populate_record(NULL::persons, p_papers);
    patient persons;
    gone_over text;
    ticket jsonb;
    earlier jsonb;
BEGIN
    IF p_patient IS NOT NULL THEN
        SELECT * INTO patient FROM persons
        WHERE region_id = p_region AND id = p_patient AND deleted_at IS NULL
        FOR KEY SHARE;
    ELSE
        SELECT p.* INTO patient FROM persons p
        WHERE p.region_id = p_region AND p.identity = papers.identity AND p.deleted_at IS NULL AND NOT EXISTS (
            SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = p.id)
        ORDER BY p.id
        LIMIT 1
        FOR KEY SHARE OF p;
        IF patient.id IS NULL THEN
            patient := papers;
        END IF;
    END IF;
    SELECT * INTO place FROM bookable_slots
    WHERE region_id = p_region AND id = p_slot AND institution_id = p_institution;
    earlier := idempotency_find(p_region, p_actor, 'bookForPatient', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, jsonb_build_array(earlier)) -> 0;
    END IF;
    PERFORM refuse(CASE
        WHEN patient.id IS NULL THEN 'patient_of_ticket_gone'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN place.purpose = 'home_visit' AND p_home_address IS NULL THEN 'home_address_needed'
    END);
    gone_over := refuse_to_staff(place, patient, p_referral, p_source, p_override, p_overridable, p_now);
    IF p_patient IS NOT NULL AND place.purpose <> 'home_visit' THEN
        place.purpose := 'repeat';
    END IF;
    ticket := ticket_answer(place, patient, p_referral, p_home_address, p_appointment, p_number, p_now);
    earlier := idempotency_keep(p_region, p_actor, 'bookForPatient', p_key, p_request_hash,
                                ticket - 'home_address_sealed', p_now);
    IF earlier IS NOT NULL THEN
        RETURN with_home_addresses(p_region, jsonb_build_array(earlier)) -> 0;
    END IF;
    IF patient.id = papers.id THEN
        INSERT INTO persons SELECT papers.*;
    END IF;
    PERFORM write_appointment(place, patient, p_citizen, p_referral, p_home_address, p_source, p_override,
                              p_appointment, p_number, p_event_ids[1], p_actor, p_now);
    IF p_override IS NOT NULL THEN
        PERFORM journal(p_region, p_event_ids[2], p_now, p_actor, 'rules_gone_over', p_appointment,
                        jsonb_build_object('reason', p_override, 'rule', gone_over), false);
    END IF;
    PERFORM claim_place(place, NULL, p_now);
    RETURN ticket;
END $$;

CREATE OR REPLACE FUNCTION cancel_for_patient(
    p_region smallint, p_institution uuid, p_appointment uuid, p_reason text, p_actor uuid, p_event_id uuid,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status IN ('fulfilled', 'noshow') THEN 'appointment_over'
    END);
    IF ticket.status <> 'cancelled' THEN
        PERFORM end_appointment(ticket, p_event_id, p_actor, jsonb_build_object('reason', p_reason), p_now);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION reschedule_for_patient(
    p_region smallint, p_institution uuid, p_appointment uuid, p_slot uuid, p_source text, p_reason text,
    p_override boolean, p_overridable text[], p_actor uuid, p_event_ids uuid[], p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
    patient persons;
    place bookable_slots;
    gone_over text;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution
    FOR UPDATE;
    SELECT * INTO patient FROM persons WHERE region_id = p_region AND id = ticket.person_id;
    SELECT * INTO place FROM bookable_slots
    WHERE region_id = p_region AND id = p_slot AND institution_id = p_institution;
    IF ticket.slot_id = p_slot AND ticket.status = 'booked' THEN
        RETURN;
    END IF;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN place.id IS NULL THEN 'slot_not_found'
        WHEN ticket.status NOT IN ('booked', 'orphaned', 'arrived') THEN 'appointment_over'
        WHEN place.specialty_code <> ticket.specialty_code THEN 'slot_elsewhere'
        WHEN place.purpose = 'home_visit' AND ticket.home_address_sealed IS NULL THEN 'home_address_needed'
    END);
    gone_over := refuse_to_staff(place, patient, ticket.referral_number, p_source,
                                 CASE WHEN p_override THEN p_reason END, p_overridable, p_now);
    PERFORM claim_place_for(ticket, place, NULL, p_now);
    IF ticket.status = 'arrived' OR p_override THEN
        UPDATE appointments
        SET arrived_at = NULL, override_reason = CASE WHEN p_override THEN p_reason ELSE override_reason END
        WHERE region_id = p_region AND id = p_appointment;
    END IF;
    PERFORM journal(p_region, p_event_ids[1], p_now, p_actor, 'rescheduled_by_staff', p_appointment,
                    jsonb_build_object('reason', p_reason, 'rule', gone_over), false);
    PERFORM move_appointment(p_region, p_appointment, place, p_actor, p_event_ids[2], 'appointment_rescheduled', p_now);
END $$;

-- No-shows ----------------------------------------------------------------------------------------------------------

-- The last text counts until it is decided on.
CREATE OR REPLACE FUNCTION appeal_no_show(
    p_region smallint, p_citizen uuid, p_appointment uuid, p_text text, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT a.* INTO ticket FROM appointments a
    WHERE a.region_id = p_region AND a.id = p_appointment AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id)
    FOR UPDATE;
    PERFORM refuse(CASE
        WHEN ticket.id IS NULL THEN 'appointment_not_found'
        WHEN ticket.status <> 'noshow' THEN 'not_a_no_show'
        WHEN ticket.appeal_decided_at IS NOT NULL AND ticket.appeal IS DISTINCT FROM p_text THEN 'appeal_decided'
    END);
    IF ticket.appeal IS DISTINCT FROM p_text THEN
        UPDATE appointments SET appeal = p_text WHERE region_id = p_region AND id = p_appointment;
        PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'no_show_appealed', p_appointment, '{}', true);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION decide_appeal(
    p_region smallint, p_institution uuid, p_appointment uuid, p_excused boolean, p_actor uuid, p_event_id uuid,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ticket appointments;
BEGIN
    SELECT * INTO ticket FROM appointments
    WHERE region_id = p_region AND id = p_appointment AND institution_id = p_institution AND appeal IS NOT NULL
    FOR UPDATE;
    PERFORM refuse(CASE WHEN ticket.id IS NULL THEN 'appeal_not_found' END);
    IF ticket.appeal_decided_at IS NULL OR ticket.excused <> p_excused THEN
        UPDATE appointments SET excused = p_excused, appeal_decided_at = p_now
        WHERE region_id = p_region AND id = p_appointment;
        PERFORM journal(p_region, p_event_id, p_now, p_actor, 'no_show_appeal_decided', p_appointment,
                        jsonb_build_object('excused', p_excused), true);
    END IF;
END $$;

-- Tickets of a doctor's day that are not seen yet, in no order. Whoever has one of them sees how many come before it:
-- it looks behind the walls, and names nobody.
CREATE OR REPLACE FUNCTION list_queue(
    p_region smallint, p_practitioner uuid, p_from timestamptz, p_until timestamptz
) RETURNS TABLE (id uuid, starts_at timestamptz, arrived_at timestamptz, number text, minutes numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.starts_at, a.arrived_at, a.number, extract(epoch FROM s.ends_at - s.starts_at) / 60 / s.capacity
    FROM slots s
    JOIN appointments a ON a.region_id = s.region_id AND a.slot_id = s.id
    WHERE s.region_id = p_region AND s.practitioner_id = p_practitioner AND s.starts_at >= p_from AND s.starts_at < p_until
      AND a.status IN ('booked', 'arrived') AND a.purpose <> 'home_visit'
$$;
