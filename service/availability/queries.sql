-- name: list_first_free
-- One probe of slots_free for each clinic, however many slots it has. What a citizen may take now is what list_slots says.
SELECT i.id, i.name, i.municipality, i.zone, free.starts_at
FROM offered_specialties o
JOIN institutions i ON i.region_id = o.region_id AND i.id = o.institution_id
LEFT JOIN LATERAL (
    SELECT s.starts_at FROM slots s
    WHERE s.region_id = $1 AND s.institution_id = i.id AND s.specialty_code = $2 AND s.status = 'open'
      AND s.taken < s.capacity AND s.starts_at > $4 AND s.internet_at <= $4
      AND s.starts_at - make_interval(mins => s.min_lead_minutes) > $4 AND coalesce(s.access, o.access) <> 'closed'
    ORDER BY s.starts_at, s.id
    LIMIT 1
) free ON true
WHERE o.region_id = $1 AND o.specialty_code = $2 AND ($3::text IS NULL OR i.municipality = $3)
ORDER BY i.name, i.id;

-- name: search_region
-- The page is cut before it is joined, by the order of slots_free_in_region.
SELECT s.id, s.specialty_code, s.starts_at, s.ends_at, s.capacity - s.taken AS free, s.age_from, s.age_to, s.sex,
       s.purpose, i.id AS clinic_id, i.name AS clinic_name, i.municipality, i.zone,
       p.id AS practitioner_id, p.last_name, p.first_name, p.patronymic, l.name, l.address, l.room
FROM (
    SELECT * FROM slots
    WHERE region_id = $1 AND specialty_code = $2 AND status = 'open' AND taken < capacity
      AND (starts_at, id) > ($3, $4::uuid) AND starts_at < $5 AND internet_at <= $6
      AND starts_at - make_interval(mins => min_lead_minutes) > $6
      AND coalesce(access, (
          SELECT o.access FROM offered_specialties o
          WHERE o.region_id = $1 AND o.institution_id = slots.institution_id AND o.specialty_code = $2)) <> 'closed'
    ORDER BY starts_at, id
    LIMIT $7
) s
JOIN institutions i ON i.region_id = $1 AND i.id = s.institution_id
JOIN practitioners p ON p.region_id = $1 AND p.id = s.practitioner_id
JOIN locations l ON l.region_id = $1 AND l.id = s.location_id
ORDER BY s.starts_at, s.id;

-- name: search_municipality
-- A page of each clinic of the town in slots_free, merged: by time through the whole region, a small town's few slots would
-- be looked for among everybody's.
SELECT s.id, s.specialty_code, s.starts_at, s.ends_at, s.capacity - s.taken AS free, s.age_from, s.age_to, s.sex,
       s.purpose, i.id AS clinic_id, i.name AS clinic_name, i.municipality, i.zone,
       p.id AS practitioner_id, p.last_name, p.first_name, p.patronymic, l.name, l.address, l.room
FROM (
    SELECT free.starts_at, free.id
    FROM institutions i
    JOIN offered_specialties o ON o.region_id = i.region_id AND o.institution_id = i.id AND o.specialty_code = $2
    CROSS JOIN LATERAL (
        SELECT starts_at, id FROM slots
        WHERE region_id = $1 AND institution_id = i.id AND specialty_code = $2 AND status = 'open'
          AND taken < capacity AND (starts_at, id) > ($3, $4::uuid) AND starts_at < $5 AND internet_at <= $6
          AND starts_at - make_interval(mins => min_lead_minutes) > $6 AND coalesce(access, o.access) <> 'closed'
        ORDER BY starts_at, id
        LIMIT $7
    ) free
    WHERE i.region_id = $1 AND i.municipality = $8
    ORDER BY free.starts_at, free.id
    LIMIT $7
) found
JOIN slots s ON s.region_id = $1 AND s.id = found.id
JOIN institutions i ON i.region_id = $1 AND i.id = s.institution_id
JOIN practitioners p ON p.region_id = $1 AND p.id = s.practitioner_id
JOIN locations l ON l.region_id = $1 AND l.id = s.location_id
ORDER BY found.starts_at, found.id;
