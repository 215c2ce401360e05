-- Several guardians of one person: the one invites, the other joins by the code.

-- A new invitation takes the place of the guardian's earlier one to the same person.
CREATE OR REPLACE FUNCTION create_invitation(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_person uuid, p_code_hash bytea,
    p_expires_at timestamptz, p_result jsonb, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    own guardians;
    earlier jsonb := idempotency_find(p_region, p_citizen, 'createInvitation', p_key, p_request_hash);
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    SELECT g.* INTO own FROM persons p JOIN guardians g ON g.region_id = p.region_id AND g.person_id = p.id
    WHERE p.region_id = p_region AND p.id = p_person AND g.citizen_id = p_citizen AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    IF NOT FOUND OR guardianship_over(own, p_now) THEN
        PERFORM refuse('person_not_found');
    END IF;
    PERFORM refuse('guardian_may_not') WHERE NOT guardian_may(own.kinship, own.ends_on IS NOT NULL, 'invite');
    earlier := idempotency_keep(p_region, p_citizen, 'createInvitation', p_key, p_request_hash, p_result, p_now);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO invitations (region_id, person_id, citizen_id, code_hash, expires_at, helper)
    VALUES (p_region, p_person, p_citizen, p_code_hash, p_expires_at, coalesce((p_result ->> 'helper')::boolean, false))
    ON CONFLICT (region_id, person_id, citizen_id)
    DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at, helper = excluded.helper,
                  used_by = NULL;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'guardian_invited', p_person, '{}', false);
    RETURN p_result;
END $$;

-- The person that the code leads to; null where it leads nowhere, and that is remembered. Refuses whoever was wrong five
-- times in an hour. Once more by the same citizen is no error. Has to be a transaction of its own, for what is remembered.
CREATE OR REPLACE FUNCTION join_as_guardian(
    p_region smallint, p_citizen uuid, p_code_hash bytea, p_kinship text, p_now timestamptz
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    invited invitations;
    child persons;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    -- The person is locked before the invitation, as by whoever invites.
    child := lock_person_and_twin(p_region, p_citizen, (
        SELECT person_id FROM invitations WHERE region_id = p_region AND code_hash = p_code_hash));
    SELECT * INTO invited FROM invitations
    WHERE region_id = p_region AND code_hash = p_code_hash AND person_id = child.id AND expires_at > p_now
      AND coalesce(used_by, p_citizen) = p_citizen FOR UPDATE;
    IF invited.person_id IS NULL OR NOT EXISTS (
        SELECT FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = invited.citizen_id
          AND g.person_id = child.id AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'invite')
          AND NOT guardianship_over(g, p_now))
    THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    PERFORM refuse('guardian_may_not') WHERE invited.helper AND p_kinship IN ('self', 'child', 'ward');
    -- An account of one's own from fourteen on, and one alone.
    PERFORM refuse('guardian_may_not') WHERE p_kinship = 'self' AND (
        birthday(child.birth_date, 14) > local_today(p_region, p_now) OR EXISTS (
            SELECT FROM guardians g WHERE g.region_id = p_region AND g.person_id = child.id AND g.kinship = 'self'
              AND g.citizen_id <> p_citizen));
    PERFORM merge_persons(p_region, p.id, child.id, p_citizen, p_now)
    FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.identity = child.identity AND p.id <> child.id;
    INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity, since)
    VALUES (p_region, p_citizen, child.id, p_kinship, child.identity, p_now)
    -- By their own code, or to help, nobody who represents the person becomes anything else.
    ON CONFLICT (region_id, citizen_id, person_id) DO UPDATE SET kinship = excluded.kinship
    WHERE p_citizen <> invited.citizen_id
      AND (guardian_may(excluded.kinship, true, 'consent') OR NOT guardian_may(guardians.kinship, true, 'consent'));
    UPDATE invitations SET used_by = p_citizen
    WHERE region_id = p_region AND person_id = invited.person_id AND citizen_id = invited.citizen_id;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'guardian_joined', child.id, '{}', false)
    WHERE invited.used_by IS NULL;
    RETURN child.id;
END $$;

-- The person, locked together with whom of the same identity the citizen has written down, in the order of their ids.
CREATE OR REPLACE FUNCTION lock_person_and_twin(p_region smallint, p_citizen uuid, p_person uuid) RETURNS persons
LANGUAGE plpgsql AS $$
DECLARE
    child persons;
BEGIN
    PERFORM FROM persons WHERE region_id = p_region AND (id = p_person OR id IN (
        SELECT g.person_id FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.identity = g.identity
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND p.id = p_person))
    ORDER BY id FOR UPDATE;
    SELECT * INTO child FROM persons WHERE region_id = p_region AND id = p_person AND deleted_at IS NULL;
    RETURN child;
END $$;

-- Two records of one human being become one: whatever is booked, waited for or drawn for goes over to p_person, so do those
-- who look after the twin, and the twin is erased. Both rows are locked. Nothing can come into conflict by that: what must
-- be once is once an identity.
CREATE OR REPLACE FUNCTION merge_persons(p_region smallint, p_twin uuid, p_person uuid, p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- But for drafts, which are once a record.
    PERFORM move_application(a, 'withdrawn', '{}', p_actor, p_now) FROM applications a
    WHERE a.region_id = p_region AND a.person_id = p_twin AND a.status = 'draft' AND EXISTS (
        SELECT FROM applications b
        WHERE b.region_id = p_region AND b.person_id = p_person AND b.status = 'draft' AND b.group_id = a.group_id);
    UPDATE appointments SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE applications SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE draw_requests SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE waiting_persons SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE campaign_wishes SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE trials SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE documents SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    UPDATE consents SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    -- What is offered to the twin names it.
    UPDATE offers SET places = replace(places::text, p_twin::text, p_person::text)::jsonb
    WHERE region_id = p_region AND id IN (
        SELECT o.id FROM waiting_persons w JOIN offers o ON o.region_id = w.region_id AND o.entry_id = w.entry_id
        WHERE w.region_id = p_region AND w.person_id = p_person
        UNION ALL
        SELECT o.id FROM appointments a JOIN offers o ON o.region_id = a.region_id AND o.appointment_id = a.id
        WHERE a.region_id = p_region AND a.person_id = p_person);
    DELETE FROM invitations WHERE region_id = p_region AND person_id = p_twin;
    UPDATE guardians SET person_id = p_person WHERE region_id = p_region AND person_id = p_twin;
    -- What a provider vouched for stays so: by the identity they have in common, the numbers are the same.
    UPDATE persons p
    SET last_name = t.last_name, first_name = t.first_name, patronymic = t.patronymic, birth_date = t.birth_date,
        sex = t.sex, verified_at = t.verified_at, snils_verified_at = t.snils_verified_at, updated_at = p_now
    FROM persons t
    WHERE p.region_id = p_region AND p.id = p_person AND p.verified_at IS NULL
      AND t.region_id = p_region AND t.id = p_twin AND t.verified_at IS NOT NULL;
    PERFORM erase_person(p_region, p_twin, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'person_merged', p_twin,
                    jsonb_build_object('into', p_person), false);
END $$;
