-- name: apply_to_groups
SELECT apply_to_groups($1, $2, $3, $4, $5, $6::jsonb, $7, $8);

-- name: nearest_free_groups
SELECT g.id, g.name, r.name AS programme_name, g.capacity - g.taken AS free
FROM groups wanted
JOIN programmes wp ON wp.region_id = wanted.region_id AND wp.id = wanted.programme_id
JOIN groups g ON g.region_id = wanted.region_id AND g.id <> wanted.id AND g.institution_id = wanted.institution_id
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id AND r.direction = wp.direction
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
JOIN guardians k ON k.region_id = $1 AND k.citizen_id = $2 AND k.person_id = $3
JOIN persons p ON p.region_id = k.region_id AND p.id = k.person_id
WHERE wanted.region_id = $1 AND wanted.id = $4 AND g.taken < g.capacity AND g.locked_at IS NULL
  AND g.filling = 'first_come'
  AND g.enrolment_opens_at <= $5 AND $5 < g.enrolment_closes_at
  AND age_refusal(g, p.birth_date, ($5 AT TIME ZONE i.zone)::date) IS NULL
  AND NOT EXISTS (
      SELECT FROM engagements e WHERE e.region_id = $1 AND e.identity = p.identity AND e.times && g.lessons
        AND NOT EXISTS (SELECT FROM trials t WHERE t.region_id = $1 AND t.id = e.booking_id AND t.group_id = g.id))
ORDER BY g.programme_id <> wanted.programme_id, abs(g.starts_on - wanted.starts_on), g.id
LIMIT 3;

-- name: withdraw_application
SELECT withdraw_application($1, $2, $3, $4);

-- name: accept_group_place
SELECT accept_group_place($1, $2, $3, $4);

-- name: decline_group_place
SELECT decline_group_place($1, $2, $3, $4);

-- name: draft_application
SELECT draft_application($1, $2, $3, $4, $5::jsonb, $6);

-- name: update_draft
SELECT update_draft($1, $2, $3, $4::jsonb, $5);

-- name: submit_application
SELECT submit_application($1, $2, $3, $4);

-- name: decide_application
SELECT decide_application($1, $2, $3, $4::jsonb, $5, $6);

-- name: lock_groups
SELECT id FROM groups
WHERE region_id = $1 AND id IN (
    WITH named AS (
        SELECT group_id, family_id FROM applications
        WHERE region_id = $1 AND institution_id = $2 AND id = ANY ($3::uuid[]))
    SELECT group_id FROM named
    UNION ALL
    SELECT f.group_id FROM named n JOIN applications f ON f.region_id = $1 AND f.family_id = n.family_id
    UNION ALL
    SELECT $4::uuid)
ORDER BY id FOR NO KEY UPDATE;

-- name: find_group_id
SELECT id FROM groups WHERE region_id = $1 AND institution_id = $2 AND external_id = $3;

-- name: transfer_application
SELECT transfer_application($1, $2, $3, $4, $5::jsonb, $6, $7);

-- name: find_statuses
SELECT id, status FROM applications WHERE region_id = $1 AND id = ANY ($2::uuid[]);

-- name: list_applications
SELECT a.id, shown_to_parent(a) AS shown
FROM guardians g
JOIN applications a ON a.region_id = g.region_id AND a.person_id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND ($3::text IS NULL OR a.status = $3)
  AND ($4::uuid IS NULL OR a.id < $4)
ORDER BY a.id DESC
LIMIT $5;

-- name: find_application
SELECT shown_to_parent(a)
FROM applications a
WHERE a.region_id = $1 AND a.id = $3 AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id);

-- name: list_received_applications
SELECT a.id, a.decide_by, shown_application(a) AS shown
FROM applications a
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.serial IS NOT NULL
  AND ($3::text[] IS NULL OR a.status = ANY ($3)) AND ($4::uuid IS NULL OR a.group_id = $4)
  AND ($5::text IS NULL OR a.group_id = (
      SELECT g.id FROM groups g WHERE g.region_id = $1 AND g.institution_id = $2 AND g.external_id = $5))
  AND ($6::text IS NULL OR $6 = ANY (a.benefits)) AND ($7::text IS NULL OR a.financing = $7)
  AND ($8::boolean IS NULL OR (a.test IS NOT NULL) = $8) AND ($9::text IS NULL OR starts_with(a.number, $9))
  AND ($10::timestamptz IS NULL OR a.decide_by <= $10 AND a.status IN ('submitted', 'under_review', 'invited'))
  AND ($11::uuid IS NULL OR a.id > $11)
ORDER BY a.id
LIMIT $12;

-- name: list_due_applications
SELECT a.id, a.decide_by, shown_application(a) AS shown
FROM applications a
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.status IN ('submitted', 'under_review', 'invited')
  AND ($3::text[] IS NULL OR a.status = ANY ($3)) AND ($4::uuid IS NULL OR a.group_id = $4)
  AND ($5::text IS NULL OR a.group_id = (
      SELECT g.id FROM groups g WHERE g.region_id = $1 AND g.institution_id = $2 AND g.external_id = $5))
  AND ($6::text IS NULL OR $6 = ANY (a.benefits)) AND ($7::text IS NULL OR a.financing = $7)
  AND ($8::boolean IS NULL OR (a.test IS NOT NULL) = $8) AND ($9::text IS NULL OR starts_with(a.number, $9))
  AND a.decide_by <= coalesce($10::timestamptz, 'infinity')
  AND ($11::timestamptz IS NULL OR (a.decide_by, a.id) > ($11, $12::uuid))
ORDER BY a.decide_by, a.id
LIMIT $13;

-- name: summarise_groups
SELECT g.id AS group_id, g.external_id AS own_group_id, g.name AS group_name, r.name AS programme_name, g.capacity,
       g.taken, g.waiting, coalesce(a.submitted, 0) AS submitted, coalesce(a.overdue, 0) AS overdue
FROM groups g
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id AND r.institution_id = g.institution_id
LEFT JOIN (
    SELECT group_id, count(*) AS submitted, count(*) FILTER (WHERE decide_by <= $3) AS overdue
    FROM applications
    WHERE region_id = $1 AND institution_id = $2 AND status IN ('submitted', 'under_review', 'invited')
    GROUP BY group_id
) AS a ON a.group_id = g.id
WHERE g.region_id = $1 AND g.institution_id = $2 AND ($4::smallint IS NULL OR g.school_year = $4)
  AND ($5::text IS NULL OR (g.name, g.id) > ($5, $6::uuid))
ORDER BY g.name, g.id
LIMIT $7;

-- name: find_received_application
SELECT shown_application(a) FROM applications a
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.id = $3 AND a.serial IS NOT NULL;

-- name: lapse_a_place
SELECT lapse_a_place($1);

-- name: expire_applications
SELECT expire_applications($1);

-- name: offer_free_group_places
SELECT offer_free_group_places($1);

-- name: expire_an_approved
SELECT expire_an_approved($1);
