-- What a person may take in a day, and what it costs an account to take places and let them go, again and again.
-- docs/decisions/0035 says why so. A day is the last 24 hours; the numbers are the region's.

-- Refuses until then; with null, or when that is over, it does nothing.
CREATE OR REPLACE FUNCTION refuse_until(
    p_region smallint, p_refusal text, p_until timestamptz, p_now timestamptz, p_item integer DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_until > p_now THEN
        -- What is said has the region's offset. The refusal undoes this as well.
        PERFORM set_config('TimeZone', (SELECT zone FROM regions WHERE code = p_region), true);
        RAISE EXCEPTION USING ERRCODE = 'ZP001', MESSAGE = p_refusal, CONSTRAINT = p_refusal,
            HINT = json_build_object('possible_at', p_until, 'retry_after_seconds',
                                     ceil(extract(epoch FROM p_until - p_now))::integer),
            DETAIL = coalesce('/items/' || p_item, '');
    END IF;
END $$;

-- From here on what one account takes, and what is taken for one human being, is taken one after the other: else many at
-- once would all find room in the day. Whoever waits here has what was before them when they look. In one order, and
-- before any slot is locked. Where the region has taken off all numbers nobody waits.
CREATE OR REPLACE FUNCTION take_turns(p_region smallint, p_citizen uuid, p_identities bytea[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM regions WHERE code = p_region
        AND num_nonnulls(person_bookings_a_day, account_bookings_a_day, let_go_freely, let_go_a_day) > 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(turn) FROM (
        SELECT hashtextextended(p_citizen::text, p_region) AS turn
        UNION
        -- As booking_limit() has it.
        SELECT hashtextextended(encode(identity, 'hex'), p_region) FROM unnest(p_identities) AS identity
        ORDER BY 1) AS turns;
END $$;

-- Bookings ------------------------------------------------------------------------------------------------------------

-- When the account may book one more ticket online for that human being; null: now. That is when the oldest of as many as
-- the region allows is a day old. Cancelled ones count: a place that is given back was taken.
CREATE OR REPLACE FUNCTION day_is_full_until(p_region smallint, p_citizen uuid, p_identity bytea, p_now timestamptz)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT greatest((
            SELECT a.created_at FROM persons p
            CROSS JOIN LATERAL (
                SELECT created_at FROM appointments
                WHERE region_id = p_region AND person_id = p.id
                  -- What was booked within a day was of a time to come then.
                  AND starts_at > p_now - interval '1 day'
                  AND created_at > p_now - interval '1 day' AND source = 'internet'
                -- In the order of the index by person: where a plan was made while the table was empty, and all indexes
                -- seemed alike, it is this that tells them apart.
                ORDER BY starts_at DESC OFFSET 0
            ) a
            WHERE p.region_id = p_region AND p.identity = p_identity AND p.deleted_at IS NULL
              AND r.person_bookings_a_day IS NOT NULL
            ORDER BY a.created_at DESC OFFSET r.person_bookings_a_day - 1 LIMIT 1
        ), (
            SELECT a.created_at FROM appointments a
            WHERE a.region_id = p_region AND a.citizen_id = p_citizen
              AND a.created_at > p_now - interval '1 day' AND a.source = 'internet'
              AND r.account_bookings_a_day IS NOT NULL
            ORDER BY a.created_at DESC OFFSET r.account_bookings_a_day - 1 LIMIT 1
        )) + interval '1 day'
        FROM regions r WHERE r.code = p_region);
END $$;

-- Taken and let go ------------------------------------------------------------------------------------------------------

-- How long to wait after the so many-eth place beyond the free ones: a minute, two, four ... and never more than an hour.
-- Null where there is none beyond.
CREATE OR REPLACE FUNCTION pause_after(p_beyond bigint) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_beyond >= 1 THEN make_interval(mins => least(2 ^ least(p_beyond - 1, 6), 60)::integer) END;

-- The account has let a place go: by itself, or by leaving it until its time was over.
CREATE OR REPLACE FUNCTION count_let_go(p_region smallint, p_citizen uuid, p_mini_app text, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO places_let_go (region_id, citizen_id, at, id, mini_app)
    VALUES (p_region, p_citizen, p_at, gen_random_uuid(), p_mini_app);
END $$;

-- The citizen gives a ticket up that is locked: one that has its place still, and was taken online.
CREATE OR REPLACE FUNCTION count_ticket_let_go(booked appointments, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF booked.status = 'booked' AND booked.source = 'internet' THEN
        PERFORM count_let_go(booked.region_id, p_citizen, 'doctor', p_now);
    END IF;
END $$;

-- The citizen gives a place up that the application, which is locked, has taken; one that is only offered is not theirs.
CREATE OR REPLACE FUNCTION count_application_let_go(named applications, p_citizen uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF named.placed AND named.status <> 'offered' THEN
        PERFORM count_let_go(named.region_id, p_citizen, 'club', p_now);
    END IF;
END $$;

-- When the account took places that it did not keep, within a day: what it has let go, and what it holds by now and has not
-- booked. The latest first.
CREATE OR REPLACE FUNCTION taken_in_vain(p_region smallint, p_citizen uuid, p_mini_app text, p_now timestamptz)
RETURNS timestamptz[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT at FROM places_let_go
        WHERE region_id = p_region AND citizen_id = p_citizen AND at > p_now - interval '1 day' AND mini_app = p_mini_app
        UNION ALL
        SELECT held_at FROM holds
        WHERE region_id = p_region AND citizen_id = p_citizen AND offer_id IS NULL AND p_mini_app = 'doctor'
          AND held_at > p_now - interval '1 day'
        ORDER BY 1 DESC);
END $$;

-- Refuses an account that has let go so many places that it has to wait before it takes another.
CREATE OR REPLACE FUNCTION refuse_in_pause(p_region smallint, p_citizen uuid, p_mini_app text, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    times timestamptz[] := taken_in_vain(p_region, p_citizen, p_mini_app, p_now);
    freely smallint;
    a_day smallint;
BEGIN
    IF times = '{}' THEN
        RETURN;
    END IF;
    SELECT let_go_freely, let_go_a_day INTO freely, a_day FROM regions WHERE code = p_region;
    PERFORM refuse_until(p_region, 'too_many_today', times[a_day] + interval '1 day', p_now);
    PERFORM refuse_until(p_region, CASE p_mini_app WHEN 'doctor' THEN 'hold_paused' ELSE 'applying_paused' END,
                         times[1] + pause_after(cardinality(times) - freely), p_now);
END $$;

-- What was let go before then, of one batch. Returns how many there were.
CREATE OR REPLACE FUNCTION forget_let_go(p_before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM places_let_go gone USING regions r CROSS JOIN LATERAL (
        SELECT g.region_id, g.citizen_id, g.at, g.id FROM places_let_go g
        WHERE g.region_id = r.code AND g.at < p_before
        ORDER BY g.at LIMIT 500 FOR UPDATE SKIP LOCKED) old
    WHERE gone.region_id = old.region_id AND gone.citizen_id = old.citizen_id AND gone.at = old.at AND gone.id = old.id;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;
