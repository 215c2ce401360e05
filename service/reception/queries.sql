-- name: find_practitioner
SELECT id, last_name, first_name, patronymic FROM practitioners
WHERE region_id = $1 AND institution_id = $2 AND external_id = $3;

-- name: day_sheet
SELECT s.id, s.status, s.specialty_code, s.purpose, s.channels, l.room, s.starts_at, s.ends_at, s.capacity,
       CASE s.status WHEN 'open' THEN s.capacity - s.taken ELSE 0 END AS free,
       (SELECT count(*) FROM holds h WHERE h.region_id = $1 AND h.slot_id = s.id) AS held,
       coalesce((
           SELECT jsonb_agg(jsonb_build_object(
               'id', a.id, 'number', a.number, 'status', a.status, 'source', a.source, 'purpose', a.purpose,
               'referral_number', a.referral_number, 'override_reason', a.override_reason, 'arrived_at', a.arrived_at,
               'person', jsonb_build_object(
                   'id', p.id, 'last_name', p.last_name, 'first_name', p.first_name, 'patronymic', p.patronymic,
                   'birth_date', p.birth_date, 'sex', p.sex)
               ) ORDER BY a.arrived_at, a.number)
           FROM appointments a JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
           WHERE a.region_id = $1 AND a.slot_id = s.id AND a.status <> 'cancelled'), '[]') AS tickets
FROM slots s
JOIN locations l ON l.region_id = $1 AND l.id = s.location_id
WHERE s.region_id = $1 AND s.practitioner_id = $2 AND s.starts_at >= $3 AND s.starts_at < $4
ORDER BY s.starts_at, s.id;

-- name: find_delay
SELECT minutes FROM delays WHERE region_id = $1 AND practitioner_id = $2 AND day = $3;

-- name: put_delay
INSERT INTO delays (region_id, practitioner_id, day, minutes) VALUES ($1, $2, $3, $4)
ON CONFLICT (region_id, practitioner_id, day) DO UPDATE SET minutes = excluded.minutes;

-- name: todays_places
SELECT s.practitioner_id AS id, p.last_name, p.first_name, p.patronymic, s.specialty_code,
       (s.starts_at AT TIME ZONE $5)::date AS day,
       sum(s.capacity - s.taken) AS free,
       coalesce(sum(s.capacity - s.taken) FILTER (
           WHERE s.internet_at <= $3 AND s.starts_at - make_interval(mins => s.min_lead_minutes) > $3
             AND coalesce(s.access, o.access) <> 'closed'), 0) AS internet,
       coalesce(sum(s.capacity - s.taken) FILTER (WHERE 'desk' = ANY (s.channels)), 0) AS desk,
       coalesce(sum(s.capacity - s.taken) FILTER (WHERE 'call_centre' = ANY (s.channels)), 0) AS call_centre,
       coalesce(sum(s.capacity - s.taken) FILTER (WHERE 'doctor' = ANY (s.channels)), 0) AS doctor,
       coalesce(sum(s.capacity - s.taken) FILTER (WHERE 'other_clinic' = ANY (s.channels)), 0) AS other_clinic,
       (array_agg(s.id ORDER BY s.starts_at, s.id))[1] AS first_slot_id, min(s.starts_at) AS first_starts_at
FROM slots s
JOIN practitioners p ON p.region_id = $1 AND p.id = s.practitioner_id
JOIN offered_specialties o ON o.region_id = $1 AND o.institution_id = $2 AND o.specialty_code = s.specialty_code
WHERE s.region_id = $1 AND s.institution_id = $2 AND s.starts_at > $3 AND s.starts_at < $4 AND s.status = 'open'
  AND s.taken < s.capacity
GROUP BY s.practitioner_id, p.last_name, p.first_name, p.patronymic, s.specialty_code, day
ORDER BY day, p.last_name, p.first_name, s.practitioner_id, s.specialty_code;

-- name: find_ticket_by_number
SELECT id, person_id, citizen_id FROM appointments WHERE region_id = $1 AND institution_id = $2 AND number = $3;

-- name: find_ticket
SELECT a.*, p.last_name, p.first_name, p.patronymic, p.birth_date, p.sex,
       (SELECT s.practitioner_id FROM slots s WHERE s.region_id = a.region_id AND s.id = a.slot_id) AS practitioner_id
FROM appointments a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.id = $3;

-- name: set_appointment_status
SELECT set_appointment_status($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: mark_no_shows
SELECT mark_no_shows($1, $2, $3);

-- name: book_for_patient
SELECT book_for_patient($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: cancel_for_patient
SELECT cancel_for_patient($1, $2, $3, $4, $5, $6, $7);

-- name: reschedule_for_patient
SELECT reschedule_for_patient($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: find_place_in_queue
SELECT a.status, a.purpose, a.starts_at, a.terms ->> 'zone' AS zone, s.practitioner_id, coalesce(d.minutes, 0) AS delay
FROM appointments a
JOIN slots s ON s.region_id = a.region_id AND s.id = a.slot_id
LEFT JOIN delays d ON d.region_id = a.region_id AND d.practitioner_id = s.practitioner_id
                  AND d.day = (a.starts_at AT TIME ZONE (a.terms ->> 'zone'))::date
WHERE a.region_id = $1 AND a.id = $3 AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id);

-- name: list_queue
SELECT id, starts_at, arrived_at, number, minutes FROM list_queue($1, $2, $3, $4);

-- name: appeal_no_show
SELECT appeal_no_show($1, $2, $3, $4, $5, $6);

-- name: find_appeal
SELECT id, appeal, appeal_decided_at, excused FROM appointments WHERE region_id = $1 AND id = $2;

-- name: list_appeals
SELECT a.id, a.number, a.starts_at, a.terms, a.appeal, a.appeal_decided_at, a.excused,
       p.id AS person_id, p.last_name, p.first_name, p.patronymic, p.birth_date, p.sex
FROM appointments a
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.appeal IS NOT NULL AND a.status = 'noshow'
  AND ($3::text IS NULL OR $3 = CASE
      WHEN a.appeal_decided_at IS NULL THEN 'open' WHEN a.excused THEN 'excused' ELSE 'refused' END)
  AND ($4::timestamptz IS NULL OR (a.starts_at, a.id) < ($4, $5::uuid))
ORDER BY a.starts_at DESC, a.id DESC
LIMIT $6;

-- name: decide_appeal
SELECT decide_appeal($1, $2, $3, $4, $5, $6, $7);
