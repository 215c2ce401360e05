-- A region of 300 clinics, 20,000 doctors of twenty specialties, and bench.slots slots in the next two weeks, of the first
-- specialty alone or of all twenty (bench.specialties). Seven of ten are taken, and one is for the desk alone.

SET session_replication_role = replica;

CREATE FUNCTION bench_id(p_kind integer, p_n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    format('00000000-%s-7000-8000-%s', lpad(to_hex(p_kind), 4, '0'), lpad(to_hex(p_n), 12, '0'))::uuid;

CREATE TEMPORARY TABLE codes AS
SELECT code, row_number() OVER (ORDER BY code) - 1 AS nth FROM (SELECT code FROM specialties ORDER BY code LIMIT 20) known;

INSERT INTO institutions (region_id, id, name, kind, municipality, address, zone)
SELECT 42, bench_id(1, n), 'Городская поликлиника № ' || n, 'clinic', 'Город ' || n % 30, 'ул. Весенняя, ' || n,
       'Asia/Novokuznetsk'
FROM generate_series(0, 299) AS n;

INSERT INTO offered_specialties (region_id, institution_id, specialty_code, access)
SELECT 42, bench_id(1, n), code, 'self' FROM generate_series(0, 299) AS n CROSS JOIN codes;

INSERT INTO locations (region_id, id, institution_id, external_id, name, address, room)
SELECT 42, bench_id(3, n), bench_id(1, n), 'l' || n, 'Корпус 1', 'ул. Весенняя, ' || n, '214'
FROM generate_series(0, 299) AS n;

INSERT INTO practitioners (region_id, id, institution_id, external_id, last_name, first_name, patronymic)
SELECT 42, bench_id(2, n), bench_id(1, n % 300), 'd' || n, 'Белова', 'Анна', 'Сергеевна'
FROM generate_series(0, 19999) AS n;

-- 1344 quarters of an hour in two weeks; 7919 is prime, so that they come in no order.
INSERT INTO slots (region_id, institution_id, id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity, taken, internet_at)
SELECT 42, bench_id(1, doctor % 300), bench_id(4, n), 's' || n, bench_id(2, doctor), code, bench_id(3, doctor % 300),
       starts_at, starts_at + interval '15 minutes', 1, (n / 7 % 10 < 7)::int,
       CASE WHEN n / 7 % 10 = 9 THEN 'infinity' ELSE '-infinity' END::timestamptz
FROM generate_series(1, current_setting('bench.slots')::bigint) AS n
CROSS JOIN LATERAL (SELECT CASE current_setting('bench.specialties')
    WHEN '1' THEN n % 1200 / 300 * 6000 + n % 300 ELSE n % 20000 END AS doctor) AS d
JOIN codes ON nth = doctor / 300 % 20
CROSS JOIN LATERAL (SELECT '2026-09-07 01:00Z'::timestamptz + n * 7919 % 1344 * interval '15 minutes' AS starts_at) AS t;
