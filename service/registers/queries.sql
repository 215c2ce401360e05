-- name: find_register
SELECT g.region_id, g.id, g.institution_id, g.name, g.starts_on, g.ends_on, g.lesson_plan, g.places, g.teachers,
       i.zone, i.name AS institution_name, r.name AS programme_name, g.id IS NOT NULL AND EXISTS (
    SELECT FROM teachers t
    JOIN group_teachers k ON k.region_id = t.region_id AND k.teacher_id = t.id AND k.group_id = g.id
    WHERE t.region_id = $1 AND t.citizen_id = $4) AS teaches
FROM institutions i
LEFT JOIN groups g ON g.region_id = i.region_id AND g.institution_id = i.id AND g.external_id = $3
LEFT JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
WHERE i.region_id = $1 AND i.id = $2;

-- name: list_my_groups
SELECT g.id, g.external_id, g.name, g.starts_on, g.ends_on, g.capacity, g.taken, g.teachers, r.name AS programme_name
FROM groups g
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
WHERE g.region_id = $1 AND g.institution_id = $2 AND ($4::text IS NULL OR g.external_id > $4)
  AND ($3::uuid IS NULL OR EXISTS (
    SELECT FROM teachers t
    JOIN group_teachers k ON k.region_id = t.region_id AND k.teacher_id = t.id AND k.group_id = g.id
    WHERE t.region_id = $1 AND t.citizen_id = $3))
ORDER BY g.external_id
LIMIT $5;

-- name: put_teacher
INSERT INTO teachers (region_id, id, institution_id, external_id, last_name, first_name, patronymic)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT teachers_by_own_id DO UPDATE
SET last_name = excluded.last_name, first_name = excluded.first_name, patronymic = excluded.patronymic
RETURNING id;

-- name: find_teacher
SELECT t.*, ARRAY(
    SELECT g.external_id FROM group_teachers k JOIN groups g ON g.region_id = k.region_id AND g.id = k.group_id
    WHERE k.region_id = t.region_id AND k.teacher_id = t.id ORDER BY g.external_id) AS group_ids
FROM teachers t
WHERE t.region_id = $1 AND t.institution_id = $2 AND t.external_id = $3;

-- name: list_teachers
SELECT t.*, ARRAY(
    SELECT g.external_id FROM group_teachers k JOIN groups g ON g.region_id = k.region_id AND g.id = k.group_id
    WHERE k.region_id = t.region_id AND k.teacher_id = t.id ORDER BY g.external_id) AS group_ids
FROM teachers t
WHERE t.region_id = $1 AND t.institution_id = $2 AND ($3::text IS NULL OR t.external_id > $3)
ORDER BY t.external_id
LIMIT $4;

-- name: delete_teacher
DELETE FROM teachers WHERE region_id = $1 AND id = $2;

-- name: groups_of_teacher
SELECT group_id FROM group_teachers WHERE region_id = $1 AND teacher_id = $2;

-- name: publish_teachers
UPDATE groups SET teachers = '{}' WHERE region_id = $1 AND id = ANY ($2);

-- name: find_teachers
SELECT id, external_id FROM teachers WHERE region_id = $1 AND institution_id = $2 AND external_id = ANY ($3);

-- name: clear_group_teachers
DELETE FROM group_teachers WHERE region_id = $1 AND group_id = $2;

-- name: add_group_teachers
INSERT INTO group_teachers (region_id, group_id, teacher_id, place)
SELECT $1, $2, given.id, given.place FROM unnest($3::uuid[]) WITH ORDINALITY AS given (id, place);

-- name: invite_teacher
SELECT invite_teacher($1, $2, $3, $4, $5, $6, $7::jsonb, $8);

-- name: join_as_teacher
SELECT join_as_teacher($1, $2, $3, $4, $5);

-- name: lesson_changes
SELECT * FROM lesson_changes WHERE region_id = $1 AND group_id = $2 AND day BETWEEN $3 AND $4;

-- name: change_lesson
SELECT change_lesson(jsonb_populate_record(NULL::lesson_changes, $1::jsonb), $2);

-- name: members
SELECT m.application_id, m.since, m.until, a.order_number, a.order_date, p.id, p.last_name, p.first_name, p.patronymic,
       p.birth_date
FROM group_members m
JOIN applications a ON a.region_id = m.region_id AND a.id = m.application_id
JOIN persons p ON p.region_id = a.region_id AND p.id = a.person_id
WHERE m.region_id = $1 AND m.group_id = $2 AND m.since <= $4 AND (m.until IS NULL OR m.until >= $3)
ORDER BY translate(p.last_name, 'Ёё', 'Ее'), p.first_name, p.patronymic NULLS FIRST, m.application_id, m.since;

-- name: attendance
SELECT day, starts, application_id, mark, marked_at
FROM attendance WHERE region_id = $1 AND group_id = $2 AND day BETWEEN $3 AND $4;

-- name: put_attendance
INSERT INTO attendance (region_id, group_id, day, starts, application_id, mark, marked_by, marked_at)
SELECT $1, $2, $3, $4, given.id, given.mark, $7, $8
FROM unnest($5::uuid[], $6::text[]) AS given (id, mark)
ORDER BY given.id
ON CONFLICT (region_id, group_id, day, starts, application_id) DO UPDATE
SET mark = excluded.mark, marked_by = excluded.marked_by, marked_at = excluded.marked_at
WHERE attendance.mark <> excluded.mark
RETURNING application_id;

-- name: find_child
SELECT a.id FROM applications a
WHERE a.region_id = $1 AND a.id = $3 AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id);

-- name: spells_of_child
SELECT m.since, m.until, g.region_id, g.id, g.institution_id, g.name, g.starts_on, g.ends_on, g.lesson_plan, g.places, g.teachers,
       i.zone, i.name AS institution_name, r.name AS programme_name
FROM group_members m
JOIN groups g ON g.region_id = m.region_id AND g.id = m.group_id
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
WHERE m.region_id = $1 AND m.application_id = $2 AND m.since <= $4 AND (m.until IS NULL OR m.until >= $3)
ORDER BY m.since;

-- name: attendance_of_child
SELECT group_id, day, starts, mark FROM attendance WHERE region_id = $1 AND application_id = $2 AND day BETWEEN $3 AND $4;

-- name: send_message
SELECT send_message($1, $2, $3, $4, $5::jsonb, $6, $7, $8);

-- name: list_group_messages
SELECT * FROM messages
WHERE region_id = $1 AND group_id = $2 AND ($3::timestamptz IS NULL OR (sent_at, id) < ($3, $4::uuid))
ORDER BY sent_at DESC, id DESC
LIMIT $5;

-- name: list_messages
SELECT m.* FROM message_recipients r
JOIN messages m ON m.region_id = r.region_id AND m.id = r.message_id
WHERE r.region_id = $1 AND r.application_id = $2 AND ($3::uuid IS NULL OR r.message_id < $3)
ORDER BY r.message_id DESC
LIMIT $4;

-- name: lock_for_trial
SELECT g.region_id, g.id, g.institution_id, g.starts_on, g.ends_on, g.lesson_plan, g.places, i.zone
FROM lock_for_trial($1, $2, $3, $4) g
JOIN institutions i ON i.region_id = g.region_id AND i.id = g.institution_id
WHERE g.region_id = $1;

-- name: book_trial
SELECT book_trial($1, $2, $3, $4, $5::jsonb, $6, $7);

-- name: cancel_trial
SELECT cancel_trial($1, $2, $3, $4);

-- name: list_trials
SELECT t.id, shown_trial(t) AS shown
FROM guardians g
JOIN trials t ON t.region_id = g.region_id AND t.person_id = g.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND ($3::uuid IS NULL OR t.id < $3)
ORDER BY t.id DESC
LIMIT $4;

-- name: trials_of_lesson
SELECT t.id AS trial_id, p.id, p.last_name, p.first_name, p.patronymic, p.birth_date
FROM trials t
JOIN persons p ON p.region_id = t.region_id AND p.id = t.person_id
WHERE t.region_id = $1 AND t.group_id = $2 AND t.day = $3 AND t.starts = $4 AND t.status = 'booked'
ORDER BY translate(p.last_name, 'Ёё', 'Ее'), p.first_name, p.patronymic NULLS FIRST, t.id;
