-- name: find_practitioner
SELECT p.id FROM practitioners p
WHERE p.region_id = $1 AND p.institution_id = $2 AND p.external_id = $3
  AND ($4::text IS NULL OR EXISTS (
      SELECT FROM practitioner_specialties s
      WHERE s.region_id = $1 AND s.practitioner_id = p.id AND s.specialty_code = $4));

-- name: locations
SELECT external_id, id FROM locations WHERE region_id = $1 AND institution_id = $2;

-- name: find_schedule
SELECT c.*, i.zone
FROM schedules c JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.region_id = $1 AND c.institution_id = $2 AND c.external_id = $3;

-- name: list_schedules
SELECT c.*
FROM schedules c JOIN practitioners p ON p.region_id = c.region_id AND p.id = c.practitioner_id
WHERE c.region_id = $1 AND c.institution_id = $2 AND ($3::text IS NULL OR p.external_id = $3)
  AND ($4::text IS NULL OR c.external_id > $4)
ORDER BY c.external_id
LIMIT $5;

-- name: lock_schedules
-- Of a practitioner, of a specialty, or all of an institution.
SELECT c.*, i.zone
FROM schedules c JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.region_id = $1 AND c.institution_id = $2 AND ($3::text IS NULL OR c.external_id = $3)
  AND ($4::uuid IS NULL OR c.practitioner_id = $4)
ORDER BY c.id
FOR UPDATE OF c;

-- name: schedules_to_announce
SELECT c.*, i.zone
FROM schedules c JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.region_id = $1 AND c.institution_id = $2 AND ($3::text IS NULL OR c.specialty_code = $3)
  AND (c.valid_to IS NULL OR c.valid_to >= $4)
ORDER BY c.specialty_code, c.id;

-- name: lock_due_schedules
-- Those whose slots are not all made yet, the farthest behind first; whoever makes some at the same time has others.
SELECT c.*, i.zone, ($1::timestamptz AT TIME ZONE i.zone)::date + c.horizon_days + 1 AS make_until
FROM schedules c JOIN institutions i ON i.region_id = c.region_id AND i.id = c.institution_id
WHERE c.made_until IS NULL
   OR c.made_until < least(($1::timestamptz AT TIME ZONE i.zone)::date + c.horizon_days + 1, c.valid_to)
ORDER BY c.made_until NULLS FIRST
LIMIT $2
FOR UPDATE OF c SKIP LOCKED;

-- name: put_schedule
INSERT INTO schedules (region_id, id, institution_id, external_id, practitioner_id, specialty_code, valid_from, valid_to,
                       rules, policy, horizon_days, release_time, window_minutes, min_lead_minutes, made_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT ON CONSTRAINT schedules_by_own_id DO UPDATE
SET practitioner_id = excluded.practitioner_id, specialty_code = excluded.specialty_code,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to, rules = excluded.rules, policy = excluded.policy,
    horizon_days = excluded.horizon_days, release_time = excluded.release_time,
    window_minutes = excluded.window_minutes, min_lead_minutes = excluded.min_lead_minutes,
    made_until = excluded.made_until;

-- name: set_made_until
UPDATE schedules SET made_until = $3 WHERE region_id = $1 AND id = $2;

-- name: delete_schedule
DELETE FROM schedules WHERE region_id = $1 AND id = $2;

-- name: slots_of_schedule
SELECT s.*, (SELECT count(*) FROM appointments a
             WHERE a.region_id = s.region_id AND a.slot_id = s.id AND a.status = 'booked') AS tickets
FROM slots s
WHERE s.region_id = $1 AND s.institution_id = $2
  AND (s.schedule_id = $3 AND s.starts_at >= $4 AND s.starts_at < $5 OR s.external_id = ANY ($6::text[]))
ORDER BY s.id;

-- name: slots_of_practitioner
SELECT s.*, (SELECT count(*) FROM appointments a
             WHERE a.region_id = s.region_id AND a.slot_id = s.id AND a.status = 'booked') AS tickets
FROM slots s
WHERE s.region_id = $1 AND s.practitioner_id = $2 AND s.starts_at > $3 AND s.starts_at < $5 AND s.ends_at > $4
ORDER BY s.id;

-- name: lock_slots
SELECT FROM slots WHERE region_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE;

-- name: put_slots
-- Whoever is there already, an arrived patient for one, keeps the place, whatever the capacity says.
INSERT INTO slots (region_id, institution_id, schedule_id, id, external_id, practitioner_id, specialty_code, location_id,
                   starts_at, ends_at, capacity, age_from, age_to, sex, purpose, channels, access, policy, internet_at,
                   min_lead_minutes)
SELECT $1, $2, $3, given.id, given.external_id, given.practitioner_id, given.specialty_code, given.location_id,
       given.starts_at, given.ends_at, given.capacity, given.age_from, given.age_to, given.sex, given.purpose,
       string_to_array(given.channels, ','), given.access, given.policy, given.internet_at, given.min_lead_minutes
FROM unnest(
    $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::uuid[], $9::timestamptz[], $10::timestamptz[], $11::smallint[],
    $12::smallint[], $13::smallint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
    $19::timestamptz[], $20::integer[]
) AS given (id, external_id, practitioner_id, specialty_code, location_id, starts_at, ends_at, capacity, age_from,
            age_to, sex, purpose, channels, access, policy, internet_at, min_lead_minutes)
ON CONFLICT ON CONSTRAINT slots_by_own_id DO UPDATE
SET schedule_id = excluded.schedule_id, practitioner_id = excluded.practitioner_id,
    specialty_code = excluded.specialty_code, location_id = excluded.location_id, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, capacity = greatest(excluded.capacity, slots.taken), age_from = excluded.age_from,
    age_to = excluded.age_to, sex = excluded.sex, purpose = excluded.purpose, channels = excluded.channels,
    access = excluded.access, policy = excluded.policy, internet_at = excluded.internet_at,
    min_lead_minutes = excluded.min_lead_minutes, status = 'open'
RETURNING id;

-- name: shut_slots
UPDATE slots SET status = 'closed' WHERE region_id = $1 AND id = ANY ($2::uuid[]);

-- name: close_slots
SELECT close_slot($1, slot_id, $3, $4) FROM unnest($2::uuid[]) AS slot_id;

-- name: shrink_slots
SELECT shrink_slot($1, given.slot_id, given.capacity, $4, $5)
FROM unnest($2::uuid[], $3::integer[]) AS given (slot_id, capacity);

-- name: renew_terms
SELECT renew_terms($1, slot_id, $3, $4) FROM unnest($2::uuid[]) AS slot_id;

-- name: offer_slots
SELECT offer_slots($1, $2, $3::uuid[], $4);

-- name: tickets_of_slots
SELECT id, slot_id, number, starts_at FROM appointments
WHERE region_id = $1 AND slot_id = ANY ($2::uuid[]) AND status = 'booked'
ORDER BY starts_at, slot_id, created_at, id;

-- name: calendar_days
SELECT day, works_as FROM calendar_days
WHERE region_id = $1 AND institution_id = $2 AND day BETWEEN $3 AND $4;

-- name: put_calendar_day
INSERT INTO calendar_days (region_id, institution_id, day, works_as) VALUES ($1, $2, $3, $4)
ON CONFLICT (region_id, institution_id, day) DO UPDATE SET works_as = excluded.works_as;

-- name: delete_calendar_day
DELETE FROM calendar_days WHERE region_id = $1 AND institution_id = $2 AND day = $3;

-- name: blocks_of_practitioner
SELECT begins_at, ends_at, reason FROM practitioner_blocks
WHERE region_id = $1 AND practitioner_id = $2 AND begins_at < $4 AND ends_at > $3
ORDER BY begins_at, ends_at;

-- name: add_block
INSERT INTO practitioner_blocks (region_id, practitioner_id, begins_at, ends_at, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (region_id, practitioner_id, begins_at, ends_at) DO UPDATE SET reason = excluded.reason;

-- name: delete_block
DELETE FROM practitioner_blocks
WHERE region_id = $1 AND practitioner_id = $2 AND begins_at = $3 AND ends_at = $4;
