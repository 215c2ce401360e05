-- Pages of four platforms; systems that prove themselves by a key of their own.
--
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, ban-drop-not-null

ALTER TABLE pages
    DROP CONSTRAINT pages_platform_check,
    ADD CONSTRAINT pages_platform CHECK (platform IN ('vk', 'ok', 'max', 'telegram'));

-- A client has a secret, or public keys (PEM): several while one is replaced.
ALTER TABLE clients
    ALTER COLUMN secret_hash DROP NOT NULL,
    ADD COLUMN public_keys text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT clients_prove_themselves CHECK (secret_hash IS NOT NULL OR public_keys <> '{}');

-- Assertions that were used, until they expire by themselves: none is good twice.
CREATE TABLE used_assertions (
    region_id smallint NOT NULL,
    client_id uuid NOT NULL,
    jti_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT used_assertions_once PRIMARY KEY (region_id, client_id, jti_hash)
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (region_id, expires_at);
