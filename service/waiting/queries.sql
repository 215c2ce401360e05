-- name: join_waiting_list
SELECT join_waiting_list($1, $2, $3, $4, $5::jsonb, $6::uuid[], $7, $8, $9);

-- name: list_waiting_list
SELECT e.id, shown_entry(e, persons_waiting(e), $4) AS shown
FROM waiting_entries e
WHERE e.region_id = $1 AND e.citizen_id = $2 AND ($3::uuid IS NULL OR e.id < $3)
ORDER BY e.id DESC
LIMIT $5;

-- name: find_waiting_entry
SELECT shown_entry(e, persons_waiting(e), $4)
FROM waiting_entries e
WHERE e.region_id = $1 AND e.citizen_id = $2 AND e.id = $3;

-- name: leave_waiting_list
SELECT leave_waiting_list($1, $2, $3, $4, $5);

-- name: list_offers
SELECT o.*, i.name, i.zone, y.name_ru, y.name_en, offered_places(o) AS shown_places
FROM (
    SELECT * FROM offers WHERE region_id = $1 AND citizen_id = $2 AND entry_id IS NOT NULL AND status = 'open'
    UNION ALL
    SELECT o.* FROM guardians g
    JOIN appointments a ON a.region_id = g.region_id AND a.person_id = g.person_id AND a.status = 'orphaned'
    JOIN offers o ON o.region_id = a.region_id AND o.appointment_id = a.id AND o.status = 'open'
    WHERE g.region_id = $1 AND g.citizen_id = $2
) o
JOIN institutions i ON i.region_id = $1 AND i.id = o.institution_id
JOIN specialties y ON y.code = o.specialty_code
WHERE o.expires_at IS NULL OR o.expires_at > $3
ORDER BY o.created_at, o.id;

-- name: find_offer
SELECT o.*, i.name, i.zone, y.name_ru, y.name_en, offered_places(o) AS shown_places
FROM offers o
JOIN institutions i ON i.region_id = o.region_id AND i.id = o.institution_id
JOIN specialties y ON y.code = o.specialty_code
WHERE o.region_id = $1 AND o.id = $2;

-- name: accept_offer
SELECT accept_offer($1, $2, $3, $4::uuid[], $5::text[], $6);

-- name: decline_offer
SELECT decline_offer($1, $2, $3, $4);

-- name: list_rebookings
SELECT o.id, o.created_at, o.expires_at, a.id AS appointment_id, a.number, a.terms, offered_places(o) AS shown_places,
       p.id AS person_id, p.last_name, p.first_name, p.patronymic,
       (SELECT count(*) FROM offers l
        WHERE l.region_id = o.region_id AND l.appointment_id = a.id AND l.status = 'lapsed') AS lapses
FROM offers o
JOIN appointments a ON a.region_id = o.region_id AND a.id = o.appointment_id
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE o.region_id = $1 AND o.institution_id = $2 AND o.status = 'open' AND ($3::text IS NULL OR o.specialty_code = $3)
  AND ($4::timestamptz IS NULL OR (o.created_at, o.id) > ($4, $5::uuid))
ORDER BY o.created_at, o.id
LIMIT $6;

-- name: lapse_an_offer
SELECT lapse_an_offer($1);

-- name: rebook_a_ticket
SELECT rebook_a_ticket($1);

-- name: offer_a_free_place
SELECT offer_a_free_place($1);

-- name: expire_entries
SELECT expire_entries($1);
