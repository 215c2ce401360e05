-- What a club publishes: the locks of its groups with their history, and what groups are found by.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation

CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Why nobody could apply for the time being: who said so, when, and who ended it. groups.locked_at is that of the last.
CREATE TABLE group_locks (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    reason text NOT NULL,
    locked_at timestamptz NOT NULL,
    locked_by uuid NOT NULL,
    unlock_reason text,
    unlocked_at timestamptz,
    unlocked_by uuid,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    CONSTRAINT group_locks_ended_by_somebody CHECK (
        (unlocked_at IS NULL) = (unlocked_by IS NULL) AND (unlocked_at IS NULL) = (unlock_reason IS NULL))
);
CREATE UNIQUE INDEX group_locks_one_at_a_time ON group_locks (region_id, group_id) WHERE unlocked_at IS NULL;
CREATE INDEX group_locks_by_group ON group_locks (region_id, group_id, id);

-- One narrow row a group: what it is found by, out of groups, programmes and institutions, whose triggers keep it
-- (functions/group_facets.sql). packed: all that is counted, in one integer. opens_at, closes_at: when one can apply, with
-- locks and collecting taken into account. born_after, born_until: whom its ages fit, null where that changes day by day.
CREATE TABLE group_facets (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    municipality text NOT NULL,
    zone text NOT NULL,
    kind text NOT NULL,
    starts_on date NOT NULL,
    school_year smallint NOT NULL,
    packed integer NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    born_after date,
    born_until date,
    age_from_months smallint NOT NULL,
    age_until_months smallint NOT NULL,
    age_by_year boolean NOT NULL,
    begins_minute smallint,
    ends_minute smallint,
    price_month_roubles integer NOT NULL,
    latitude double precision,
    longitude double precision,
    texts text[] NOT NULL,
    PRIMARY KEY (region_id, group_id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups
);
CREATE INDEX group_facets_by_start ON group_facets (region_id, starts_on, group_id);
CREATE INDEX group_facets_by_institution ON group_facets (region_id, institution_id, starts_on, group_id);
CREATE INDEX group_facets_by_programme ON group_facets (region_id, programme_id, starts_on, group_id);
-- A town, or the whole region, is counted out of this index alone.
CREATE INDEX group_facets_counted ON group_facets (region_id, municipality)
    INCLUDE (group_id, starts_on, packed, opens_at, closes_at, born_after, born_until, age_from_months, age_until_months,
             age_by_year, zone);
CREATE INDEX group_facets_near ON group_facets (region_id, latitude, longitude) WHERE latitude IS NOT NULL;
CREATE INDEX group_facets_by_text ON group_facets USING gin (region_id, texts);

-- Every text of group_facets.texts once, however many groups have it: names of programmes, groups and institutions. What
-- is misspelt is looked for here. Those that no group has any more are in nobody's way, and stay.
CREATE TABLE group_texts (
    region_id smallint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (region_id, text)
);
-- Without the region, whose own entry would be longer than those of all trigrams together: texts are short and few.
CREATE INDEX group_texts_alike ON group_texts USING gin (text gin_trgm_ops);

-- What somebody looks for: find_groups() reads it out of JSON. What is null is not asked for.
CREATE TYPE group_wish AS (
    institution_id uuid,
    programme_id uuid,
    municipality text,
    kind text,
    school_year smallint,
    mask integer,
    packed integer,
    born_on date,
    open_only boolean,
    opens_within_days integer,
    begins_minute smallint,
    ends_minute smallint,
    price_month_to integer,
    latitude double precision,
    longitude double precision,
    within_km double precision,
    search text,
    sort text,
    fitting_only boolean
);
