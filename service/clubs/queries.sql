-- name: put_programme
INSERT INTO programmes (region_id, id, institution_id, external_id, name, direction, level, description)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT ON CONSTRAINT programmes_by_own_id DO UPDATE
SET name = excluded.name, direction = excluded.direction, level = excluded.level, description = excluded.description
RETURNING id;

-- name: find_programme
SELECT * FROM programmes WHERE region_id = $1 AND institution_id = $2 AND external_id = $3;

-- name: list_programmes
SELECT * FROM programmes
WHERE region_id = $1
  AND ($2::uuid IS NULL OR institution_id = $2)
  AND ($3::text IS NULL OR direction = $3)
  AND ($4::text IS NULL OR (name, id) > ($4, $5::uuid))
ORDER BY name, id
LIMIT $6;

-- name: lock_group
SELECT * FROM groups WHERE region_id = $1 AND institution_id = $2 AND external_id = $3 FOR UPDATE;

-- name: put_group
INSERT INTO groups (region_id, id, institution_id, external_id, programme_id, name, age_from, age_to, age_from_months,
                    age_until_months, capacity, starts_on, ends_on, enrolment_opens_at, enrolment_closes_at,
                    weekly_lessons, lessons, address, teachers, price_month_roubles)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::jsonb, $17, $18, $19, $20)
ON CONFLICT ON CONSTRAINT groups_by_own_id DO UPDATE
SET programme_id = excluded.programme_id, name = excluded.name, age_from = excluded.age_from, age_to = excluded.age_to,
    age_from_months = excluded.age_from_months, age_until_months = excluded.age_until_months,
    capacity = excluded.capacity, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
    enrolment_opens_at = excluded.enrolment_opens_at, enrolment_closes_at = excluded.enrolment_closes_at,
    weekly_lessons = excluded.weekly_lessons, lessons = excluded.lessons, address = excluded.address,
    teachers = excluded.teachers, price_month_roubles = excluded.price_month_roubles;

-- name: find_group
SELECT g.*, r.name AS programme_name, r.direction, r.level, i.zone
FROM groups g
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
WHERE g.region_id = $1 AND g.institution_id = $2 AND g.external_id = $3;

-- name: list_groups
SELECT g.*, r.name AS programme_name, r.direction, r.level, i.zone
FROM groups g
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
WHERE g.region_id = $1
  AND ($2::uuid IS NULL OR g.institution_id = $2)
  AND ($3::uuid IS NULL OR g.programme_id = $3)
  AND ($4::text IS NULL OR i.municipality = $4)
  AND ($5::text IS NULL OR r.direction = $5)
  AND ($6::date IS NULL OR (
      full_months($6, g.starts_on) >= g.age_from_months AND full_months($6, g.starts_on) < g.age_until_months))
  AND (NOT $7::boolean OR g.taken < g.capacity)
  AND (NOT $8::boolean OR g.enrolment_opens_at <= $9 AND $9 < g.enrolment_closes_at)
  AND ($10::date IS NULL OR (g.starts_on, g.id) > ($10, $11::uuid))
ORDER BY g.starts_on, g.id
LIMIT $12;

-- name: nearest_free_groups
SELECT g.id, g.name, r.name AS programme_name, g.capacity - g.taken AS free
FROM groups wanted
JOIN programmes wp ON wp.region_id = wanted.region_id AND wp.id = wanted.programme_id
JOIN groups g ON g.region_id = wanted.region_id AND g.id <> wanted.id AND g.institution_id = wanted.institution_id
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id AND r.direction = wp.direction
JOIN guardians k ON k.region_id = $1 AND k.citizen_id = $2 AND k.person_id = $3
JOIN persons p ON p.region_id = k.region_id AND p.id = k.person_id
WHERE wanted.region_id = $1 AND wanted.id = $4 AND g.taken < g.capacity
  AND g.enrolment_opens_at <= $5 AND $5 < g.enrolment_closes_at
  AND full_months(p.birth_date, g.starts_on) >= g.age_from_months
  AND full_months(p.birth_date, g.starts_on) < g.age_until_months
  AND NOT EXISTS (
      SELECT FROM engagements e WHERE e.region_id = $1 AND e.identity = p.identity AND e.times && g.lessons)
ORDER BY g.programme_id <> wanted.programme_id, abs(g.starts_on - wanted.starts_on), g.id
LIMIT 3;

-- name: apply_to_group
SELECT apply_to_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: move_application
SELECT move_application($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10);

-- name: list_applications
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM guardians g
JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND ($3::text IS NULL OR a.status = $3)
  AND ($4::uuid IS NULL OR a.id < $4)
ORDER BY a.id DESC
LIMIT $5;

-- name: find_application
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM applications a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.id = $3 AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id);

-- name: list_received_applications
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM applications a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.institution_id = $2 AND ($3::text IS NULL OR a.status = $3)
  AND ($4::uuid IS NULL OR a.group_id = $4) AND ($5::uuid IS NULL OR a.id > $5)
ORDER BY a.id
LIMIT $6;

-- name: find_received_application
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM applications a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.id = $3;
