-- name: list_regions
SELECT code, name_ru, name_en, zone FROM regions ORDER BY code;

-- name: find_region
SELECT code, name_ru, name_en, zone FROM regions WHERE code = $1;

-- name: find_day_limits
SELECT person_bookings_a_day, account_bookings_a_day, let_go_freely, let_go_a_day FROM regions WHERE code = $1;

-- name: put_day_limits
UPDATE regions SET person_bookings_a_day = $2, account_bookings_a_day = $3, let_go_freely = $4, let_go_a_day = $5
WHERE code = $1;

-- name: list_institutions
SELECT * FROM institutions
WHERE region_id = $1
  AND ($2::text IS NULL OR kind = $2)
  AND ($3::text IS NULL OR municipality = $3)
  AND ($4::text IS NULL OR (name, id) > ($4, $5::uuid))
ORDER BY name, id
LIMIT $6;

-- name: find_institution
SELECT * FROM institutions WHERE region_id = $1 AND id = $2;

-- name: lock_institution
SELECT * FROM institutions WHERE region_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: put_institution
INSERT INTO institutions (region_id, id, name, kind, municipality, address, phone, zone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (region_id, id) DO UPDATE
SET name = excluded.name, kind = excluded.kind, municipality = excluded.municipality, address = excluded.address,
    phone = excluded.phone, zone = excluded.zone;

-- name: lock_page
SELECT institution_id FROM pages WHERE platform = $1 AND external_id = $2 AND region_id = $3 FOR NO KEY UPDATE;

-- name: put_page
INSERT INTO pages (platform, external_id, region_id, institution_id, mini_apps)
SELECT $1, $2, i.region_id, i.id, $5 FROM institutions i WHERE i.region_id = $3 AND i.id = $4
ON CONFLICT (platform, external_id) DO UPDATE
SET institution_id = excluded.institution_id, mini_apps = excluded.mini_apps
WHERE pages.region_id = excluded.region_id
RETURNING external_id;

-- name: create_page_invitations
SELECT create_page_invitations($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8);

-- name: list_page_invitations
SELECT * FROM (
    SELECT v.id, v.institution_id, v.mini_apps, v.created_at, v.expires_at, v.platform, v.page_id, v.claimed_at,
           i.name, i.municipality, i.zone,
           CASE WHEN v.revoked_at IS NOT NULL THEN 'revoked' WHEN v.claimed_at IS NOT NULL THEN 'claimed'
                WHEN v.expires_at <= $2 THEN 'expired' ELSE 'invited' END AS state
    FROM page_invitations v
    JOIN institutions i ON i.region_id = v.region_id AND i.id = v.institution_id
    WHERE v.region_id = $1
      AND ($4::text IS NULL OR i.municipality = $4)
      AND ($5::uuid IS NULL OR v.institution_id = $5)
      AND ($6::uuid IS NULL OR v.id > $6)
) shown
WHERE $3::text IS NULL OR state = $3
ORDER BY id
LIMIT $7;

-- name: revoke_page_invitation
UPDATE page_invitations v
SET revoked_at = coalesce(v.revoked_at, CASE WHEN v.claimed_at IS NULL THEN $3::timestamptz END)
FROM (SELECT revoked_at FROM page_invitations WHERE region_id = $1 AND id = $2 FOR NO KEY UPDATE) before
WHERE v.region_id = $1 AND v.id = $2
RETURNING v.institution_id, v.revoked_at IS NOT NULL AS is_revoked, before.revoked_at IS NULL AS was_open;

-- name: find_page_invitation
SELECT v.id, v.institution_id, v.mini_apps, v.created_at, v.expires_at, v.platform, v.page_id, v.claimed_at,
       i.name, i.municipality, i.zone,
       CASE WHEN v.revoked_at IS NOT NULL THEN 'revoked' WHEN v.claimed_at IS NOT NULL THEN 'claimed'
            WHEN v.expires_at <= $3 THEN 'expired' ELSE 'invited' END AS state
FROM page_invitations v
JOIN institutions i ON i.region_id = v.region_id AND i.id = v.institution_id
WHERE v.region_id = $1 AND v.id = $2;

-- name: list_pages
SELECT p.platform, p.external_id, p.institution_id, p.mini_apps
FROM pages p
JOIN institutions i ON i.region_id = p.region_id AND i.id = p.institution_id
WHERE p.region_id = $1
  AND ($2::text IS NULL OR i.municipality = $2)
  AND ($3::uuid IS NULL OR p.institution_id = $3)
  AND ($4::text IS NULL OR (p.platform, p.external_id) > ($4, $5))
ORDER BY p.platform, p.external_id
LIMIT $6;

-- name: delete_page
DELETE FROM pages WHERE platform = $1 AND external_id = $2 AND region_id = $3 RETURNING institution_id;

-- name: end_work_from
SELECT end_work_from($1, $2, $3, $4);

-- name: end_claims
UPDATE page_invitations SET revoked_at = $5
WHERE region_id = $1 AND platform = $2 AND page_id = $3 AND claimed_at IS NOT NULL AND revoked_at IS NULL
  AND institution_id IS DISTINCT FROM $4::uuid;

-- name: find_institutions
SELECT id, name, municipality FROM institutions WHERE region_id = $1 AND id = ANY ($2::uuid[]);
