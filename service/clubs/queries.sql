-- name: put_programme
INSERT INTO programmes (region_id, id, institution_id, external_id, name, direction, level, description, form, kind,
                        limitations, hours)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT ON CONSTRAINT programmes_by_own_id DO UPDATE
SET name = excluded.name, direction = excluded.direction, level = excluded.level, description = excluded.description,
    form = excluded.form, kind = excluded.kind, limitations = excluded.limitations, hours = excluded.hours
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
INSERT INTO groups (region_id, id, institution_id, external_id, taken, waiting, serial,
                    programme_id, name, school_year, continues_id, age_from, age_to, age_rule,
                    age_on, age_by_year, age_from_months, age_until_months, capacity, min_size,
                    starts_on, ends_on, hours_a_year, enrolment_opens_at, enrolment_closes_at,
                    lesson_plan, places, teachers, financing, documents, trial_places,
                    entrance_test, instant, waiting_list, filling, collect_until, campaign_id, lessons)
SELECT g.region_id, g.id, g.institution_id, g.external_id, g.taken, g.waiting, g.serial, g.programme_id,
       g.name, g.school_year, g.continues_id, g.age_from, g.age_to, g.age_rule, g.age_on, g.age_by_year,
       g.age_from_months, g.age_until_months, g.capacity, g.min_size, g.starts_on, g.ends_on, g.hours_a_year,
       g.enrolment_opens_at, g.enrolment_closes_at, g.lesson_plan, g.places, g.teachers, g.financing,
       g.documents, g.trial_places, g.entrance_test, g.instant, g.waiting_list, g.filling, g.collect_until,
       g.campaign_id, $2
FROM jsonb_populate_record(NULL::groups, $1::jsonb) AS g
ON CONFLICT ON CONSTRAINT groups_by_own_id DO UPDATE
SET programme_id = excluded.programme_id, name = excluded.name, school_year = excluded.school_year,
    continues_id = excluded.continues_id, age_from = excluded.age_from, age_to = excluded.age_to,
    age_rule = excluded.age_rule, age_on = excluded.age_on, age_by_year = excluded.age_by_year,
    age_from_months = excluded.age_from_months, age_until_months = excluded.age_until_months,
    capacity = excluded.capacity, min_size = excluded.min_size, starts_on = excluded.starts_on,
    ends_on = excluded.ends_on, hours_a_year = excluded.hours_a_year,
    enrolment_opens_at = excluded.enrolment_opens_at, enrolment_closes_at = excluded.enrolment_closes_at,
    lesson_plan = excluded.lesson_plan, places = excluded.places, teachers = excluded.teachers,
    financing = excluded.financing, documents = excluded.documents, trial_places = excluded.trial_places,
    entrance_test = excluded.entrance_test, instant = excluded.instant, waiting_list = excluded.waiting_list,
    filling = excluded.filling, collect_until = excluded.collect_until, campaign_id = excluded.campaign_id,
    lessons = excluded.lessons
RETURNING *;

-- name: days_off
SELECT each.day::date AS day
FROM generate_series($3::date, $4::date, '1 day') AS each (day)
LEFT JOIN national_days n ON n.day = each.day::date
LEFT JOIN calendar_days c ON c.region_id = $1 AND c.institution_id = $2 AND c.day = each.day::date
WHERE coalesce(c.day, n.day) IS NOT NULL
  AND CASE WHEN c.day IS NOT NULL THEN c.works_as IS NULL ELSE n.works_as IS NULL END;

-- name: call_off_lost_trials
SELECT call_off_lost_trials($1, $2, $3, $4, $5, $6, $7, $8);

-- name: offer_group_places
SELECT offer_group_places($1, $2, $3);

-- name: find_group
SELECT g.id, shown_group(g) AS shown FROM groups g
WHERE g.region_id = $1 AND g.institution_id = $2 AND g.external_id = $3;

-- name: follow_group
SELECT follow_group($1, $2, $3, $4, $5);

-- name: list_placed
SELECT a.id AS application_id, a.number, a.status, p.last_name, p.first_name, p.patronymic
FROM applications a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.group_id = $2 AND a.placed
ORDER BY a.serial, a.id;

-- name: list_busy
SELECT a.id AS application_id, a.number, a.status, p.last_name, p.first_name, p.patronymic
FROM applications a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.group_id = $2 AND is_busy_elsewhere(a.region_id, a.id, $3::tstzmultirange)
ORDER BY a.serial, a.id;

-- name: has_groups_not_of_sports
SELECT EXISTS (
    SELECT FROM groups
    WHERE region_id = $1 AND programme_id = $2 AND NOT (
        entrance_test AND financing @> '[{"source": "budget"}]' AND jsonb_array_length(financing) = 1));

-- name: add_group_lock
WITH locked AS (
    UPDATE groups SET locked_at = $5 WHERE region_id = $1 AND id = $2 RETURNING id
)
INSERT INTO group_locks (region_id, id, group_id, reason, locked_at, locked_by)
SELECT $1, $3, locked.id, $4, $5, $6 FROM locked;

-- name: end_group_lock
WITH unlocked AS (
    UPDATE groups SET locked_at = NULL WHERE region_id = $1 AND id = $2
)
UPDATE group_locks SET unlocked_at = $4, unlock_reason = $3, unlocked_by = $5
WHERE region_id = $1 AND group_id = $2 AND unlocked_at IS NULL;

-- name: list_group_locks
SELECT l.*, i.zone
FROM groups g
JOIN group_locks l ON l.region_id = g.region_id AND l.group_id = g.id
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
WHERE g.region_id = $1 AND g.institution_id = $2 AND g.external_id = $3 AND ($4::uuid IS NULL OR l.id < $4)
ORDER BY l.id DESC
LIMIT $5;

-- name: find_groups
SELECT find_groups($1, $2::jsonb, $3::jsonb, $4, $5, $6, $7, $8);

-- name: put_enrolment_rules
UPDATE institutions
SET decision_days = $3, decision_days_with_tests = $4, originals_days = $5, group_offer_hours = $6, overlap_rule = $7,
    travel_minutes = $8, most_applications = $9, most_groups = $10
WHERE region_id = $1 AND id = $2;

-- name: list_benefits
SELECT code, name, weight FROM benefits WHERE region_id = $1 AND institution_id = $2 ORDER BY weight DESC, code;

-- name: delete_other_benefits
DELETE FROM benefits WHERE region_id = $1 AND institution_id = $2 AND code <> ALL ($3::text[]);

-- name: put_benefits
INSERT INTO benefits (region_id, institution_id, code, name, weight)
SELECT $1, $2, given.* FROM unnest($3::text[], $4::text[], $5::smallint[]) AS given
ON CONFLICT (region_id, institution_id, code) DO UPDATE SET name = excluded.name, weight = excluded.weight;
