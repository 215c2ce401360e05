-- Writing people down, and erasing them.

CREATE OR REPLACE FUNCTION create_person(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person jsonb, p_kinship text,
    p_result jsonb, p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person persons := jsonb_populate_record(NULL::persons, p_person);
    earlier jsonb;
BEGIN
    earlier := coalesce(
        idempotency_find(p_region, p_citizen, 'createPerson', p_key, p_request_hash),
        idempotency_keep(p_region, p_citizen, 'createPerson', p_key, p_request_hash, p_result, p_now));
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO persons SELECT person.*;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, person.id, p_kinship, person.identity, p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_created', person.id, '{}', false);
    RETURN p_result;
END $$;

-- The same human being under another hash: whatever is booked goes along, and a booking that this brings into conflict
-- with another refuses the change.
CREATE OR REPLACE FUNCTION change_identity(p_region smallint, p_person uuid, p_identity bytea) RETURNS void LANGUAGE sql AS $$
    UPDATE guardians SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE appointments SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE waiting_persons SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE draw_requests SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE campaign_wishes SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE trials SET identity = p_identity WHERE region_id = p_region AND person_id = p_person;
    UPDATE engagements SET identity = p_identity
    WHERE region_id = p_region AND booking_id IN (
        SELECT id FROM appointments WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM applications WHERE region_id = p_region AND person_id = p_person
        UNION ALL
        SELECT id FROM trials WHERE region_id = p_region AND person_id = p_person);
$$;

-- The names and the identifiers of a person go for good.
CREATE OR REPLACE FUNCTION erase_person(p_region smallint, p_person uuid, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    nobody bytea := sha256(uuid_send(gen_random_uuid()));
BEGIN
    UPDATE persons SET identity = nobody, last_name = '', first_name = '', patronymic = NULL,
           birth_date = '1900-01-01', snils_sealed = NULL, policy_sealed = NULL, verified_at = NULL,
           snils_verified_at = NULL, deleted_at = p_now
    WHERE region_id = p_region AND id = p_person;
    PERFORM change_identity(p_region, p_person, nobody);
END $$;

-- Takes the person away from the citizen; with the last guardian go the names and the identifiers. Where another guardian
-- stays, so do the bookings.
CREATE OR REPLACE FUNCTION delete_person(
    p_region smallint, p_citizen uuid, p_person uuid, p_event_id uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    alone boolean;
BEGIN
    PERFORM FROM persons p WHERE p.region_id = p_region AND p.id = p_person AND EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person)
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('person_not_found');
    END IF;
    alone := NOT EXISTS (
        SELECT FROM guardians WHERE region_id = p_region AND person_id = p_person AND citizen_id <> p_citizen);
    PERFORM refuse('person_has_bookings') WHERE (alone AND EXISTS (
        SELECT FROM appointments a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.active
          AND (a.ends_at > p_now OR a.status = 'orphaned')
    )) OR (alone AND EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = p_region AND a.person_id = p_person
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
    )) OR (alone AND EXISTS (
        SELECT FROM trials t
        WHERE t.region_id = p_region AND t.person_id = p_person AND t.status = 'booked' AND t.ends_at > p_now
    -- These belong to the account that made them.
    )) OR EXISTS (
        SELECT FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
        WHERE w.region_id = p_region AND w.person_id = p_person AND w.active AND (alone OR e.citizen_id = p_citizen)
    ) OR EXISTS (
        SELECT FROM draw_requests d
        WHERE d.region_id = p_region AND d.person_id = p_person AND d.status = 'waiting'
          AND (alone OR d.citizen_id = p_citizen));
    DELETE FROM guardians WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
    DELETE FROM invitations WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    IF alone THEN
        PERFORM move_application(a, 'withdrawn', '{}', p_citizen, p_now) FROM applications a
        WHERE a.region_id = p_region AND a.person_id = p_person AND a.status = 'draft';
        PERFORM forget_documents(p_region, ARRAY(
            SELECT id FROM documents WHERE region_id = p_region AND person_id = p_person AND deleted_at IS NULL
        ), p_citizen, p_now);
        PERFORM erase_person(p_region, p_person, p_now);
    END IF;
    -- Whoever gives a person up keeps no answers that tell of them, though another guardian stays.
    DELETE FROM idempotency_keys WHERE region_id = p_region AND caller_id = p_citizen
        AND position(p_person::text IN result::text) > 0;
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'person_deleted', p_person, '{}', false);
END $$;
