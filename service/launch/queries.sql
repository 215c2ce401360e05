-- name: find_page
SELECT p.region_id, p.external_id, p.mini_apps, i.id AS institution_id, i.name AS institution_name,
       coalesce(c.same_as, c.id) AS citizen_id, own.role AS own_role, own.practitioner_id,
       d.external_id AS practitioner_own_id
FROM pages p
JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
LEFT JOIN citizens c ON c.region_id = p.region_id AND c.platform = p.platform AND c.external_id = $3
LEFT JOIN LATERAL (
    -- A registrar sees what a doctor sees, and stands behind them in the alphabet.
    SELECT s.role, s.practitioner_id FROM staff s
    WHERE s.region_id = p.region_id AND s.citizen_id = coalesce(c.same_as, c.id) AND s.institution_id = p.institution_id
    ORDER BY s.role DESC, s.external_id LIMIT 1) own ON true
LEFT JOIN practitioners d ON d.region_id = p.region_id AND d.id = own.practitioner_id
WHERE p.platform = $1 AND p.external_id = $2;

-- name: add_citizen
INSERT INTO citizens (region_id, id, platform, external_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT citizens_one_per_platform_user DO NOTHING;

-- name: find_citizen
SELECT coalesce(same_as, id) FROM citizens WHERE region_id = $1 AND platform = $2 AND external_id = $3;

-- name: create_identity_code
SELECT create_identity_code($1, $2, $3, $4, $5, $6, $7::jsonb, $8);

-- name: join_identity
SELECT join_identity($1, $2, $3, $4);

-- name: leave_identity
SELECT leave_identity($1, $2, $3, $4);

-- name: list_identities
SELECT platform, created_at, same_as IS NULL AS first FROM citizens
WHERE region_id = $1 AND (id = $2 OR same_as = $2)
ORDER BY same_as IS NOT NULL, created_at, id;

-- name: hand_over_the_rest
SELECT hand_over_the_rest($1);

-- name: find_client
SELECT id, institution_id, secret_hash, public_keys, scopes
FROM clients
WHERE region_id = $1 AND id = $2 AND revoked_at IS NULL;

-- name: add_client
INSERT INTO clients (region_id, id, institution_id, name, secret_hash, public_keys, scopes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: use_assertion
INSERT INTO used_assertions (region_id, client_id, jti_hash, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT used_assertions_once DO NOTHING
RETURNING true;

-- name: forget_assertions
DELETE FROM used_assertions u USING regions r
WHERE u.region_id = r.code AND u.expires_at < $1
RETURNING 1;

-- name: claim_page
SELECT claim_page($1, $2, $3, $4, $5, $6, $7);

-- name: forget_wrong_claims
DELETE FROM wrong_claims w USING regions r
WHERE w.region_id = r.code AND w.since <= $1::timestamptz - interval '1 hour'
RETURNING 1;
