-- A region of bench.groups groups, twelve to an institution of four programmes each, in thirty towns, and twenty-five applications a group.
-- The catalogue is as long in a small region as in a large one; numbers are spread by primes, so that nothing comes in order.

SET session_replication_role = replica;

CREATE FUNCTION bench_id(p_kind integer, p_n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    format('00000000-%s-7000-8000-%s', lpad(to_hex(p_kind), 4, '0'), lpad(to_hex(p_n), 12, '0'))::uuid;

CREATE TEMPORARY TABLE numbers AS SELECT current_setting('bench.groups')::integer AS groups;

INSERT INTO institutions (region_id, id, name, kind, municipality, address, zone)
SELECT 42, bench_id(1, n), 'Дом детского творчества № ' || n, 'club', 'Город ' || n % 30, 'ул. Весенняя, ' || n,
       'Asia/Novokuznetsk'
FROM numbers, generate_series(0, groups / 12) AS n;

INSERT INTO programmes (region_id, id, institution_id, external_id, name, direction, level, description, form, kind,
                        limitations)
SELECT 42, bench_id(2, n), bench_id(1, n / 4), 'p' || n,
       (ARRAY['Шахматы', 'Робототехника', 'Акварель', 'Плавание', 'Скалолазание', 'Дебаты', 'Лепка', 'Хоровое пение',
              'Юный химик', 'Самбо', 'Краеведение', 'Школа волонтёра', 'Авиамоделирование', 'Астрономия', 'Керамика',
              'Волейбол', 'Юный турист', 'Журналистика', 'Программирование', 'Биология'])[1 + n * 7919 % 20]
           || ' ' || (ARRAY['для начинающих', 'для малышей', 'для подростков', 'и развитие', 'плюс'])[1 + n * 31 % 5],
       (ARRAY['technical', 'science', 'arts', 'sports', 'tourism', 'social'])[1 + n * 7 % 6],
       (ARRAY['introductory', 'introductory', 'basic', 'advanced'])[1 + n * 13 % 4], 'Занятия в группах.',
       (ARRAY['in_person', 'in_person', 'in_person', 'mixed', 'distance'])[1 + n * 17 % 5], 'general',
       CASE n % 5 WHEN 0 THEN ARRAY['speech'] WHEN 1 THEN ARRAY['hearing', 'autism'] ELSE '{}' END
FROM numbers, generate_series(0, groups / 3) AS n;

INSERT INTO groups (region_id, id, institution_id, programme_id, external_id, name, school_year, age_from, age_to,
                    age_from_months, age_until_months, age_rule, capacity, taken, starts_on, ends_on, enrolment_opens_at,
                    enrolment_closes_at, lesson_plan, places, lessons, teachers, financing)
SELECT 42, bench_id(3, n), bench_id(1, n / 12), bench_id(2, n / 3), 'g' || n, 'Группа ' || n % 3 + 1, 2026, years, years + 3,
       years * 12, (years + 4) * 12, CASE n % 10 WHEN 0 THEN 'applying' ELSE 'start' END, 15, CASE n * 37 % 10 WHEN 0 THEN 15 ELSE 9 END,
       starts_on, starts_on + 240, '2026-08-20'::timestamptz + n * 7 % 60 * interval '1 day',
       '2026-09-10'::timestamptz + n * 7 % 60 * interval '1 day',
       jsonb_build_object('weekly_lessons', jsonb_build_array(
           jsonb_build_object('weekday', 1 + n * 11 % 3, 'starts', 14 + n % 5 || ':30', 'academic_hours', 2, 'place', 0),
           jsonb_build_object('weekday', 4 + n * 11 % 3, 'starts', 14 + n % 5 || ':30', 'academic_hours', 2, 'place', 0)),
           'lesson_dates', '[]'::jsonb, 'break_minutes', 10, 'skip_holidays', true, 'pauses', '[]'::jsonb),
       jsonb_build_array(jsonb_build_object('address', 'ул. Весенняя, ' || n, 'latitude', 53 + n * 7919 % 3000 / 1000.0,
                                            'longitude', 85 + n * 7907 % 4000 / 1000.0)),
       lessons, ARRAY['Орлова Анна Сергеевна'],
       CASE n % 4 WHEN 0 THEN '[{"source": "own", "price_total_roubles": 9000, "price_month_roubles": 1000, "hours": null}]'
                  WHEN 1 THEN '[{"source": "certificate", "price_total_roubles": 9000, "price_month_roubles": 0, "hours": 72},
                                {"source": "own", "price_total_roubles": 9000, "price_month_roubles": 2500, "hours": null}]'
                  ELSE '[{"source": "budget", "price_total_roubles": 0, "price_month_roubles": 0, "hours": null}]' END::jsonb
FROM numbers, generate_series(0, groups - 1) AS n
CROSS JOIN LATERAL (SELECT 3 + n * 23 % 12 AS years, '2026-10-01'::date + n * 7919 % 60 AS starts_on) AS ages
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(begins, begins + interval '100 minutes')) AS lessons
    FROM generate_series(0, 33) AS week, generate_series(0, 1) AS twice,
         LATERAL (SELECT '2026-10-05 07:30Z'::timestamptz + n % 5 * interval '1 hour' + week * interval '7 days'
                      + (n * 11 % 3 + 3 * twice) * interval '1 day' AS begins) AS at
) AS made;

SELECT keep_group_facets(42::smallint, array_agg(id)) FROM groups;

INSERT INTO applications (region_id, id, number, institution_id, group_id, citizen_id, person_id, identity, status,
                          placed, serial, terms, created_at, updated_at)
SELECT 42, bench_id(4, n), n::text, bench_id(1, n % groups / 12), bench_id(3, n % groups), bench_id(5, n), bench_id(6, n),
       sha256(n::text::bytea), CASE WHEN n / groups < 9 THEN 'enrolled' ELSE 'withdrawn' END, n / groups < 9, n / groups,
       '{}', now(), now()
FROM numbers, generate_series(0, groups * 25 - 1) AS n;

INSERT INTO citizens VALUES (42, bench_id(5, 1), 'vk', '1', now());
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
VALUES (42, bench_id(6, 1), sha256('1'), 'Соколова', 'Вера', '2018-05-14', 'female', now(), now());
INSERT INTO guardians VALUES (42, bench_id(5, 1), bench_id(6, 1), 'child', sha256('1'));
INSERT INTO engagements
SELECT 42, bench_id(4, 1), sha256('1'), lessons FROM groups WHERE id = bench_id(3, 1);
