-- name: list_regions
SELECT code, name_ru, name_en, zone FROM regions ORDER BY code;

-- name: find_region
SELECT code, name_ru, name_en, zone FROM regions WHERE code = $1;

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

-- name: put_page
INSERT INTO pages (platform, external_id, region_id, institution_id, mini_apps)
SELECT $1, $2, i.region_id, i.id, $5 FROM institutions i WHERE i.region_id = $3 AND i.id = $4
ON CONFLICT (platform, external_id) DO UPDATE
SET institution_id = excluded.institution_id, mini_apps = excluded.mini_apps
WHERE pages.region_id = excluded.region_id
RETURNING external_id;
