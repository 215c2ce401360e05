-- The search for groups: a page, and the counts of all that is found, in one statement.

-- A group as it is shown, with its programme and its institution.
CREATE OR REPLACE FUNCTION shown_group(place groups) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT row_to_json(shown) FROM (
        SELECT place.id, place.institution_id, place.programme_id, r.name AS programme_name, r.direction, r.level,
               place.name, place.school_year, place.age_from, place.age_to, place.age_rule, place.age_on,
               place.age_by_year, place.capacity, place.capacity - place.taken AS free, place.waiting, place.min_size,
               place.starts_on, place.ends_on, place.hours_a_year, place.enrolment_opens_at, place.enrolment_closes_at,
               place.lesson_plan, place.places, place.teachers, place.financing, place.documents, place.trial_places,
               place.entrance_test, place.instant, place.waiting_list, place.filling, place.collect_until,
               place.filled_at, place.continues_id, place.campaign_id, place.locked_at IS NOT NULL AS locked,
               i.zone, i.name AS institution_name, i.municipality
        FROM programmes r
        JOIN institutions i ON i.region_id = place.region_id AND i.id = place.institution_id
        WHERE r.region_id = place.region_id AND r.id = place.programme_id) AS shown
$$;

-- The child's other bookings in the time of the group's lessons, five at most; each with its first time that is in the way.
CREATE OR REPLACE FUNCTION child_busy(place groups, child persons, p_citizen uuid, p_zone text)
RETURNS TABLE (starts_at timestamp, name_ru text, name_en text) LANGUAGE sql STABLE AS $$
    SELECT lower(first_time) AT TIME ZONE p_zone, coalesce(a.terms #>> '{programme,name}', s.name_ru),
           coalesce(a.terms #>> '{programme,name}', s.name_en)
    FROM engagements e
    CROSS JOIN LATERAL (
        SELECT each AS first_time FROM unnest(e.times) AS each WHERE each && place.lessons ORDER BY each LIMIT 1) AS first
    LEFT JOIN applications a ON a.region_id = e.region_id AND a.id = e.booking_id AND a.person_id IN (
        SELECT person_id FROM guardians WHERE region_id = place.region_id AND citizen_id = p_citizen)
    LEFT JOIN appointments t ON t.region_id = e.region_id AND t.id = e.booking_id AND t.person_id IN (
        SELECT person_id FROM guardians WHERE region_id = place.region_id AND citizen_id = p_citizen)
    LEFT JOIN specialties s ON s.code = t.specialty_code
    WHERE e.region_id = place.region_id AND e.identity = child.identity AND e.times && place.lessons
      AND NOT EXISTS (
          SELECT FROM applications own
          WHERE own.region_id = e.region_id AND own.id = e.booking_id AND own.group_id = place.id)
    ORDER BY first_time
    LIMIT 5
$$;

-- How the group suits a child: by how many months it is too young or too old, what else stands in the way. Of what keeps it
-- busy only that is named which the citizen's own persons are booked for; another guardian's bookings are nobody's to know.
-- A table of one row, so that it becomes a part of the statement that calls it.
CREATE OR REPLACE FUNCTION group_fit(place groups, child persons, p_citizen uuid, p_now timestamptz)
RETURNS TABLE (fit json) LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'young_by', greatest(place.age_from_months - months, 0),
        'old_by', greatest(months - place.age_until_months + 1, 0),
        'enrolment', enrolment_refusal(place, p_now),
        'full', place.taken >= place.capacity,
        'applied', EXISTS (
            SELECT FROM applications a
            WHERE a.region_id = place.region_id AND a.group_id = place.id AND a.identity = child.identity
              AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')),
        'busy', (SELECT json_agg(each ORDER BY each.starts_at)
                 FROM child_busy(place, child, p_citizen, i.zone) AS each))
    FROM institutions i
    CROSS JOIN LATERAL (SELECT CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'date' THEN place.age_on
        ELSE (p_now AT TIME ZONE i.zone)::date END AS counted_on) AS ages
    CROSS JOIN LATERAL (SELECT CASE WHEN place.age_by_year
        THEN 12 * (extract(year FROM counted_on) - extract(year FROM child.birth_date))::integer
        ELSE full_months(child.birth_date, counted_on) END AS months) AS counted
    WHERE i.region_id = place.region_id AND i.id = place.institution_id
$$;

-- How many groups have each value of what is packed: three small tables instead of one count a value and group.
CREATE OR REPLACE FUNCTION facet_counts(p_key integer[], p_set integer[], p_groups integer[]) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
    SELECT json_build_object(
        'direction', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 0), sum(n) FILTER (WHERE s = 0 AND k & 7 = 1),
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 2), sum(n) FILTER (WHERE s = 0 AND k & 7 = 3),
            sum(n) FILTER (WHERE s = 0 AND k & 7 = 4), sum(n) FILTER (WHERE s = 0 AND k & 7 = 5)],
        'level', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 3 & 3 = 2)],
        'form', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 5 & 3 = 2)],
        'price', ARRAY[
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 0), sum(n) FILTER (WHERE s = 0 AND k >> 7 = 1),
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 2), sum(n) FILTER (WHERE s = 0 AND k >> 7 = 3),
            sum(n) FILTER (WHERE s = 0 AND k >> 7 = 4)],
        'financing', ARRAY[
            sum(n) FILTER (WHERE s = 1 AND k & 1 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 2 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 4 <> 0)],
        'weekday', ARRAY[
            sum(n) FILTER (WHERE s = 1 AND k & 8 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 16 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 32 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 64 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 128 <> 0), sum(n) FILTER (WHERE s = 1 AND k & 256 <> 0),
            sum(n) FILTER (WHERE s = 1 AND k & 512 <> 0)],
        'limitation', ARRAY[
            sum(n) FILTER (WHERE s = 2 AND k & 1 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 2 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 4 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 8 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 16 <> 0), sum(n) FILTER (WHERE s = 2 AND k & 32 <> 0),
            sum(n) FILTER (WHERE s = 2 AND k & 64 <> 0)],
        'free', sum(n) FILTER (WHERE s = 2 AND k & 128 = 0),
        'open', sum(n) FILTER (WHERE s = 2 AND k >> 8 = 1),
        'opens_soon', sum(n) FILTER (WHERE s = 2 AND k >> 8 = 2))
    FROM unnest(p_key, p_set, p_groups) AS counted (k, s, n)
$$;

-- p_wanted: a group_wish. p_after: {rank, starts_on, id} of the last one of the page before. p_person: whose `fit` is told,
-- a person of the citizen. Planned anew for what is asked each time: what is not asked for is not in the plan.
CREATE OR REPLACE FUNCTION find_groups(
    p_region smallint, p_wanted jsonb, p_after jsonb, p_limit integer, p_facets boolean, p_citizen uuid, p_person uuid,
    p_now timestamptz
) RETURNS json LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
-- «шахмотты» is like «шахматы» by 0.44.
SET pg_trgm.word_similarity_threshold = 0.4
AS $$
DECLARE
    wanted group_wish := jsonb_populate_record(NULL::group_wish, p_wanted);
    sought text := folded(wanted.search);
    after_rank double precision := (p_after ->> 'rank')::double precision;
    after_start date := p_after ->> 'starts_on';
    after_id uuid := p_after ->> 'id';
    -- A degree of latitude has 111.2 km; one of longitude less, the further from the equator.
    high double precision := wanted.within_km / 111.1;
    wide double precision := CASE WHEN abs(wanted.latitude) + high < 89
        THEN high / cos(radians(abs(wanted.latitude) + high)) ELSE 360 END;
    alike text[];
    likeness jsonb;
    soon timestamptz := p_now + make_interval(days => coalesce(wanted.opens_within_days, 14));
    child persons;
    busy tstzmultirange := '{}';
    answer json;
BEGIN
    IF p_person IS NOT NULL THEN
        SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL;
        PERFORM refuse('person_not_found') WHERE child.id IS NULL;
    END IF;
    IF sought IS NOT NULL THEN
        SELECT coalesce(array_agg(text), '{}'), coalesce(jsonb_object_agg(text, likes), '{}') INTO alike, likeness
        FROM (SELECT text, word_similarity(sought, text) AS likes FROM group_texts
              WHERE region_id = p_region AND sought <% text ORDER BY likes DESC, text LIMIT 500) AS most;
    END IF;
    IF wanted.fitting_only THEN
        wanted.born_on := child.birth_date;
        wanted.open_only := true;
        SELECT coalesce(range_agg(times), '{}') INTO busy FROM engagements
        WHERE region_id = p_region AND identity = child.identity;
    END IF;
    WITH found AS NOT MATERIALIZED (
        SELECT f.group_id, f.starts_on, f.packed, f.opens_at, f.closes_at,
               earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude) AS km,
               CASE WHEN wanted.sort = 'distance'
                        THEN earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude)
                    WHEN wanted.sort = 'match'
                        THEN -greatest(likeness -> f.texts[1], likeness -> f.texts[2], likeness -> f.texts[3])::double precision
                    -- Not a constant: by the order of starts the whole region would be looked through.
                    WHEN sought IS NOT NULL THEN 0 * cardinality(f.texts)
                    ELSE 0 END AS rank
        FROM group_facets f
        WHERE f.region_id = p_region
          AND (wanted.institution_id IS NULL OR f.institution_id = wanted.institution_id)
          AND (wanted.programme_id IS NULL OR f.programme_id = wanted.programme_id)
          AND (wanted.municipality IS NULL OR f.municipality = wanted.municipality)
          AND (wanted.kind IS NULL OR f.kind = wanted.kind)
          AND (wanted.school_year IS NULL OR f.school_year = wanted.school_year)
          AND (wanted.mask = 0 OR f.packed & wanted.mask = wanted.packed)
          AND (wanted.born_on IS NULL OR CASE WHEN f.born_until IS NOT NULL
              THEN wanted.born_on > f.born_after AND wanted.born_on <= f.born_until
              ELSE wanted.born_on > born_by((p_now AT TIME ZONE f.zone)::date, f.age_until_months, f.age_by_year)
               AND wanted.born_on <= born_by((p_now AT TIME ZONE f.zone)::date, f.age_from_months, f.age_by_year) END)
          AND (wanted.open_only IS NOT TRUE OR (f.opens_at <= p_now AND p_now < f.closes_at))
          AND (wanted.opens_within_days IS NULL
               OR (p_now < f.opens_at AND f.opens_at <= soon AND f.opens_at < f.closes_at))
          AND (wanted.begins_minute IS NULL OR f.begins_minute >= wanted.begins_minute)
          AND (wanted.ends_minute IS NULL OR f.ends_minute <= wanted.ends_minute)
          AND (wanted.price_month_to IS NULL OR f.price_month_roubles <= wanted.price_month_to)
          AND (wanted.latitude IS NULL OR (
              f.latitude BETWEEN wanted.latitude - high AND wanted.latitude + high
              AND (f.longitude BETWEEN wanted.longitude - wide AND wanted.longitude + wide
                   -- Chukotka is on both sides of the 180th meridian.
                   OR f.longitude BETWEEN wanted.longitude + 360 - wide AND 180
                   OR f.longitude BETWEEN -180 AND wanted.longitude - 360 + wide)
              AND earth_km(wanted.latitude, wanted.longitude, f.latitude, f.longitude) <= wanted.within_km))
          AND (sought IS NULL OR f.texts && alike)
          AND (wanted.fitting_only IS NOT TRUE OR (
              f.packed >> 27 & 1 = 0
              AND NOT EXISTS (
                  SELECT FROM groups g
                  WHERE g.region_id = p_region AND g.id = f.group_id AND g.lessons && busy)
              AND NOT EXISTS (
                  SELECT FROM applications a
                  WHERE a.region_id = p_region AND a.group_id = f.group_id AND a.identity = child.identity AND a.status IN (
                      'submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered'))))
    ), page AS (
        SELECT group_id, starts_on, rank, km FROM found
        WHERE after_id IS NULL
           OR (wanted.sort = 'start' AND (starts_on, group_id) > (after_start, after_id))
           OR (wanted.sort <> 'start' AND (rank, starts_on, group_id) > (after_rank, after_start, after_id))
        ORDER BY rank, starts_on, group_id LIMIT p_limit
    ), counted AS (
        SELECT coalesce(a, b, c) AS key, CASE WHEN a IS NOT NULL THEN 0 WHEN b IS NOT NULL THEN 1 ELSE 2 END AS of,
               count(*)::integer AS groups
        FROM (SELECT packed & 1023 AS a, packed >> 10 & 1023 AS b,
                     (packed >> 20 & 255) | (CASE WHEN opens_at <= p_now THEN (p_now < closes_at)::integer
                         ELSE 2 * (opens_at <= soon AND opens_at < closes_at)::integer END << 8) AS c
              FROM found WHERE p_facets) AS keys
        GROUP BY GROUPING SETS ((a), (b), (c))
    )
    SELECT json_build_object(
        'items', (
            SELECT json_agg(json_build_object(
                'group', shown_group(of.place), 'rank', page.rank, 'km', page.km, 'fit', looked_at.fit)
                ORDER BY page.rank, page.starts_on, page.group_id)
            -- One by one: a page is short, and groups are many.
            FROM page CROSS JOIN LATERAL (
                SELECT g AS place FROM groups g WHERE g.region_id = p_region AND g.id = page.group_id LIMIT 1) AS of
            LEFT JOIN LATERAL group_fit(of.place, child, p_citizen, p_now) AS looked_at ON p_person IS NOT NULL),
        'facets', CASE WHEN p_facets THEN (
            SELECT facet_counts(coalesce(array_agg(key), '{}'), coalesce(array_agg(of), '{}'),
                                coalesce(array_agg(groups), '{}')) FROM counted) END)
    INTO answer;
    RETURN answer;
END $$;
