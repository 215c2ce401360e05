-- An account is erased: what it has under way ends as if it was cancelled, what is past stays without anybody's name.

-- Whom what stays belongs to: one for a region, who can't come in, so that nothing tells who of the erased had what.
CREATE OR REPLACE FUNCTION nobody() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '00000000-0000-7000-8000-0000000e5ed0'::uuid;

-- The accounts of a citizen, of whichever of them is named: none where they are erased. Whatever is written for them
-- meanwhile waits, and finds them gone. The family is locked first, as by who books.
CREATE OR REPLACE FUNCTION lock_account(p_region smallint, p_citizen uuid) RETURNS SETOF citizens LANGUAGE plpgsql AS $$
DECLARE
    first uuid := (SELECT coalesce(same_as, id) FROM citizens WHERE region_id = p_region AND id = p_citizen);
BEGIN
    PERFORM FROM persons WHERE region_id = p_region AND id IN (
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = first)
    ORDER BY id FOR UPDATE;
    RETURN QUERY SELECT c.* FROM citizens c
    WHERE c.region_id = p_region AND (c.id = first OR c.same_as = first) ORDER BY c.id FOR UPDATE;
END $$;

-- Of what, how much: all that is told of an erased account beside a keyed hash of who it was.
CREATE OR REPLACE FUNCTION erased_counts(p_region smallint, p_citizen uuid, p_alone uuid[]) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'persons', cardinality(p_alone),
        'persons_left', (SELECT count(*) FROM guardians
                         WHERE region_id = p_region AND citizen_id = p_citizen AND person_id <> ALL (p_alone)),
        'tickets', (SELECT count(*) FROM appointments WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'applications', (SELECT count(*) FROM applications WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'trials', (SELECT count(*) FROM trials WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'documents', (SELECT count(*) FROM documents
                      WHERE region_id = p_region AND person_id = ANY (p_alone) AND deleted_at IS NULL),
        'wishes', (SELECT count(*) FROM campaign_wishes WHERE region_id = p_region AND person_id = ANY (p_alone)),
        'draw_requests', (SELECT count(*) FROM draw_requests WHERE region_id = p_region AND citizen_id = p_citizen),
        'waiting', (SELECT count(*) FROM waiting_entries WHERE region_id = p_region AND citizen_id = p_citizen))
$$;

-- What a person has under way is given back: each place goes on to the next, and whoever is concerned is told.
CREATE OR REPLACE FUNCTION give_back(p_region smallint, p_person uuid, p_actor uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one uuid;
    ticket appointments;
    named applications;
BEGIN
    FOR one IN
        SELECT a.id FROM applications a JOIN groups g ON g.region_id = a.region_id AND g.id = a.group_id
        WHERE a.region_id = p_region AND a.person_id = p_person
          AND a.status NOT IN ('refused', 'withdrawn', 'expired', 'left')
          -- Who was in a group until its end did not leave it.
          AND (a.status <> 'enrolled' OR g.ends_on >= p_now::date)
        ORDER BY a.id
    LOOP
        named := lock_application(p_region, NULL, NULL, one);
        PERFORM move_application(named, CASE named.status WHEN 'enrolled' THEN 'left' ELSE 'withdrawn' END,
                                 leaving(named, p_now), p_actor, p_now)
        WHERE named.status NOT IN ('refused', 'withdrawn', 'expired', 'left');
    END LOOP;
    FOR ticket IN
        SELECT * FROM appointments WHERE region_id = p_region AND person_id = p_person
          AND (status = 'orphaned' OR (status = 'booked' AND ends_at > p_now)) ORDER BY id FOR UPDATE
    LOOP
        PERFORM end_appointment(ticket, gen_random_uuid(), p_actor, '{}', p_now);
    END LOOP;
    FOR one IN
        UPDATE trials SET status = 'cancelled'
        WHERE region_id = p_region AND person_id = p_person AND status = 'booked' AND ends_at > p_now RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'trial_cancelled', one, '{}', true);
    END LOOP;
    PERFORM forget_documents(p_region, ARRAY(
        SELECT id FROM documents WHERE region_id = p_region AND person_id = p_person AND deleted_at IS NULL
    ), p_actor, p_now);
    -- The record of a draw or a campaign that is closed counts on its rows until it is carried out.
    PERFORM FROM campaigns WHERE region_id = p_region AND id IN (
        SELECT campaign_id FROM campaign_wishes WHERE region_id = p_region AND person_id = p_person)
    ORDER BY id FOR SHARE;
    DELETE FROM campaign_wishes w USING campaigns c
    WHERE w.region_id = p_region AND w.person_id = p_person AND c.region_id = p_region AND c.id = w.campaign_id
      AND (c.closed_at IS NULL OR c.filled_at IS NOT NULL);
    PERFORM FROM draws WHERE region_id = p_region AND id IN (
        SELECT draw_id FROM draw_requests WHERE region_id = p_region AND person_id = p_person)
    ORDER BY id FOR SHARE;
    DELETE FROM draw_requests r USING draws d
    WHERE r.region_id = p_region AND r.person_id = p_person AND d.region_id = p_region AND d.id = r.draw_id
      AND (d.closed_at IS NULL OR d.drawn_at IS NOT NULL);
END $$;

-- What the account itself has asked for ends, and goes.
CREATE OR REPLACE FUNCTION drop_requests(p_region smallint, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    asked uuid[] := ARRAY(SELECT id FROM waiting_entries WHERE region_id = p_region AND citizen_id = p_citizen ORDER BY id);
BEGIN
    PERFORM leave_waiting_list(p_region, p_citizen, e.id, gen_random_uuid(), p_now)
    FROM waiting_entries e WHERE e.region_id = p_region AND e.id = ANY (asked);
    DELETE FROM offers WHERE region_id = p_region AND entry_id = ANY (asked);
    DELETE FROM waiting_persons WHERE region_id = p_region AND entry_id = ANY (asked);
    DELETE FROM waiting_entries WHERE region_id = p_region AND id = ANY (asked);
    PERFORM release_hold(p_region, p_citizen, h.id, p_now) FROM holds h
    WHERE h.region_id = p_region AND h.citizen_id = p_citizen AND h.offer_id IS NULL;
END $$;

-- Names, identifiers, and all that was said of the person go; past bookings stay, of somebody of whom nothing is known.
CREATE OR REPLACE FUNCTION anonymise(p_region smallint, p_person uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    left_over persons;
BEGIN
    PERFORM erase_person(p_region, p_person, p_now);
    UPDATE appointments SET active = false, referral_number = NULL, home_address_sealed = NULL, override_reason = NULL, appeal = NULL
    WHERE region_id = p_region AND person_id = p_person;
    UPDATE applications SET benefits = '{}', benefits_confirmed = NULL, decision = NULL, test = NULL, warnings = '[]'
    WHERE region_id = p_region AND person_id = p_person;
    UPDATE draw_requests SET referral_number = NULL WHERE region_id = p_region AND person_id = p_person;
    SELECT * INTO left_over FROM persons WHERE region_id = p_region AND id = p_person;
    left_over.id := gen_random_uuid();
    left_over.sex := 'female';
    left_over.created_at := p_now;
    left_over.updated_at := p_now;
    INSERT INTO persons SELECT left_over.*;
    PERFORM merge_persons(p_region, p_person, left_over.id, nobody(), p_now);
    DELETE FROM guardians WHERE region_id = p_region AND person_id IN (p_person, left_over.id);
    DELETE FROM persons WHERE region_id = p_region AND id = p_person;
END $$;

-- What was booked for a person whom others look after too goes over to the one of them who has done so for longest.
CREATE OR REPLACE FUNCTION leave_to_others(p_region smallint, p_citizen uuid, p_person uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    heir uuid := (SELECT citizen_id FROM guardians
                  WHERE region_id = p_region AND person_id = p_person AND citizen_id <> p_citizen
                  ORDER BY since, citizen_id LIMIT 1);
BEGIN
    UPDATE appointments SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE applications SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE trials SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE documents SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE campaign_wishes SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    UPDATE draw_requests SET citizen_id = heir WHERE region_id = p_region AND person_id = p_person AND citizen_id = p_citizen;
    DELETE FROM guardians WHERE region_id = p_region AND citizen_id = p_citizen AND person_id = p_person;
END $$;

-- Erases a citizen whose accounts the caller has locked: p_accounts, of which the first is the citizen. p_hashes: of who
-- they were, so that it can be told whether somebody was erased. Nothing of them stays but a row of the audit trail.
CREATE OR REPLACE FUNCTION erase_account(
    p_region smallint, p_accounts uuid[], p_hashes text[], p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    citizen uuid := p_accounts[1];
    joined uuid;
    person uuid;
    alone uuid[];
    counts jsonb;
BEGIN
    FOREACH joined IN ARRAY p_accounts[2:] LOOP
        PERFORM hand_over(p_region, joined, citizen, p_now);
    END LOOP;
    PERFORM FROM persons WHERE region_id = p_region AND id IN (
        SELECT g.person_id FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = citizen)
    ORDER BY id FOR UPDATE;
    alone := ARRAY(
        SELECT g.person_id FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = citizen AND NOT EXISTS (
            SELECT FROM guardians o
            WHERE o.region_id = p_region AND o.person_id = g.person_id AND o.citizen_id <> citizen)
        ORDER BY g.person_id);
    counts := erased_counts(p_region, citizen, alone);
    PERFORM drop_requests(p_region, citizen, p_now);
    FOREACH person IN ARRAY alone LOOP
        PERFORM give_back(p_region, person, p_actor, p_now);
        PERFORM anonymise(p_region, person, p_now);
    END LOOP;
    PERFORM leave_to_others(p_region, citizen, g.person_id)
    FROM guardians g WHERE g.region_id = p_region AND g.citizen_id = citizen ORDER BY g.person_id;
    PERFORM forget_account(p_region, p_accounts, p_now);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'account_erased', citizen,
                    jsonb_build_object('hashes', p_hashes, 'counts', counts), false);
END $$;

-- The accounts themselves, and all that is theirs alone. What is left of the past belongs to nobody.
CREATE OR REPLACE FUNCTION forget_account(p_region smallint, p_accounts uuid[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ensure_nobody(p_region);
    UPDATE teachers SET citizen_id = NULL WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    UPDATE staff SET citizen_id = NULL WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM places_let_go WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    PERFORM hand_over(p_region, p_accounts[1], nobody(), p_now);
    DELETE FROM invitations WHERE region_id = p_region AND used_by = ANY (p_accounts);
    -- Ended, not deleted: every worker has yet to hear of it.
    UPDATE sessions SET ended_at = coalesce(ended_at, p_now), token_hash = NULL, previous_hash = NULL,
           citizen_id = nobody(), account_id = nobody()
    WHERE region_id = p_region AND (citizen_id = ANY (p_accounts) OR account_id = ANY (p_accounts));
    DELETE FROM confirmations WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM identity_codes WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM wrong_codes WHERE region_id = p_region AND citizen_id = ANY (p_accounts);
    DELETE FROM idempotency_keys WHERE region_id = p_region AND caller_id = ANY (p_accounts);
    DELETE FROM citizens WHERE region_id = p_region AND id = ANY (p_accounts[2:]);
    DELETE FROM citizens WHERE region_id = p_region AND id = p_accounts[1];
END $$;
