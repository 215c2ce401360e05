-- name: create_person
SELECT create_person($1, $2, $3, $4, $5::jsonb, $6, $7::jsonb, $8, $9);

-- name: list_persons
SELECT p.*, g.kinship
FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2
ORDER BY p.id;

-- name: lock_person
SELECT p.*, g.kinship, guardian_may(g.kinship, g.ends_on IS NOT NULL, 'correct') OR NOT EXISTS (
    SELECT FROM guardians o WHERE o.region_id = g.region_id AND o.person_id = g.person_id
      AND guardian_may(o.kinship, o.ends_on IS NOT NULL, 'correct')) AS may_correct
FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND p.id = $3 AND p.deleted_at IS NULL
FOR UPDATE OF p;

-- name: update_person
UPDATE persons
SET identity = $3, last_name = $4, first_name = $5, patronymic = $6, birth_date = $7, sex = $8, snils_sealed = $9,
    policy_sealed = $10, updated_at = $11
WHERE region_id = $1 AND id = $2
RETURNING *;

-- name: change_identity
SELECT change_identity($1, $2, $3);

-- name: delete_person
SELECT delete_person($1, $2, $3, $4, $5);

-- name: create_invitation
SELECT create_invitation($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9);

-- name: join_as_guardian
SELECT join_as_guardian($1, $2, $3, $4, $5);

-- name: find_person
SELECT p.*, g.kinship
FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND p.id = $3 AND p.deleted_at IS NULL;

-- name: list_guardians
SELECT g.kinship, g.since, g.citizen_id = $2 AS own
FROM guardians mine JOIN guardians g ON g.region_id = mine.region_id AND g.person_id = mine.person_id
WHERE mine.region_id = $1 AND mine.citizen_id = $2 AND mine.person_id = $3
ORDER BY g.since, g.citizen_id;

-- name: end_guardianships
SELECT end_guardianships($1);

-- name: lock_family
SELECT p.*, g.kinship
FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND p.deleted_at IS NULL
ORDER BY p.id
FOR UPDATE OF p;

-- name: confirm_citizen
SELECT confirm_citizen($1, $2, $3, $4);

-- name: verify_person
SELECT verify_person($1, $2, $3, $4, $5, $6::jsonb, $7);

-- name: add_verified_person
SELECT add_verified_person($1, $2, $3, $4::jsonb, $5);
