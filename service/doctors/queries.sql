-- name: offer_specialties
INSERT INTO offered_specialties (region_id, institution_id, specialty_code, access)
SELECT $1, $2, s.code, s.access FROM specialties s WHERE s.code = ANY ($3::text[])
ON CONFLICT DO NOTHING;

-- name: put_specialty
INSERT INTO offered_specialties (region_id, institution_id, specialty_code, access)
SELECT $1, $2, s.code, $4 FROM specialties s WHERE s.code = $3
ON CONFLICT (region_id, institution_id, specialty_code) DO UPDATE SET access = excluded.access
RETURNING (SELECT name_ru FROM specialties s WHERE s.code = specialty_code) AS name_ru,
          (SELECT name_en FROM specialties s WHERE s.code = specialty_code) AS name_en;

-- name: count_specialties
SELECT count(*) FROM specialties WHERE code = ANY ($1::text[]);

-- name: list_specialties
SELECT s.code, s.name_ru, s.name_en, o.access
FROM offered_specialties o JOIN specialties s ON s.code = o.specialty_code
WHERE o.region_id = $1 AND o.institution_id = $2
ORDER BY s.name_ru, s.code;

-- name: put_practitioner
INSERT INTO practitioners (region_id, id, institution_id, external_id, last_name, first_name, patronymic)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT practitioners_by_own_id DO UPDATE
SET last_name = excluded.last_name, first_name = excluded.first_name, patronymic = excluded.patronymic
RETURNING id;

-- name: drop_practitioner_specialties
DELETE FROM practitioner_specialties
WHERE region_id = $1 AND practitioner_id = $2 AND specialty_code <> ALL ($3::text[]);

-- name: add_practitioner_specialties
INSERT INTO practitioner_specialties (region_id, practitioner_id, institution_id, specialty_code)
SELECT $1, $2, $3, unnest($4::text[])
ON CONFLICT DO NOTHING;

-- name: list_practitioners
SELECT p.id, p.institution_id, p.external_id, p.last_name, p.first_name, p.patronymic,
       array(SELECT s.specialty_code FROM practitioner_specialties s
             WHERE s.region_id = p.region_id AND s.practitioner_id = p.id ORDER BY 1) AS specialty_codes
FROM practitioners p
WHERE p.region_id = $1 AND p.institution_id = $2
  AND ($3::text IS NULL OR EXISTS (
      SELECT FROM practitioner_specialties s
      WHERE s.region_id = p.region_id AND s.practitioner_id = p.id AND s.specialty_code = $3))
  AND ($4::text IS NULL OR (p.last_name, p.first_name, p.id) > ($4, $5, $6::uuid))
ORDER BY p.last_name, p.first_name, p.id
LIMIT $7;

-- name: put_location
INSERT INTO locations (region_id, id, institution_id, external_id, name, address, room)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT locations_by_own_id DO UPDATE
SET name = excluded.name, address = excluded.address, room = excluded.room
RETURNING id;

-- name: put_attachments
INSERT INTO attachments (region_id, institution_id, identity, section, since)
SELECT $1, $2, given.identity, given.section, given.since
FROM unnest($3::bytea[], $4::text[], $5::date[]) AS given (identity, section, since)
ON CONFLICT (region_id, institution_id, identity) DO UPDATE SET section = excluded.section, since = excluded.since;

-- name: known_practitioners
SELECT p.external_id, p.id, s.specialty_code
FROM practitioners p
JOIN practitioner_specialties s ON s.region_id = p.region_id AND s.practitioner_id = p.id
WHERE p.region_id = $1 AND p.institution_id = $2 AND p.external_id = ANY ($3::text[]);

-- name: known_locations
SELECT external_id, id FROM locations
WHERE region_id = $1 AND institution_id = $2 AND external_id = ANY ($3::text[]);

-- name: lock_slots
SELECT * FROM slots
WHERE region_id = $1 AND institution_id = $2
  AND (starts_at >= $3 AND starts_at < $4 AND schedule_id IS NULL OR external_id = ANY ($5::text[]))
ORDER BY id
FOR UPDATE;

-- name: put_slots
INSERT INTO slots (region_id, institution_id, id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity, age_from, age_to, sex, purpose, channels, access, policy, min_lead_minutes,
                   schedule_id, internet_at)
SELECT $1, $2, id, external_id, practitioner_id, specialty_code, location_id, starts_at, ends_at, capacity, age_from,
       age_to, sex, purpose, channels.set, access, policy, min_lead_minutes, schedule_id,
       coalesce(internet_at, CASE WHEN 'internet' = ANY (channels.set) THEN '-infinity' ELSE 'infinity' END::timestamptz)
FROM unnest(
    $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::timestamptz[], $9::timestamptz[], $10::smallint[],
    $11::smallint[], $12::smallint[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::integer[],
    $19::uuid[], $20::timestamptz[])
    AS given (id, external_id, practitioner_id, specialty_code, location_id, starts_at, ends_at, capacity, age_from,
              age_to, sex, purpose, channels, access, policy, min_lead_minutes, schedule_id, internet_at),
    string_to_array(given.channels, ',') AS channels (set)
ON CONFLICT ON CONSTRAINT slots_by_own_id DO UPDATE
SET practitioner_id = excluded.practitioner_id, specialty_code = excluded.specialty_code,
    location_id = excluded.location_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    capacity = excluded.capacity, age_from = excluded.age_from, age_to = excluded.age_to, sex = excluded.sex,
    purpose = excluded.purpose, channels = excluded.channels, access = excluded.access, policy = excluded.policy,
    min_lead_minutes = excluded.min_lead_minutes, schedule_id = excluded.schedule_id,
    internet_at = excluded.internet_at, status = 'open'
RETURNING id;

-- name: offer_slots
SELECT offer_slots($1, $2, $3::uuid[], $4);

-- name: close_slots
UPDATE slots SET status = 'closed' WHERE region_id = $1 AND id = ANY ($2::uuid[]);

-- name: tickets_of_slots
SELECT slot_id, number, starts_at FROM appointments
WHERE region_id = $1 AND slot_id = ANY ($2::uuid[]) AND status IN ('booked', 'arrived')
ORDER BY starts_at, created_at, id;

-- name: close_booked_slot
SELECT close_slot($1, $2, $3, $4);

-- name: shrink_slot
SELECT shrink_slot($1, $2, $3, $4, $5);

-- name: renew_terms_at
SELECT number, starts_at FROM renew_terms_at($1, $2, $3, $4) ORDER BY starts_at, number;

-- name: renew_terms
SELECT renew_terms($1, $2, $3, $4);

-- name: put_booking_rules
UPDATE institutions
SET require_attachment = $3, cancel_until_minutes = $4, hold_minutes = $5, offer_minutes = $6, rebooking_hours = $7,
    rest_minutes = $8, most_tickets = $9, most_bookings = $10, bookings_days = $11, check_referrals = $12,
    noshow_after_minutes = $13, noshow_limit = $14, noshow_days = $15, noshow_pause_days = $16
WHERE region_id = $1 AND id = $2;

-- name: put_referrals
INSERT INTO referrals (region_id, institution_id, number, specialty_code, valid_from, valid_to, identity)
SELECT $1, $2, given.* FROM unnest($3::text[], $4::text[], $5::date[], $6::date[], $7::bytea[]) AS given
ON CONFLICT (region_id, institution_id, number) DO UPDATE
SET specialty_code = excluded.specialty_code, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    identity = excluded.identity;

-- name: list_slots
-- The page is cut before it is joined: a plan made for any arguments would else read and sort all free slots.
SELECT s.id, s.specialty_code, s.starts_at, s.ends_at, s.capacity - s.taken AS free, s.age_from, s.age_to, s.sex,
       s.purpose, p.id AS practitioner_id, p.last_name, p.first_name, p.patronymic, l.name, l.address, l.room
FROM (
    SELECT * FROM slots
    WHERE region_id = $1 AND institution_id = $2 AND status = 'open' AND taken < capacity
      AND specialty_code = $3 AND ($4::uuid IS NULL OR practitioner_id = $4)
      AND (starts_at, id) > ($5, $6::uuid) AND starts_at < $7
      AND internet_at <= $8 AND starts_at > $8 + min_lead_minutes * interval '1 minute'
      AND ($9::text IS NULL OR purpose = $9)
    ORDER BY starts_at, id
    LIMIT $10
) s
JOIN practitioners p ON p.region_id = $1 AND p.id = s.practitioner_id
JOIN locations l ON l.region_id = $1 AND l.id = s.location_id
ORDER BY s.starts_at, s.id;

-- name: nearest_free_slots
SELECT s.id, s.starts_at, i.zone
FROM slots wanted
JOIN institutions i ON i.region_id = wanted.region_id AND i.id = wanted.institution_id
JOIN slots s ON s.region_id = wanted.region_id AND s.institution_id = wanted.institution_id
            AND s.specialty_code = wanted.specialty_code
WHERE wanted.region_id = $1 AND wanted.id = $2 AND s.status = 'open' AND s.taken < s.capacity
  AND s.internet_at <= $3 AND s.starts_at > $3 + s.min_lead_minutes * interval '1 minute'
  AND s.purpose = wanted.purpose
  AND s.age_from IS NOT DISTINCT FROM wanted.age_from AND s.age_to IS NOT DISTINCT FROM wanted.age_to
  AND s.sex IS NOT DISTINCT FROM wanted.sex
ORDER BY s.practitioner_id <> wanted.practitioner_id, abs(extract(epoch FROM s.starts_at - wanted.starts_at)), s.id
LIMIT 3;

-- name: hold_slot
SELECT hold_slot($1, $2, $3, $4, $5, $6, $7);

-- name: release_hold
SELECT release_hold($1, $2, $3, $4);

-- name: expire_holds
SELECT expire_holds($1);

-- name: book_appointments
SELECT book_appointments($1, $2, $3, $4, $5, $6::jsonb, $7);

-- name: reschedule_appointment
SELECT reschedule_appointment($1, $2, $3, $4, $5, $6);

-- name: cancel_appointment
SELECT cancel_appointment($1, $2, $3, $4, $5);

-- name: list_appointments
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM guardians g
JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id
JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND ($3::uuid IS NULL OR g.person_id = $3)
  AND ($4::timestamptz IS NULL OR (a.starts_at, a.id) < ($4, $5::uuid))
ORDER BY a.starts_at DESC, a.id DESC
LIMIT $6;

-- name: find_appointment
SELECT a.*, p.last_name, p.first_name, p.patronymic
FROM appointments a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.id = $3 AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id);
