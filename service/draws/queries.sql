-- name: days_to_draw
-- Days with slots that no draw has yet, without those whose draw is closed already.
SELECT s.region_id, s.institution_id, s.specialty_code, (s.starts_at AT TIME ZONE i.zone)::date AS day,
       coalesce(min(d.closes_at), min(s.internet_at)) AS closes_at, max(nullif(h.window_minutes, 0)) AS window_minutes
FROM regions r
JOIN slots s ON s.region_id = r.code
JOIN institutions i ON i.region_id = s.region_id AND i.id = s.institution_id
LEFT JOIN schedules h ON h.region_id = s.region_id AND h.id = s.schedule_id
LEFT JOIN draws d ON d.region_id = s.region_id AND d.institution_id = s.institution_id
                 AND d.specialty_code = s.specialty_code AND d.day = (s.starts_at AT TIME ZONE i.zone)::date
WHERE s.policy = 'draw' AND s.draw_id IS NULL AND s.status = 'open' AND s.purpose <> 'home_visit'
  AND 'internet' = ANY (s.channels) AND s.internet_at > $1 AND s.internet_at < 'infinity'
  AND (d.id IS NULL OR d.closes_at > $1)
GROUP BY 1, 2, 3, 4
ORDER BY 5
LIMIT $2;

-- name: make_draw
SELECT make_draw($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: groups_to_draw
-- Groups that are filled by draw and have none yet.
SELECT g.region_id, g.id, g.institution_id
FROM regions r
JOIN groups g ON g.region_id = r.code
LEFT JOIN draws d ON d.region_id = g.region_id AND d.group_id = g.id
WHERE g.collect_until IS NOT NULL AND g.filled_at IS NULL AND g.filling = 'draw' AND d.id IS NULL
ORDER BY g.collect_until
LIMIT $1;

-- name: make_group_draw
SELECT make_group_draw($1, $2, $3, $4, $5, $6, $7);

-- name: give_up_draws
-- Of groups that are no longer filled so: nobody had applied yet.
DELETE FROM draws d USING regions r, groups g
WHERE d.region_id = r.code AND d.drawn_at IS NULL AND d.closed_at IS NULL AND d.group_id IS NOT NULL
  AND g.region_id = d.region_id AND g.id = d.group_id AND g.filling <> 'draw'
RETURNING d.id;

-- name: follow_groups
-- A group that was published anew meanwhile is collected for until another time.
UPDATE draws d SET opens_at = g.enrolment_opens_at, closes_at = g.collect_until,
                   day = (g.collect_until AT TIME ZONE i.zone)::date
FROM regions r, groups g, institutions i
WHERE d.region_id = r.code AND d.drawn_at IS NULL AND d.closed_at IS NULL AND d.group_id IS NOT NULL
  AND g.region_id = d.region_id AND g.id = d.group_id AND g.filling = 'draw'
  AND i.region_id = d.region_id AND i.id = d.institution_id
  AND (d.opens_at, d.closes_at) <> (g.enrolment_opens_at, g.collect_until)
RETURNING d.id;

-- name: hold_back
-- A slot that was published anew meanwhile would open in the middle of the draw.
UPDATE slots s SET internet_at = s.starts_at
FROM regions r JOIN draws d ON d.region_id = r.code
WHERE d.drawn_at IS NULL AND s.region_id = d.region_id AND s.draw_id = d.id AND s.policy = 'draw'
  AND s.internet_at <> s.starts_at
RETURNING s.id;

-- name: next_to_close
-- In no order: one that can't be done does not stand in the way of the others.
SELECT d.region_id, d.id, d.institution_id, d.group_id, d.seed_hash
FROM regions r JOIN draws d ON d.region_id = r.code
WHERE d.drawn_at IS NULL AND d.closed_at IS NULL AND d.closes_at <= $1
ORDER BY random()
LIMIT 1
FOR UPDATE OF d SKIP LOCKED;

-- name: lock_group
-- Applications that are under way come before, or see that collecting is over.
SELECT FROM groups WHERE region_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: places_of_group
SELECT id, CASE WHEN filling = 'draw' THEN capacity - taken ELSE 0 END AS places FROM groups
WHERE region_id = $1 AND id = $2;

-- name: requests_of_group
SELECT draw_request_id AS id, ARRAY[group_id] AS wishes FROM applications
WHERE region_id = $1 AND group_id = $2 AND status = 'submitted' AND NOT placed;

-- name: places_of_draw
-- What was taken away or moved to another day meanwhile is still wished for, and has no places.
SELECT s.id, CASE WHEN s.policy = 'draw' AND s.status = 'open' AND (s.starts_at AT TIME ZONE i.zone)::date = d.day
                  THEN s.capacity - s.taken ELSE 0 END AS places
FROM draws d
JOIN institutions i ON i.region_id = d.region_id AND i.id = d.institution_id
JOIN slots s ON s.region_id = d.region_id AND s.draw_id = d.id
WHERE d.region_id = $1 AND d.id = $2;

-- name: requests_of_draw
SELECT id, wishes FROM draw_requests WHERE region_id = $1 AND draw_id = $2 AND status = 'waiting';

-- name: close_draw
UPDATE draws SET closed_at = $3, requests = $4, requests_digest = $5, record = $6::jsonb
WHERE region_id = $1 AND id = $2;

-- name: next_to_draw
SELECT d.region_id, d.id, d.institution_id, d.group_id, d.seed_sealed
FROM regions r JOIN draws d ON d.region_id = r.code
WHERE d.drawn_at IS NULL AND d.closed_at <= $1
ORDER BY random()
LIMIT 1
FOR UPDATE OF d SKIP LOCKED;

-- name: find_closing
SELECT record::text FROM draws WHERE region_id = $1 AND id = $2;

-- name: open_slots
-- From now on they can be booked, by the winners first: nobody else sees this before the draw is done.
UPDATE slots SET internet_at = $3
WHERE region_id = $1 AND draw_id = $2 AND policy = 'draw' AND internet_at = starts_at;

-- name: award
SELECT award($1, given.request_id, given.slot_id, given.appointment_id, given.number, given.event_id, given.told_id, $2)
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[]) WITH ORDINALITY
    AS given (request_id, slot_id, appointment_id, number, event_id, told_id, place)
ORDER BY given.place;

-- name: keep_record
UPDATE draws SET drawn_at = $3, record = $4::jsonb WHERE region_id = $1 AND id = $2;

-- name: list_draws
SELECT d.id, d.institution_id, d.specialty_code, d.group_id, d.day, d.opens_at, d.closes_at, d.closed_at, d.drawn_at, d.requests,
       d.seed_hash, d.requests_digest, i.zone,
       (SELECT count(*) FROM slots s WHERE s.region_id = d.region_id AND s.draw_id = d.id AND s.status = 'open')
       + (d.group_id IS NOT NULL)::int AS slots
FROM draws d JOIN institutions i ON i.region_id = d.region_id AND i.id = d.institution_id
WHERE d.region_id = $1 AND d.institution_id = $2 AND ($3::text IS NULL OR d.specialty_code = $3)
  AND ($8::uuid IS NULL OR d.group_id = $8)
  AND d.closes_at > $4 AND ($5::date IS NULL OR (d.day, d.id) > ($5, $6::uuid))
ORDER BY d.day, d.id
LIMIT $7;

-- name: find_draw
SELECT d.id, d.institution_id, d.specialty_code, d.group_id, d.day, d.opens_at, d.closes_at, d.closed_at, d.drawn_at, d.requests,
       d.seed_hash, d.requests_digest, i.zone
FROM draws d JOIN institutions i ON i.region_id = d.region_id AND i.id = d.institution_id
WHERE d.region_id = $1 AND d.id = $2;

-- name: times_of_draw
SELECT s.id, s.starts_at, s.ends_at, s.capacity - s.taken AS places, s.age_from, s.age_to, s.sex,
       p.id AS practitioner_id, p.last_name, p.first_name, p.patronymic, l.name, l.address, l.room
FROM slots s
JOIN practitioners p ON p.region_id = s.region_id AND p.id = s.practitioner_id
JOIN locations l ON l.region_id = s.region_id AND l.id = s.location_id
WHERE s.region_id = $1 AND s.draw_id = $2 AND s.status = 'open'
ORDER BY s.starts_at, s.id;

-- name: find_record
SELECT drawn_at, CASE WHEN drawn_at IS NOT NULL THEN record::text END AS record FROM draws
WHERE region_id = $1 AND id = $2;

-- name: request_draw
SELECT request_draw($1, $2, $3, $4, $5, $6, $7::uuid[], $8, $9, $10, $11);

-- name: withdraw_draw_request
SELECT withdraw_draw_request($1, $2, $3, $4, $5);

-- name: list_requests
SELECT r.*, p.last_name, p.first_name, p.patronymic, i.zone
FROM draw_requests r
JOIN persons p ON p.region_id = r.region_id AND p.id = r.person_id
JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
JOIN institutions i ON i.region_id = d.region_id AND i.id = d.institution_id
WHERE r.region_id = $1 AND r.citizen_id = $2 AND ($3::uuid IS NULL OR r.draw_id = $3)
  AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5::uuid))
ORDER BY r.created_at DESC, r.id DESC
LIMIT $6;

-- name: find_request
SELECT r.*, p.last_name, p.first_name, p.patronymic, i.zone
FROM draw_requests r
JOIN persons p ON p.region_id = r.region_id AND p.id = r.person_id
JOIN draws d ON d.region_id = r.region_id AND d.id = r.draw_id
JOIN institutions i ON i.region_id = d.region_id AND i.id = d.institution_id
WHERE r.region_id = $1 AND r.id = $2 AND r.citizen_id = $3;
