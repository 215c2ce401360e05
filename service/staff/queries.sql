-- name: find_practitioner
SELECT id FROM practitioners WHERE region_id = $1 AND institution_id = $2 AND external_id = $3;

-- name: put_staff_member
INSERT INTO staff (region_id, id, institution_id, external_id, role, practitioner_id, last_name, first_name, patronymic)
VALUES ($1, $2, $3, $4, CASE WHEN $5::uuid IS NULL THEN 'registrar' ELSE 'doctor' END, $5, $6, $7, $8)
ON CONFLICT ON CONSTRAINT staff_by_own_id DO UPDATE
SET role = excluded.role, practitioner_id = excluded.practitioner_id, last_name = excluded.last_name,
    first_name = excluded.first_name, patronymic = excluded.patronymic
RETURNING id, citizen_id;

-- name: find_staff_member
SELECT s.*, d.external_id AS practitioner_own_id
FROM staff s
LEFT JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
WHERE s.region_id = $1 AND s.institution_id = $2 AND s.external_id = $3;

-- name: list_staff
SELECT s.*, d.external_id AS practitioner_own_id
FROM staff s
LEFT JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
WHERE s.region_id = $1 AND s.institution_id = $2 AND ($3::text IS NULL OR s.external_id > $3)
ORDER BY s.external_id
LIMIT $4;

-- name: delete_staff_member
DELETE FROM staff WHERE region_id = $1 AND institution_id = $2 AND external_id = $3 RETURNING id, citizen_id;

-- name: end_work
SELECT end_work($1, $2, $3, $4);

-- name: invite_staff_member
SELECT invite_staff_member($1, $2, $3, $4, $5, $6, $7::jsonb, $8);

-- name: join_as_staff
SELECT join_as_staff($1, $2, $3, $4, $5);
