-- What was given is taken back: credentials of systems are replaced and revoked, and their tokens end with them; who is at
-- work at a page is out when the page is taken away.
--
-- squawk-ignore-file require-concurrent-index-creation

-- A token has the generation of its client, and those of an earlier one are refused; ended_at is when it last grew.
-- earlier_*: the credentials that were replaced, and until when they are good.
ALTER TABLE clients
    ADD COLUMN generation integer NOT NULL DEFAULT 0,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN used_at timestamptz,
    ADD COLUMN earlier_secret_hash bytea,
    ADD COLUMN earlier_public_keys text[] NOT NULL DEFAULT '{}',
    ADD COLUMN earlier_until timestamptz;
-- Each worker asks for them every few seconds.
CREATE INDEX clients_ended ON clients (region_id, ended_at) WHERE ended_at IS NOT NULL;

-- Sessions with a role have nothing to refresh, and no citizen's session is here.
CREATE INDEX sessions_at_work ON sessions (region_id, platform, page) WHERE token_hash IS NULL AND ended_at IS NULL;
