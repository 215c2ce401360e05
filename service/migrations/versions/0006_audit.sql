-- Who was shown whose data; and both logs chained, so that a change of what was written shows.
--
-- squawk-ignore-file require-concurrent-index-creation

-- A row for each answer by which somebody other than the family was shown data of persons. It holds ids alone.
-- person_ids: whose data were shown, as they were known then; who is one with another by now is found by `person_merged`
-- of the audit trail. path: what was asked for, without the query. position, mac: as chained (service/audit/rules.py).
CREATE TABLE accesses (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    operation text NOT NULL,
    path text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    role text NOT NULL,
    institution_id uuid,
    person_ids uuid[] NOT NULL,
    request_id text NOT NULL,
    position bigint,
    mac bytea,
    PRIMARY KEY (region_id, id)
);
CREATE UNIQUE INDEX accesses_chain ON accesses (region_id, position) WHERE position IS NOT NULL;
CREATE INDEX accesses_unchained ON accesses (region_id, at, id) WHERE position IS NULL;
CREATE INDEX accesses_of_persons ON accesses USING gin (person_ids) WITH (fastupdate = off);

ALTER TABLE audit_trail ADD COLUMN position bigint;
ALTER TABLE audit_trail ADD COLUMN mac bytea;
CREATE UNIQUE INDEX audit_trail_chain ON audit_trail (region_id, position) WHERE position IS NOT NULL;
CREATE INDEX audit_trail_unchained ON audit_trail (region_id, at, id) WHERE position IS NULL;
CREATE INDEX audit_trail_of_merged ON audit_trail (region_id, (details ->> 'into')) WHERE event = 'person_merged';

-- The chains: one of each log in each region. base: the last entry whose term is over; it and all before it are gone.
CREATE TABLE audit_heads (
    region_id smallint NOT NULL,
    log text NOT NULL CHECK (log IN ('audit_trail', 'accesses')),
    position bigint NOT NULL,
    mac bytea NOT NULL,
    base_position bigint NOT NULL,
    base_mac bytea NOT NULL,
    base_seal bytea NOT NULL,
    PRIMARY KEY (region_id, log),
    CHECK (base_position <= position)
);
