-- Where else a child is at the time of a group's lessons, or too close to it to get from the one place to the other. That
-- nobody is in two places is held by the exclusion constraint of engagements; this tells beforehand, and minds the way.

-- The lessons with so many minutes before and behind each.
CREATE OR REPLACE FUNCTION with_travel(p_times tstzmultirange, p_minutes integer) RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_minutes = 0 THEN p_times ELSE (
        SELECT range_agg(tstzrange(lower(one) - make_interval(mins => p_minutes),
                                   upper(one) + make_interval(mins => p_minutes)))
        FROM unnest(p_times) AS one) END
$$;

-- Where lessons are.
CREATE OR REPLACE FUNCTION addresses_of(p_places jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(place ->> 'address' ORDER BY place ->> 'address') FROM jsonb_array_elements(p_places) AS place
$$;

-- All bookings of a child that have times near those: {kind, name, times, addresses, whether it is kept by engagements,
-- whether the citizen may know of it}.
CREATE OR REPLACE FUNCTION bookings_near(
    p_region smallint, p_citizen uuid, p_identity bytea, p_except uuid, p_near tstzmultirange
) RETURNS TABLE (kind text, name text, times tstzmultirange, addresses text[], engaged boolean, own boolean)
LANGUAGE sql STABLE AS $$
    WITH there AS (
        SELECT e.booking_id, true AS engaged FROM engagements e
        WHERE e.region_id = p_region AND e.identity = p_identity AND e.times && p_near
        UNION ALL
        SELECT a.id, false FROM applications a
        WHERE a.region_id = p_region AND a.identity = p_identity AND a.placed AND NOT is_engaged(a)
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled')),
    known AS (
        SELECT 'lesson' AS kind, a.terms -> 'programme' ->> 'name' AS name, g.lessons AS times,
               addresses_of(g.places) AS addresses, t.engaged, a.person_id
        FROM there t JOIN applications a ON a.region_id = p_region AND a.id = t.booking_id
        JOIN groups g ON g.region_id = p_region AND g.id = a.group_id
        WHERE a.id <> p_except AND g.lessons && p_near
        UNION ALL
        SELECT 'ticket', a.terms -> 'specialty' ->> 'name_ru', tstzmultirange(tstzrange(a.starts_at, a.ends_at)),
               ARRAY[a.terms -> 'location' ->> 'address'], true, a.person_id
        FROM there t JOIN appointments a ON a.region_id = p_region AND a.id = t.booking_id)
    SELECT k.kind, k.name, k.times, k.addresses, k.engaged, EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = k.person_id)
    FROM known k
$$;

-- The trials that a child has elsewhere at such times, as bookings_near() gives the rest.
CREATE OR REPLACE FUNCTION trials_near(place groups, p_citizen uuid, p_identity bytea, p_near tstzmultirange)
RETURNS TABLE (kind text, name text, times tstzmultirange, addresses text[], engaged boolean, own boolean)
LANGUAGE sql STABLE AS $$
    SELECT 'lesson', r.name, e.times, addresses_of(g.places), true, EXISTS (
        SELECT FROM guardians k
        WHERE k.region_id = t.region_id AND k.citizen_id = p_citizen AND k.person_id = t.person_id)
    FROM engagements e
    JOIN trials t ON t.region_id = e.region_id AND t.id = e.booking_id AND t.group_id <> place.id
    JOIN groups g ON g.region_id = t.region_id AND g.id = t.group_id
    JOIN programmes r ON r.region_id = g.region_id AND r.id = g.programme_id
    WHERE e.region_id = place.region_id AND e.identity = p_identity AND e.times && p_near
$$;

-- What the group's lessons to come collide with, the closest times of each booking; gap_minutes is null where they
-- overlap. Between lessons at one address no time is needed.
CREATE OR REPLACE FUNCTION lesson_collisions(
    place groups, p_citizen uuid, p_identity bytea, p_except uuid, p_minutes integer, p_now timestamptz
) RETURNS TABLE (kind text, name text, own boolean, engaged boolean, at timestamptz, gap_minutes integer)
LANGUAGE sql STABLE AS $$
    SELECT b.kind, b.name, b.own, b.engaged, closest.at, closest.gap
    FROM (
        SELECT * FROM bookings_near(
            place.region_id, p_citizen, p_identity, p_except, with_travel(place.lessons, p_minutes))
        UNION ALL
        SELECT * FROM trials_near(place, p_citizen, p_identity, with_travel(place.lessons, p_minutes))) b,
    LATERAL (
        SELECT lower(mine) AS at, CASE WHEN NOT mine && other THEN floor(extract(epoch FROM greatest(
            lower(mine) - upper(other), lower(other) - upper(mine))) / 60)::integer END AS gap
        FROM unnest(place.lessons) AS mine, unnest(b.times) AS other
        WHERE upper(mine) > p_now AND upper(other) > p_now
          AND other && tstzrange(lower(mine) - make_interval(mins => p_minutes),
                                 upper(mine) + make_interval(mins => p_minutes))
        ORDER BY 2 NULLS FIRST, 1 LIMIT 1) AS closest
    WHERE closest.gap IS NULL OR b.addresses <> addresses_of(place.places) OR cardinality(b.addresses) > 1
    ORDER BY closest.at, b.kind, b.name
$$;

-- The application with what it collides with. Where the institution refuses overlaps, a child that has a place must also
-- get there in time; one that waits is only told.
CREATE OR REPLACE FUNCTION with_warnings(wish applications, place groups, p_citizen uuid, p_item integer, p_now timestamptz)
RETURNS applications LANGUAGE plpgsql STABLE AS $$
DECLARE
    minutes integer := (SELECT travel_minutes FROM institutions
                        WHERE region_id = place.region_id AND id = place.institution_id);
    too_close boolean;
    busy boolean;
    seated boolean := wish.placed AND (wish.overlap_rule = 'refuse' OR wish.status = 'enrolled');
BEGIN
    wish.warnings := '[]';
    -- Most children are booked nowhere else, and in the first minute that is all there is time to find out.
    IF NOT EXISTS (SELECT FROM engagements e WHERE e.region_id = wish.region_id AND e.identity = wish.identity)
       AND NOT EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = wish.region_id AND a.identity = wish.identity AND a.placed AND a.id <> wish.id
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled')) THEN
        RETURN wish;
    END IF;
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'kind', CASE WHEN own THEN kind ELSE 'busy' END, 'name', CASE WHEN own THEN name END, 'at', at,
               'gap_minutes', gap_minutes)), '[]'),
           coalesce(bool_or(engaged AND gap_minutes IS NOT NULL), false),
           coalesce(bool_or(engaged AND gap_minutes IS NULL), false)
    INTO wish.warnings, too_close, busy
    FROM lesson_collisions(place, p_citizen, wish.identity, wish.id, minutes, p_now);
    -- The constraint would refuse this as well, but without the item.
    PERFORM refuse_item('engagements_one_place_at_a_time', wish.family_id, p_item) WHERE busy AND seated;
    PERFORM refuse_item('too_little_time_between', wish.family_id, p_item)
    WHERE too_close AND seated AND wish.overlap_rule = 'refuse';
    RETURN wish;
END $$;

-- Whether who has the booking is engaged by another one in these times. It looks behind the walls and tells no more than
-- that, so an institution may ask it of a booking of its own.
CREATE OR REPLACE FUNCTION is_busy_elsewhere(p_region smallint, p_booking uuid, p_times tstzmultirange) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM engagements own
        JOIN engagements other ON other.region_id = own.region_id AND other.identity = own.identity
            AND other.booking_id <> own.booking_id AND other.times && p_times
        WHERE own.region_id = p_region AND own.booking_id = p_booking)
$$;
