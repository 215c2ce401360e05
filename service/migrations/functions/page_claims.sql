-- Institutions are invited to connect their pages, and whoever administers a page claims it.

-- Invites by every item: {id, institution_id, mini_apps, code_hash, expires_at}. The result has what the codes are made of
-- anew where the request is repeated, and no code.
CREATE OR REPLACE FUNCTION create_page_invitations(
    p_region smallint, p_actor uuid, p_operation text, p_key text, p_request_hash bytea, p_items jsonb, p_result jsonb,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    earlier jsonb := coalesce(
        idempotency_find(p_region, p_actor, p_operation, p_key, p_request_hash),
        idempotency_keep(p_region, p_actor, p_operation, p_key, p_request_hash, p_result, p_now));
BEGIN
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    INSERT INTO page_invitations (region_id, id, institution_id, mini_apps, code_hash, created_at, expires_at)
    SELECT p_region, item.id, item.institution_id, item.mini_apps, item.code_hash, p_now, item.expires_at
    FROM jsonb_to_recordset(p_items)
        AS item (id uuid, institution_id uuid, mini_apps text[], code_hash bytea, expires_at timestamptz);
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'page_invited', item.institution_id,
                    jsonb_build_object('invitation', item.id), false)
    FROM jsonb_to_recordset(p_items) AS item (id uuid, institution_id uuid);
    RETURN p_result;
END $$;

-- Refuses whoever gave so many wrong codes in an hour. Their guesses come one after the other from here on, or many at once
-- would be counted as one.
CREATE OR REPLACE FUNCTION count_wrong_claims(
    p_region smallint, p_caller_hash bytea, p_at_most integer, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    counted integer;
BEGIN
    INSERT INTO wrong_claims AS w (region_id, caller_hash, wrong, since) VALUES (p_region, p_caller_hash, 0, p_now)
    ON CONFLICT (region_id, caller_hash) DO UPDATE
    SET wrong = CASE WHEN w.since > p_now - interval '1 hour' THEN w.wrong ELSE 0 END,
        since = CASE WHEN w.since > p_now - interval '1 hour' THEN w.since ELSE p_now END
    RETURNING wrong INTO counted;
    PERFORM refuse('too_many_attempts') WHERE counted >= p_at_most;
END $$;

-- The page becomes that of the institution whose code it is, whose id it gives; null where the code leads nowhere, and
-- that is remembered. Refuses whoever was wrong too often: an account five times in an hour, an address, which many may
-- share, fifty times. The same code twice by the same account for the same page is no error. Has to be a transaction of its
-- own, for what is remembered.
CREATE OR REPLACE FUNCTION claim_page(
    p_region smallint, p_code_hash bytea, p_platform text, p_page text, p_account_hash bytea, p_address_hash bytea,
    p_now timestamptz
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    invitation page_invitations;
BEGIN
    PERFORM FROM regions WHERE code = p_region;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM count_wrong_claims(p_region, p_account_hash, 5, p_now);
    PERFORM count_wrong_claims(p_region, p_address_hash, 50, p_now);
    SELECT * INTO invitation FROM page_invitations
    WHERE region_id = p_region AND code_hash = p_code_hash FOR NO KEY UPDATE;
    IF invitation.revoked_at IS NULL AND (invitation.platform, invitation.page_id, invitation.account_hash)
       = (p_platform, p_page, p_account_hash) THEN
        RETURN invitation.institution_id;
    END IF;
    IF invitation.id IS NULL OR invitation.revoked_at IS NOT NULL OR invitation.claimed_at IS NOT NULL
       OR invitation.expires_at <= p_now THEN
        UPDATE wrong_claims SET wrong = wrong + 1
        WHERE region_id = p_region AND caller_hash IN (p_account_hash, p_address_hash);
        RETURN NULL;
    END IF;
    INSERT INTO pages AS p (platform, external_id, region_id, institution_id, mini_apps)
    VALUES (p_platform, p_page, p_region, invitation.institution_id, invitation.mini_apps)
    ON CONFLICT (platform, external_id) DO UPDATE
    SET mini_apps = (SELECT array_agg(DISTINCT one ORDER BY one DESC) FROM unnest(p.mini_apps || excluded.mini_apps) one)
    WHERE p.region_id = excluded.region_id AND p.institution_id = excluded.institution_id;
    IF NOT FOUND THEN
        PERFORM refuse('page_claimed');
    END IF;
    UPDATE page_invitations
    SET claimed_at = p_now, platform = p_platform, page_id = p_page, account_hash = p_account_hash
    WHERE region_id = p_region AND id = invitation.id;
    -- Who claims is no citizen yet, so the invitation stands for them.
    PERFORM journal(p_region, gen_random_uuid(), p_now, invitation.id, 'page_claimed', invitation.institution_id,
                    jsonb_build_object('platform', p_platform, 'page', p_page), false);
    RETURN invitation.institution_id;
END $$;
