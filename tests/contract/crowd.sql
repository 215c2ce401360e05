-- A region, and of what is joined to slots ten more. Ids are made of a kind and a number, so that the tests know them.
SET session_replication_role = replica;
CREATE FUNCTION made(kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-0000-7000-' || lpad(to_hex(kind + 32768), 4, '0') || '-' || lpad(to_hex(number), 12, '0'))::uuid
$$;
INSERT INTO institutions (region_id, id, name, kind, municipality, address, zone)
SELECT 42, made(1, i), 'Поликлиника ' || i, 'clinic', 'Кемерово', 'ул. Весенняя', 'Asia/Novokuznetsk'
FROM generate_series(1, 50) i;
INSERT INTO pages (platform, external_id, region_id, institution_id, mini_apps)
SELECT 'vk', i::text, 42, made(1, 1 + i % 50), '{doctor}' FROM generate_series(1, 3000) i;
INSERT INTO offered_specialties SELECT 42, id, code, 'self' FROM institutions, unnest('{58,122}'::text[]) code;
INSERT INTO locations SELECT 42, made(2, i), made(1, 1 + i % 50), 'l' || i, 'Корпус 1', 'ул. Весенняя', '1'
FROM generate_series(1, 1000) i;
INSERT INTO locations SELECT region, l.id, institution_id, external_id, name, address, room
FROM locations l, generate_series(1, 10) region;
INSERT INTO practitioners SELECT 42, made(3, i), made(1, 1 + i % 50), 'd' || i, 'Белова', 'Анна', 'Сергеевна'
FROM generate_series(1, 2000) i;
INSERT INTO practitioners SELECT region, p.id, institution_id, external_id, last_name, first_name, patronymic
FROM practitioners p, generate_series(1, 10) region;
INSERT INTO practitioner_specialties
SELECT region_id, id, code, institution_id FROM practitioners, unnest('{58,122}'::text[]) code;
INSERT INTO slots (region_id, institution_id, id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity, taken)
SELECT 42, made(1, 1 + i % 50), made(4, i), 's' || i, made(3, 1 + i % 2000),
       (ARRAY ['58', '122'])[1 + i / 200 % 2], made(2, 1 + i % 1000),
       '2026-09-07 02:00Z'::timestamptz + i / 200 * interval '15 minutes',
       '2026-09-07 02:15Z'::timestamptz + i / 200 * interval '15 minutes', 1, (i % 3 = 0)::int
FROM generate_series(1, 20000) i;
UPDATE slots SET schedule_id = practitioner_id WHERE specialty_code = '58';
INSERT INTO citizens SELECT 42, made(5, i), 'vk', i::text, now() FROM generate_series(1, 2000) i;
INSERT INTO sessions (region_id, id, citizen_id, account_id, platform, client, page, token_hash, created_at, used_at,
                      expires_at, ended_at)
SELECT 42, made(17, i), made(5, 1 + i % 2000), made(5, 1 + i % 2000), 'vk', 'vk:1', i::text,
       decode(repeat('00', 32), 'hex'), '2026-09-07 00:00Z'::timestamptz + i * interval '1 second',
       '2026-09-07 00:00Z'::timestamptz + i * interval '1 second',
       '2026-09-07 12:00Z'::timestamptz + i * interval '1 second',
       CASE WHEN i % 100 = 0 THEN '2026-09-07 01:00Z'::timestamptz END
FROM generate_series(1, 3000) i;
-- Some of them at work.
UPDATE sessions SET token_hash = NULL WHERE page::integer % 10 = 7;
INSERT INTO clients (region_id, id, name, secret_hash, scopes, created_at, ended_at)
SELECT 42, made(20, i), 'МИС', decode(repeat('00', 32), 'hex'), '{schedules:write}', now(),
       CASE WHEN i % 100 = 0 THEN '2026-09-07 01:00Z'::timestamptz END
FROM generate_series(1, 3000) i;
INSERT INTO launch_uses SELECT 42, sha256(i::text::bytea), 1, '2026-09-07 02:00Z' FROM generate_series(1, 3000) i;
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
SELECT 42, made(6, i), sha256(i::text::bytea), 'Соколова', 'Вера', '2019-05-14', 'female', now(), now()
FROM generate_series(1, 4000) i;
INSERT INTO guardians SELECT 42, made(5, 1 + i % 2000), made(6, i), 'child', sha256(i::text::bytea)
FROM generate_series(1, 4000) i;
INSERT INTO consents (region_id, id, citizen_id, person_id, purpose, version, language, text_hash, kinship, channel,
                      given_at)
SELECT 42, made(23 + kind, i), made(5, 1 + i % 2000), made(6, i), (ARRAY['booking', 'enrolment'])[kind], 1, 'ru', '',
       'child', 'vk', now()
FROM generate_series(1, 4000) i, generate_series(1, 2) kind;
UPDATE regions SET consents_required = true;
INSERT INTO attachments SELECT 42, made(1, 1 + i % 50), sha256(i::text::bytea), '12', '2024-02-01'
FROM generate_series(1, 4000) i;
INSERT INTO appointments (region_id, id, number, institution_id, slot_id, specialty_code, citizen_id, person_id,
                          identity, status, active, source, terms, starts_at, ends_at, created_at)
SELECT s.region_id, made(7, n), n::text, s.institution_id, s.id, s.specialty_code, made(5, 1 + n % 2000), made(6, n),
       sha256(n::text::bytea), 'booked', true, 'internet', '{}', s.starts_at, s.ends_at, now()
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM slots WHERE taken = 1) s WHERE n <= 4000;
INSERT INTO engagements
SELECT region_id, id, identity, tstzmultirange(tstzrange(starts_at, ends_at)) FROM appointments;
INSERT INTO programmes SELECT 42, made(8, i), made(1, 1 + i % 50), 'p' || i, 'Шахматы', 'science', 'basic', ''
FROM generate_series(1, 500) i;
INSERT INTO groups (region_id, id, institution_id, programme_id, external_id, name, age_from, age_to, age_from_months,
                    age_until_months, capacity, starts_on, ends_on, enrolment_opens_at, enrolment_closes_at,
                    lessons, teachers, financing)
SELECT 42, made(9, i), made(1, 1 + i % 50), made(8, 1 + i % 500), 'g' || i, 'Группа', 6, 10, 72, 132, 15, '2026-10-01',
       '2027-05-31', '2026-09-01', '2026-09-30',
       tstzmultirange(tstzrange('2026-10-06 09:30Z', '2026-10-06 11:00Z')), '{}', '[{"source": "budget"}]'
FROM generate_series(1, 2000) i;
SELECT keep_group_facets(42::smallint, array_agg(id)) FROM groups;
UPDATE group_facets f SET starts_on = f.starts_on + i % 60, municipality = 'Город ' || i % 30,
    latitude = 53 + i % 300 / 100.0, longitude = 85 + i % 400 / 100.0,
    texts = ARRAY['шахматы ' || i % 100, 'группа ' || i % 3, 'клуб ' || i % 50]
FROM generate_series(1, 2000) i WHERE f.group_id = made(9, i);
INSERT INTO group_texts SELECT 42, 'кружок ' || i FROM generate_series(1, 5000) i;
INSERT INTO group_texts SELECT DISTINCT 42, text FROM group_facets, unnest(texts) text ON CONFLICT DO NOTHING;
INSERT INTO group_facets
SELECT other.* FROM group_facets f, generate_series(1, 10) region,
     LATERAL jsonb_populate_record(f, jsonb_build_object('region_id', region)) other;
INSERT INTO group_texts SELECT region, text FROM group_texts, generate_series(1, 10) region;
INSERT INTO applications (region_id, id, number, institution_id, group_id, citizen_id, person_id, identity, status,
                          placed, serial, terms, created_at, updated_at)
SELECT 42, made(10, i), i::text, made(1, 1 + i % 50), made(9, 1 + i % 2000), made(5, 1 + i % 2000), made(6, i),
       sha256(i::text::bytea), 'submitted', true, i / 2000, '{}', now(), now()
FROM generate_series(1, 4000) i;
INSERT INTO documents (region_id, id, application_id, institution_id, person_id, citizen_id, kind, media_type, bytes,
                       content_hash, key_sealed, created_at, look_at, deleted_at, erased_at)
SELECT 42, made(14, i), made(10, i), made(1, 1 + i % 50), made(6, i), made(5, 1 + i % 2000), 'other', 'image/png', 9,
       CASE WHEN i % 4 > 0 THEN sha256(i::text::bytea) END, CASE WHEN i % 4 > 0 THEN '' END, '2026-09-06',
       '2026-09-07'::timestamptz + i * interval '1 minute', CASE WHEN i % 4 = 0 THEN now() END,
       CASE WHEN i % 4 = 0 AND i > 100 THEN now() END
FROM generate_series(1, 4000) i;
INSERT INTO teachers (region_id, id, institution_id, external_id, last_name, first_name, citizen_id)
SELECT 42, made(14, i), made(1, 1 + i % 50), 't' || i, 'Орлов', 'Пётр', made(5, i) FROM generate_series(1, 2000) i;
INSERT INTO staff (region_id, id, institution_id, external_id, role, practitioner_id, last_name, first_name, citizen_id)
SELECT 42, made(15, i), made(1, 1 + i % 50), 's' || i, 'doctor', made(3, i), 'Белова', 'Анна', made(5, i)
FROM generate_series(1, 2000) i;
INSERT INTO page_invitations (region_id, id, institution_id, mini_apps, code_hash, created_at, expires_at)
SELECT 42, made(16, i), made(1, 1 + i % 50), '{doctor}', sha256(i::text::bytea), '2026-09-01', '2026-09-15'
FROM generate_series(1, 5000) i;
INSERT INTO wrong_claims SELECT 42, sha256(i::text::bytea), 1, '2026-09-07' FROM generate_series(1, 5000) i;
INSERT INTO group_teachers SELECT 42, made(9, i), made(14, i), 1 FROM generate_series(1, 2000) i;
INSERT INTO group_members SELECT 42, made(9, 1 + i % 2000), made(10, i), '2026-09-01', NULL
FROM generate_series(1, 4000) i;
INSERT INTO lesson_changes
SELECT 42, made(9, 1 + i % 2000), '2026-10-06'::date + i / 2000, '16:30',
       tstzrange('2026-10-06 09:30Z', '2026-10-06 11:00Z'), NULL, NULL, '', made(5, 1), now()
FROM generate_series(1, 4000) i;
INSERT INTO trials
SELECT 42, made(16, i), made(9, 1 + i % 2000), made(5, 1 + i % 2000), made(6, i), sha256(i::text::bytea),
       '2026-09-08'::date + i / 2000, '16:30', '2026-09-08 09:30Z', '2026-09-08 10:15Z', 0,
       CASE WHEN i % 4 > 0 THEN 'booked' ELSE 'cancelled' END, now()
FROM generate_series(1, 4000) i;
INSERT INTO attendance
SELECT 42, made(9, 1 + i % 2000), '2026-09-01'::date + i / 4000, '16:30', made(10, 1 + i % 4000), 'present',
       made(5, 1), now()
FROM generate_series(1, 20000) i;
INSERT INTO messages SELECT 42, made(15, i), made(9, 1 + i % 2000), 'Сбор', '{enrolled}', 1, made(5, 1), now()
FROM generate_series(1, 4000) i;
INSERT INTO message_recipients SELECT 42, made(10, i), made(15, i) FROM generate_series(1, 4000) i;
INSERT INTO certificates (region_id, id, number_hash, number_sealed, identity, municipality, year, unit, nominal,
                          most_programmes)
SELECT 42, made(13, i), sha256(i::text::bytea), '', sha256(i::text::bytea), 'Кемерово', 2026, 'roubles', 20000, 2
FROM generate_series(1, 4000) i;
UPDATE applications SET certificate_id = id, financing = 'certificate'
WHERE id IN (SELECT made(10, i) FROM generate_series(1, 400) i);
UPDATE certificates SET id = made(10, i) FROM generate_series(1, 400) i WHERE id = made(13, i);
INSERT INTO benefits SELECT 42, made(1, 1 + i % 50), 'b' || i, 'Многодетные', 10 FROM generate_series(1, 2000) i;
INSERT INTO campaigns (region_id, id, external_id, name, wishes_from, wishes_until, confirm_until, most_wishes,
                       seed_sealed, seed_hash, filled_at)
SELECT 42, made(14, i), 'c' || i, 'Кампания', '2026-09-06', '2026-09-20', '2026-09-25', 5, '', '',
       CASE WHEN i > 5 THEN now() END
FROM generate_series(1, 500) i;
UPDATE groups SET filling = 'matching', campaign_id = made(14, 1) WHERE id IN (made(9, 5), made(9, 6));
UPDATE groups SET filling = 'priority', collect_until = '2026-09-08' WHERE id IN (made(9, 7), made(9, 8));
INSERT INTO campaign_wishes (region_id, id, campaign_id, citizen_id, person_id, identity, group_ids, weights,
                             created_at, updated_at)
SELECT 42, made(15, i), made(14, 1 + i % 500), made(5, 1 + i % 2000), made(6, i), sha256(i::text::bytea),
       ARRAY[made(9, 5)], '{0}', now(), now()
FROM generate_series(2, 4000) i;
INSERT INTO calendar_days SELECT 42, made(1, 1 + i % 50), '2026-01-01'::date + i / 50, NULL
FROM generate_series(1, 5000) i;
INSERT INTO referrals SELECT 42, made(1, 1 + i % 50), 'Н-' || i, '58', '2026-09-01', '2026-10-01'
FROM generate_series(1, 2000) i;
INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, expires_at)
SELECT 42, made(11, i), made(4, i), made(1, 1 + i % 50), made(5, 1 + i % 2000), '2026-09-07 02:00Z'
FROM generate_series(1, 2000) i;
INSERT INTO places_let_go
SELECT 42, made(5, 1 + i % 2000), '2026-09-06 02:00Z'::timestamptz + i * interval '10 seconds', made(12, i), 'doctor'
FROM generate_series(1, 8000) i;
INSERT INTO draws (region_id, id, institution_id, specialty_code, day, opens_at, closes_at, seed_sealed, seed_hash,
                   drawn_at)
SELECT 42, made(11, i), made(1, 1 + i % 50), '58', '2026-09-07'::date + i / 50, '2026-09-06', '2026-09-08', '', '',
       CASE WHEN i > 10 THEN now() END
FROM generate_series(1, 1000) i;
UPDATE slots SET policy = 'draw', internet_at = '2026-09-08'
WHERE id IN (SELECT made(4, i) FROM generate_series(601, 1100) i);
UPDATE slots SET draw_id = made(11, 1) WHERE id IN (SELECT made(4, i) FROM generate_series(601, 620) i);
INSERT INTO draw_requests (region_id, id, draw_id, citizen_id, person_id, identity, wishes, status, created_at)
SELECT 42, made(12, i), made(11, 1 + i % 1000), made(5, 1 + i % 2000), made(6, i), sha256(i::text::bytea), '{}', 'lost',
       now()
FROM generate_series(1, 3000) i;
INSERT INTO idempotency_keys SELECT 42, made(5, 1 + i % 2000), 'bookAppointment', 'k' || i, '\x00', '{}', now()
FROM generate_series(1, 10000) i;
INSERT INTO waiting_entries (region_id, id, institution_id, specialty_code, citizen_id, day_from, day_to, time_from,
                             time_to, status, queued_at, created_at)
SELECT 42, made(11, i), made(1, 1 + i % 50), '58', made(5, 1 + i % 2000), '2026-09-07', '2026-09-30', '08:00', '20:00',
       CASE WHEN i % 4 > 0 THEN 'waiting' WHEN i < 100 THEN 'offered' ELSE 'served' END,
       '2026-09-06'::timestamptz + i * interval '1 second', now()
FROM generate_series(1, 4000) i;
INSERT INTO waiting_persons
SELECT 42, made(11, i), made(6, i), made(1, 1 + i % 50), '58', sha256(i::text::bytea), true
FROM generate_series(1, 4000) i;
INSERT INTO offers (region_id, id, institution_id, specialty_code, citizen_id, entry_id, places, status, expires_at,
                    created_at)
SELECT 42, made(12, i), made(1, 1 + i % 50), '58', made(5, 1 + i % 2000), made(11, i),
       jsonb_build_array(jsonb_build_object('slot_id', made(4, i / 4 * 3 + 15000), 'person_id', made(6, i))),
       CASE WHEN i < 100 THEN 'open' ELSE 'accepted' END,
       '2026-09-06 23:00Z'::timestamptz + i * interval '1 hour', now()
FROM generate_series(4, 4000, 4) i;
INSERT INTO holds (region_id, id, slot_id, institution_id, citizen_id, offer_id, expires_at)
SELECT region_id, id, (places #>> '{0,slot_id}')::uuid, institution_id, citizen_id, id, expires_at FROM offers
WHERE status = 'open';
INSERT INTO audit_trail (region_id, id, at, actor_id, event, subject_id, details, position, mac)
SELECT 42, made(13, i), '2026-01-01'::timestamptz + i * interval '1 minute', made(5, 1 + i % 2000),
       CASE WHEN i % 50 = 0 THEN 'person_merged' ELSE 'person_updated' END, made(15, i),
       jsonb_build_object('into', made(6, 1 + i % 4000)), nullif(least(i, 4900), 4900),
       CASE WHEN i < 4900 THEN '\x00'::bytea END
FROM generate_series(1, 5000) i;
INSERT INTO accesses (region_id, id, at, operation, path, actor_kind, actor_id, role, institution_id, person_ids,
                      request_id, position, mac)
SELECT 42, made(14, i), '2026-01-01'::timestamptz + i * interval '1 minute', 'getDaySheet', '', 'citizen',
       made(5, 1 + i % 2000), 'registrar', made(1, 1 + i % 50),
       ARRAY(SELECT made(6, 1 + (i + n * 37) % 4000) FROM generate_series(1, 20) n), '', nullif(least(i, 4900), 4900),
       CASE WHEN i < 4900 THEN '\x00'::bytea END
FROM generate_series(1, 5000) i;
INSERT INTO audit_heads SELECT 42, log, 4899, '\x00', 99, '\x00', '\x00' FROM unnest('{audit_trail,accesses}'::text[]) log;
SET session_replication_role = origin;
ANALYZE;
