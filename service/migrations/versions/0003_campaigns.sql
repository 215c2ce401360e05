-- Campaigns: groups of a whole region that are filled by matching ranked wishes.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid, adding-foreign-key-constraint

-- record: what takes part, from closed_at on; from matched_at on with the seed and the matches too. applied: through which
-- place in the lot the matches have become applications; all of them have when filled_at is set.
CREATE TABLE campaigns (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    wishes_from timestamptz NOT NULL,
    wishes_until timestamptz NOT NULL,
    confirm_until timestamptz NOT NULL,
    most_wishes smallint NOT NULL CHECK (most_wishes BETWEEN 1 AND 10),
    seed_sealed text NOT NULL,
    seed_hash text NOT NULL,
    closed_at timestamptz,
    wishes integer NOT NULL DEFAULT 0,
    wishes_digest text,
    record jsonb,
    matched_at timestamptz,
    matched integer NOT NULL DEFAULT 0,
    first_choices integer NOT NULL DEFAULT 0,
    applied integer NOT NULL DEFAULT 0,
    filled_at timestamptz,
    PRIMARY KEY (region_id, id),
    CONSTRAINT campaigns_by_own_id UNIQUE (region_id, external_id),
    CONSTRAINT campaigns_in_order CHECK (wishes_from < wishes_until AND wishes_until < confirm_until)
);
CREATE INDEX campaigns_to_fill ON campaigns (region_id, wishes_until) WHERE filled_at IS NULL;
CREATE INDEX campaigns_in_time ON campaigns (region_id, wishes_from, id);

-- A child's ranked list, the best first. id: in the record; made of chance. weights: what goes before others at each of the
-- groups. lot: its place in the order of the lot, from 1; with it the outcome is there.
CREATE TABLE campaign_wishes (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    group_ids uuid[] NOT NULL,
    weights smallint[] NOT NULL,
    benefits text[] NOT NULL DEFAULT '{}',
    lot integer,
    matched_group_id uuid,
    rank smallint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, campaign_id) REFERENCES campaigns,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT campaign_wishes_one_a_child UNIQUE (region_id, campaign_id, identity),
    CONSTRAINT campaign_wishes_weighed CHECK (cardinality(group_ids) = cardinality(weights))
);
CREATE INDEX campaign_wishes_in_lot ON campaign_wishes (region_id, campaign_id, lot);
CREATE INDEX campaign_wishes_by_person ON campaign_wishes (region_id, person_id);
CREATE INDEX campaign_wishes_by_citizen ON campaign_wishes (region_id, citizen_id);

ALTER TABLE groups ADD FOREIGN KEY (region_id, campaign_id) REFERENCES campaigns;
CREATE INDEX groups_by_campaign ON groups (region_id, campaign_id) WHERE campaign_id IS NOT NULL;

-- Of an application that came of a campaign's matching.
ALTER TABLE applications ADD COLUMN campaign_id uuid;
