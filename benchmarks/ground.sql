-- What the benchmark runs over: twenty clinics to read, twenty others to book at, and for each booking a slot and a
-- citizen. Ids are made from counting numbers, so that every process knows them without asking. bench.bookings is set.

CREATE FUNCTION bench_id(p_kind integer, p_n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    format('00000000-%s-7000-8000-%s', lpad(to_hex(p_kind), 4, '0'), lpad(to_hex(p_n), 12, '0'))::uuid;

CREATE TEMPORARY TABLE offers AS
SELECT clinic, own.n AS doctor_of_clinic, clinic * 10 + own.n AS doctor, own.code
FROM generate_series(0, 39) AS clinic
CROSS JOIN unnest(ARRAY['58', '122', '34', '45', '54']) WITH ORDINALITY AS own (code, n);

INSERT INTO institutions (region_id, id, name, kind, municipality, address, phone, zone)
SELECT 42, bench_id(1, n), 'Городская поликлиника № ' || n, 'clinic', 'Кемерово', 'г. Кемерово, ул. Весенняя, ' || n,
       '+73842000000', 'Asia/Novokuznetsk'
FROM generate_series(0, 39) AS n;

INSERT INTO offered_specialties (region_id, institution_id, specialty_code, access)
SELECT 42, bench_id(1, clinic), code, 'self' FROM offers;

INSERT INTO practitioners (region_id, id, institution_id, external_id, last_name, first_name, patronymic)
SELECT 42, bench_id(2, doctor), bench_id(1, clinic), 'd' || doctor, 'Белова', 'Анна', 'Сергеевна' FROM offers;

INSERT INTO practitioner_specialties (region_id, practitioner_id, specialty_code, institution_id)
SELECT 42, bench_id(2, doctor), code, bench_id(1, clinic) FROM offers;

INSERT INTO locations (region_id, id, institution_id, external_id, name, address, room)
SELECT 42, bench_id(3, n), bench_id(1, n), 'l' || n, 'Корпус 1', 'г. Кемерово, ул. Весенняя, ' || n, '214'
FROM generate_series(0, 39) AS n;

-- To be read: the next two weeks of clinics 0 to 19, 150 free times for each specialty.
INSERT INTO slots (region_id, id, institution_id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity)
SELECT 42, bench_id(4, doctor * 1000 + n), bench_id(1, clinic), 'r' || doctor * 1000 + n, bench_id(2, doctor), code,
       bench_id(3, clinic), starts_at, starts_at + interval '15 minutes', 1
FROM offers
CROSS JOIN generate_series(0, 149) AS n
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) + interval '1 day' + n * interval '2 hours' AS starts_at) AS times
WHERE clinic < 20;

-- To be booked: one slot for each citizen, at clinics 20 to 39.
INSERT INTO slots (region_id, id, institution_id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity)
SELECT 42, bench_id(5, n), bench_id(1, clinic), 'b' || n, bench_id(2, doctor), code, bench_id(3, clinic), starts_at,
       starts_at + interval '15 minutes', 1
FROM generate_series(1, current_setting('bench.bookings')::integer) AS n
JOIN offers ON clinic = 20 + n % 20 AND doctor_of_clinic = 1 + n / 20 % 5
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) + interval '1 day' + n % 1000 * interval '15 minutes' AS starts_at)
    AS times;

INSERT INTO citizens (region_id, id, platform, external_id, created_at)
SELECT 42, bench_id(6, n), 'vk', n, now()
FROM generate_series(1, current_setting('bench.bookings')::integer) AS n;

INSERT INTO persons (region_id, id, identity, last_name, first_name, patronymic, birth_date, sex, created_at, updated_at)
SELECT 42, bench_id(7, n), sha256(n::text::bytea), 'Соколова', 'Вера', 'Ильинична', '1990-05-14', 'female', now(), now()
FROM generate_series(1, current_setting('bench.bookings')::integer) AS n;

INSERT INTO guardians (region_id, citizen_id, person_id, kinship, identity)
SELECT 42, bench_id(6, n), bench_id(7, n), 'self', sha256(n::text::bytea)
FROM generate_series(1, current_setting('bench.bookings')::integer) AS n;
