-- name: has_institutions
SELECT EXISTS (SELECT FROM institutions);

-- name: has_institution
SELECT EXISTS (SELECT FROM institutions WHERE region_id = $1 AND id = $2);

-- name: last_slot
SELECT max(starts_at) FROM slots WHERE region_id = $1 AND institution_id = $2 AND external_id LIKE 'demo-%';

-- name: list_group_ids
SELECT external_id FROM groups WHERE region_id = $1 AND institution_id = $2;

-- name: add_slots
INSERT INTO slots (region_id, id, institution_id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity, age_from, age_to, sex)
SELECT $1, given.id, $2, given.external_id, p.id, s.specialty_code, l.id, given.starts_at, given.ends_at, 1,
       given.age_from, given.age_to, given.sex
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::smallint[],
            $10::smallint[], $11::text[])
     AS given (id, external_id, doctor, specialty_code, starts_at, ends_at, age_from, age_to, sex)
JOIN practitioners p ON p.region_id = $1 AND p.institution_id = $2 AND p.external_id = given.doctor
JOIN practitioner_specialties s ON s.region_id = $1 AND s.practitioner_id = p.id
                               AND s.specialty_code = given.specialty_code
JOIN locations l ON l.region_id = $1 AND l.institution_id = $2 AND l.external_id = given.doctor
RETURNING id;

-- name: add_patients
-- Each is a citizen of no platform that there is: nobody can come as one of them, and no message finds them.
WITH given AS (
    SELECT * FROM jsonb_populate_recordset(NULL::persons, $2::jsonb)
), added_citizens AS (
    INSERT INTO citizens (region_id, id, platform, external_id, created_at)
    SELECT $1, given.id, 'demo', given.id::text, given.created_at FROM given
), added_persons AS (
    INSERT INTO persons SELECT * FROM given
)
INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity)
SELECT $1, given.id, given.id, 'self', given.identity FROM given;

-- name: count_places
ANALYZE slots, groups;

-- name: book_appointments
-- Each with a referral of its own, which only some specialties ask for.
SELECT book_appointments(
    $1, given.person, 'bookAppointment', given.id::text, uuid_send(given.id),
    jsonb_build_array(jsonb_build_object('slot_id', given.slot, 'person_id', given.person, 'id', given.id,
                                         'referral', given.number, 'number', given.number, 'event_id', given.id)),
    given.at)
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
     AS given (id, person, slot, number, at);

-- name: apply_to_groups
SELECT apply_to_groups(
    $1, given.person, 'applyToGroup', given.id::text, uuid_send(given.id),
    jsonb_build_array(jsonb_build_object('group_id', given.place, 'person_id', given.person, 'id', given.id,
                                         'number', given.number, 'wait', true)),
    NULL, given.at)
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
     AS given (id, person, place, number, at);

-- name: move_applications
SELECT move_application(a, $2, $3::jsonb, $4, $5)
FROM applications a WHERE a.region_id = $1 AND a.id = ANY ($6::uuid[]) AND a.status = 'submitted' AND a.placed;

-- name: tell_nobody
DELETE FROM outbox WHERE region_id = $1 AND (id = ANY ($2::uuid[]) OR subject_id = ANY ($2::uuid[]));
