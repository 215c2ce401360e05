-- Pages of four platforms; systems that prove themselves by a key of their own.
--
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, ban-drop-not-null
-- squawk-ignore-file adding-foreign-key-constraint, require-concurrent-index-creation

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

-- An account that was joined to another is one citizen with it: everything is that one's.
ALTER TABLE citizens
    ADD COLUMN same_as uuid,
    ADD FOREIGN KEY (region_id, same_as) REFERENCES citizens;
CREATE INDEX citizens_joined ON citizens (region_id, same_as) WHERE same_as IS NOT NULL;

-- A citizen's last code for joining an account of another platform; a keyed hash of it.
CREATE TABLE identity_codes (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, citizen_id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT identity_codes_code UNIQUE (region_id, code_hash)
);
CREATE INDEX appointments_by_citizen ON appointments (region_id, citizen_id);
CREATE INDEX applications_by_citizen ON applications (region_id, citizen_id);
CREATE INDEX holds_by_citizen ON holds (region_id, citizen_id);
