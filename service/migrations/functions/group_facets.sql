-- What groups are found by: group_facets, kept in step with groups, programmes and institutions by their triggers.
--
-- packed, from the lowest bit: direction 3 bits, level 2, form 2, price band 3; then a bit for each source of financing 3,
-- weekday 7, limitation 7; full 1. service/clubs/packing.py has the same order.

-- For the search: ё is е, and case does not count.
CREATE OR REPLACE FUNCTION folded(p_text text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(lower(p_text), 'ё', 'е');

-- The last birth date of who has so many full months on a day, or, by calendar years, the years that these begin.
CREATE OR REPLACE FUNCTION born_by(p_on date, p_months integer, p_by_year boolean) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_by_year
    THEN make_date(extract(year FROM p_on)::integer - (p_months + 11) / 12, 12, 31)
    ELSE least(
        (date_trunc('month', p_on::timestamp) - make_interval(months => p_months))::date
            + (extract(day FROM p_on)::integer - 1),
        (date_trunc('month', p_on::timestamp) - make_interval(months => p_months - 1))::date - 1)
END;

-- Great-circle distance in kilometres (haversine; the mean radius of the Earth, 6371.0088 km).
CREATE OR REPLACE FUNCTION earth_km(
    p_latitude double precision, p_longitude double precision, q_latitude double precision, q_longitude double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_latitude IS NOT NULL AND q_latitude IS NOT NULL THEN
    12742.0176 * asin(sqrt(least(1, power(sin(radians(q_latitude - p_latitude) / 2), 2)
        + cos(radians(p_latitude)) * cos(radians(q_latitude)) * power(sin(radians(q_longitude - p_longitude) / 2), 2))))
END;

-- Of the bits one by one: those of p_of that are in p_all, each at its place.
CREATE OR REPLACE FUNCTION bits_of(p_all text[], p_of text[]) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(bit_or(1 << (array_position(p_all, each) - 1)), 0) FROM unnest(p_of) AS each
$$;

-- What the cheapest way to pay costs in a month.
CREATE OR REPLACE FUNCTION least_price(place groups) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(min((each ->> 'price_month_roubles')::integer), 0) FROM jsonb_array_elements(place.financing) AS each
$$;

-- Each lesson of the plan, weekly or of a single day: its ISO weekday, from and until which minute of the day.
CREATE OR REPLACE FUNCTION lesson_hours(p_plan jsonb)
RETURNS TABLE (weekday integer, begins_minute integer, ends_minute integer) LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((each ->> 'weekday')::integer, extract(isodow FROM (each ->> 'day')::date)::integer),
           starts, starts + hours * 45 + (hours - 1) * coalesce((p_plan ->> 'break_minutes')::integer, 0)
    FROM (SELECT jsonb_array_elements(p_plan -> 'weekly_lessons') AS each
          UNION ALL
          SELECT jsonb_array_elements(p_plan -> 'lesson_dates')) AS lessons,
         LATERAL (SELECT extract(hour FROM (each ->> 'starts')::time)::integer * 60
                             + extract(minute FROM (each ->> 'starts')::time)::integer AS starts,
                         coalesce((each ->> 'academic_hours')::integer, 1) AS hours) AS counted
$$;

CREATE OR REPLACE FUNCTION packed_facets(place groups, of programmes) RETURNS integer LANGUAGE sql STABLE AS $$
    -- All of these operators bind alike, from the left.
    SELECT (array_position(ARRAY['technical', 'science', 'arts', 'sports', 'tourism', 'social'], of.direction) - 1)
         | ((array_position(ARRAY['introductory', 'basic', 'advanced'], of.level) - 1) << 3)
         | ((array_position(ARRAY['in_person', 'mixed', 'distance'], of.form) - 1) << 5)
         | (width_bucket(least_price(place), ARRAY[1, 1001, 2001, 3001]) << 7)
         | (bits_of(ARRAY['budget', 'certificate', 'own'], ARRAY(
               SELECT each ->> 'source' FROM jsonb_array_elements(place.financing) AS each)) << 10)
         | ((SELECT coalesce(bit_or(1 << (weekday - 1)), 0) FROM lesson_hours(place.lesson_plan)) << 13)
         | (bits_of(ARRAY['hearing', 'vision', 'speech', 'musculoskeletal', 'development', 'autism', 'intellectual'],
                    of.limitations) << 20)
         | ((place.taken >= place.capacity)::integer << 27)
$$;

-- The row as it should be. Enrolment that nobody can use is one that is over: a lock, or places given by wishes.
CREATE OR REPLACE FUNCTION group_facets_of(place groups) RETURNS group_facets LANGUAGE sql STABLE AS $$
    SELECT place.region_id, place.id, place.institution_id, place.programme_id, i.municipality, i.zone, r.kind,
           place.starts_on, place.school_year, packed_facets(place, r), place.enrolment_opens_at,
           CASE WHEN place.locked_at IS NOT NULL OR (place.filling = 'matching' AND place.filled_at IS NULL) THEN '-infinity'
                WHEN place.filled_at IS NULL THEN least(place.enrolment_closes_at, place.collect_until)
                ELSE place.enrolment_closes_at END,
           born_by(counted_on, place.age_until_months, place.age_by_year),
           born_by(counted_on, place.age_from_months, place.age_by_year),
           place.age_from_months, place.age_until_months, place.age_by_year, hours.begins_minute::smallint,
           hours.ends_minute::smallint, least_price(place), (place.places #>> '{0,latitude}')::double precision,
           (place.places #>> '{0,longitude}')::double precision, ARRAY[folded(r.name), folded(place.name), folded(i.name)]
    FROM programmes r
    JOIN institutions i ON i.region_id = place.region_id AND i.id = place.institution_id
    CROSS JOIN LATERAL (SELECT min(begins_minute) AS begins_minute, max(ends_minute) AS ends_minute
                        FROM lesson_hours(place.lesson_plan)) AS hours
    CROSS JOIN LATERAL (SELECT CASE place.age_rule
        WHEN 'start' THEN place.starts_on WHEN 'date' THEN place.age_on END AS counted_on) AS ages
    WHERE r.region_id = place.region_id AND r.id = place.programme_id
$$;

-- Brings the rows of these groups to what they should be.
CREATE OR REPLACE FUNCTION keep_group_facets(p_region smallint, p_groups uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO group_facets AS kept
    SELECT made.* FROM groups g CROSS JOIN LATERAL group_facets_of(g) AS made
    WHERE g.region_id = p_region AND g.id = ANY (p_groups) ORDER BY g.id
    ON CONFLICT (region_id, group_id) DO UPDATE SET
        institution_id = excluded.institution_id, programme_id = excluded.programme_id,
        municipality = excluded.municipality, zone = excluded.zone, kind = excluded.kind,
        starts_on = excluded.starts_on, school_year = excluded.school_year, packed = excluded.packed,
        opens_at = excluded.opens_at, closes_at = excluded.closes_at, born_after = excluded.born_after,
        born_until = excluded.born_until, age_from_months = excluded.age_from_months,
        age_until_months = excluded.age_until_months, age_by_year = excluded.age_by_year,
        begins_minute = excluded.begins_minute, ends_minute = excluded.ends_minute,
        price_month_roubles = excluded.price_month_roubles, latitude = excluded.latitude,
        longitude = excluded.longitude, texts = excluded.texts
    WHERE kept IS DISTINCT FROM excluded;
    INSERT INTO group_texts
    SELECT DISTINCT p_region, text FROM group_facets, unnest(texts) AS text
    WHERE region_id = p_region AND group_id = ANY (p_groups) ORDER BY text
    ON CONFLICT DO NOTHING;
$$;

CREATE OR REPLACE FUNCTION groups_keep_facets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_group_facets(NEW.region_id, ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER groups_keep_facets AFTER INSERT OR UPDATE OF
    programme_id, name, school_year, age_from_months, age_until_months, age_rule, age_on, age_by_year, capacity, starts_on,
    enrolment_opens_at, enrolment_closes_at, lesson_plan, places, financing, filling, collect_until, filled_at, locked_at
ON groups FOR EACH ROW EXECUTE FUNCTION groups_keep_facets();

-- Most applications change the count of places, and not whether there are any: then nothing is written here.
CREATE OR REPLACE FUNCTION groups_keep_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE group_facets SET packed = (packed & ~(1 << 27)) | ((NEW.taken >= NEW.capacity)::integer << 27)
    WHERE region_id = NEW.region_id AND group_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER groups_keep_full AFTER UPDATE OF taken ON groups FOR EACH ROW
WHEN ((OLD.taken >= OLD.capacity) <> (NEW.taken >= NEW.capacity)) EXECUTE FUNCTION groups_keep_full();

-- The groups are locked before they are read, in the order in which applications lock them: what one of these changes
-- meanwhile is neither lost nor waited for in a circle.
CREATE OR REPLACE FUNCTION programmes_keep_facets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    theirs uuid[];
BEGIN
    SELECT array_agg(id) INTO theirs FROM (
        SELECT id FROM groups WHERE region_id = NEW.region_id AND programme_id = NEW.id
        ORDER BY id FOR NO KEY UPDATE) AS locked;
    PERFORM keep_group_facets(NEW.region_id, theirs);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER programmes_keep_facets AFTER UPDATE ON programmes FOR EACH ROW
WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION programmes_keep_facets();

CREATE OR REPLACE FUNCTION institutions_keep_facets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    theirs uuid[];
BEGIN
    SELECT array_agg(id) INTO theirs FROM (
        SELECT id FROM groups WHERE region_id = NEW.region_id AND institution_id = NEW.id
        ORDER BY id FOR NO KEY UPDATE) AS locked;
    PERFORM keep_group_facets(NEW.region_id, theirs);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER institutions_keep_facets AFTER UPDATE ON institutions FOR EACH ROW
WHEN ((OLD.name, OLD.municipality, OLD.zone) IS DISTINCT FROM (NEW.name, NEW.municipality, NEW.zone))
EXECUTE FUNCTION institutions_keep_facets();

-- Groups that were there before this table was.
SELECT keep_group_facets(region_id, array_agg(id)) FROM groups g
WHERE NOT EXISTS (SELECT FROM group_facets f WHERE f.region_id = g.region_id AND f.group_id = g.id)
GROUP BY region_id;
