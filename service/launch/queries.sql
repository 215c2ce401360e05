-- name: open_session
SELECT region, page, apps, institution, institution_name, citizen, own_role, practitioner, practitioner_own_id
FROM open_session($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: find_page
SELECT p.external_id, p.mini_apps, i.id AS institution_id, i.name AS institution_name
FROM pages p JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
WHERE p.platform = $1 AND p.external_id = $2;

-- name: refresh_session
SELECT platform, client, page, apps, institution, institution_name, citizen, good_until
FROM refresh_session($1, $2, $3, $4, $5, $6, $7, $8);

-- name: find_session_refused
SELECT citizen, reused FROM session_refused($1, $2, $3);

-- name: list_sessions
SELECT id, platform, created_at, used_at FROM sessions
WHERE region_id = $1 AND citizen_id = $2 AND ended_at IS NULL AND expires_at > $3
ORDER BY used_at DESC, id DESC;

-- name: end_session
SELECT end_session($1, $2, $3, $4);

-- name: end_sessions
SELECT end_sessions($1, $2, NULL, $3);

-- name: ended_since
SELECT session AS id, NULL::integer AS generation, at FROM ended_sessions($1)
UNION ALL
SELECT client, generation, at FROM ended_clients($2);

-- name: replace_session
SELECT replace_session($1, $2, $3, $4);

-- name: end_account_sessions
SELECT end_account_sessions($1, $2, $3, $4);

-- name: find_account
SELECT id FROM citizens WHERE region_id = $1 AND platform = $2 AND external_id = $3;

-- name: forget_sessions
SELECT forget_sessions($1);

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
SELECT id, institution_id, scopes, generation,
       array_remove(ARRAY[secret_hash, CASE WHEN earlier_until > $3 THEN earlier_secret_hash END], NULL) AS secret_hashes,
       public_keys || CASE WHEN earlier_until > $3 THEN earlier_public_keys ELSE '{}' END AS public_keys
FROM clients
WHERE region_id = $1 AND id = $2 AND revoked_at IS NULL;

-- name: use_client
UPDATE clients SET used_at = $4
WHERE region_id = $1 AND id = $2 AND revoked_at IS NULL AND generation = $3
RETURNING true;

-- name: list_clients
SELECT c.id, c.institution_id, c.name, c.scopes, c.public_keys, c.created_at, c.used_at, c.earlier_until, c.revoked_at,
       c.generation, i.name AS institution_name, coalesce(i.zone, r.zone) AS zone
FROM clients c
JOIN regions r ON r.code = c.region_id
LEFT JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.region_id = $1 AND ($2::uuid IS NULL OR c.institution_id = $2) AND ($3::uuid IS NULL OR c.id > $3)
ORDER BY c.id
LIMIT $4;

-- name: show_client
SELECT c.id, c.institution_id, c.name, c.scopes, c.public_keys, c.created_at, c.used_at, c.earlier_until, c.revoked_at,
       c.generation, i.name AS institution_name, coalesce(i.zone, r.zone) AS zone
FROM clients c
JOIN regions r ON r.code = c.region_id
LEFT JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.region_id = $1 AND c.id = $2;

-- name: create_client
SELECT create_client($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7);

-- name: rotate_client
SELECT rotate_client($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10);

-- name: revoke_client
SELECT revoke_client($1, $2, $3, $4);

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
