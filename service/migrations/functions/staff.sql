-- Roles that an institution gives itself.

-- Keeps the hash of a new code, which takes the place of the one before. The result has what the code is made of anew
-- where the request is repeated, and not the code.
CREATE OR REPLACE FUNCTION invite_staff_member(
    p_region smallint, p_actor uuid, p_key text, p_request_hash bytea, p_member uuid, p_code_hash bytea, p_result jsonb,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, 'inviteStaffMember', p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, 'inviteStaffMember', p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    UPDATE staff SET code_hash = p_code_hash, code_expires_at = (p_result ->> 'expires_at')::timestamptz,
                     code_used_at = NULL
    WHERE region_id = p_region AND id = p_member;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'staff_member_invited', p_member, '{}', false);
    RETURN p_result;
END $$;

-- The citizen has the role of whoever that code is for, whose own id it gives; null where the code leads nowhere, and that
-- is remembered. Refuses whoever was wrong five times in an hour. The same code twice by the same citizen is no error. Has
-- to be a transaction of its own, for what is remembered.
CREATE OR REPLACE FUNCTION join_as_staff(
    p_region smallint, p_citizen uuid, p_institution uuid, p_code_hash bytea, p_now timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    named staff;
BEGIN
    PERFORM count_wrong_codes(p_region, p_citizen, p_now);
    SELECT * INTO named FROM staff
    WHERE region_id = p_region AND institution_id = p_institution AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF named.citizen_id = p_citizen AND named.code_used_at IS NOT NULL THEN
        RETURN named.external_id;
    END IF;
    IF named.id IS NULL OR named.code_used_at IS NOT NULL OR named.code_expires_at <= p_now THEN
        PERFORM remember_wrong_code(p_region, p_citizen, p_now);
        RETURN NULL;
    END IF;
    UPDATE staff SET citizen_id = p_citizen, code_used_at = p_now WHERE region_id = p_region AND id = named.id;
    -- Whoever had the role before has it no more.
    PERFORM end_work(p_region, p_institution, named.citizen_id, p_now)
    WHERE named.citizen_id IS NOT NULL AND named.citizen_id <> p_citizen;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'staff_member_joined', named.id, '{}', false);
    RETURN named.external_id;
END $$;
