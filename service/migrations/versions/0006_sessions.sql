-- Sessions of citizens: a family of refresh tokens each, of which one is good at a time; how often a launch was used.

CREATE TABLE sessions (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    -- Who they are, and the account by which they came: another one where that was joined to it.
    citizen_id uuid NOT NULL,
    account_id uuid NOT NULL,
    platform text NOT NULL,
    client text NOT NULL,
    page text NOT NULL,
    -- Of the refresh token that is good, and of the one before; null where there is nothing to refresh.
    token_hash bytea,
    previous_hash bytea,
    rotated_at timestamptz,
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Of its own accord, or because an old token came again.
    ended_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    FOREIGN KEY (region_id, account_id) REFERENCES citizens
);
CREATE INDEX sessions_by_citizen ON sessions (region_id, citizen_id, used_at) WHERE ended_at IS NULL;
-- Each worker asks for them every few seconds.
CREATE INDEX sessions_ended ON sessions (region_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (region_id, expires_at);

-- A keyed hash of a signed launch, and how many sessions it has made.
CREATE TABLE launch_uses (
    region_id smallint NOT NULL REFERENCES regions,
    launch_hash bytea NOT NULL,
    uses integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, launch_hash)
);
CREATE INDEX launch_uses_by_expiry ON launch_uses (region_id, expires_at);
