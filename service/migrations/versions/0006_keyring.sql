-- The keys that seal and sign, themselves sealed by keys of the settings.
--
-- No released version serves 0005, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation

-- A catalogue of the whole service, no region's. `wrapped` is the key, sealed by the settings' key `wrapped_by` for this
-- row; a revoked key is destroyed. A key is used from current_from on, until the next of its purpose is.
CREATE TABLE data_keys (
    id text PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('seal', 'sign')),
    wrapped_by text,
    wrapped bytea,
    made_at timestamptz NOT NULL,
    current_from timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT data_keys_wrapped CHECK ((wrapped IS NULL) = (wrapped_by IS NULL)),
    CONSTRAINT data_keys_revoked_are_destroyed CHECK ((wrapped IS NULL) = (revoked_at IS NOT NULL)),
    CONSTRAINT data_keys_one_after_another UNIQUE (purpose, current_from)
);

-- What is sealed by a key that is no longer used is found by it; a count of all is one walk over a small index.
CREATE INDEX persons_by_key_of_snils ON persons (region_id, split_part(snils_sealed, '.', 1))
    WHERE snils_sealed IS NOT NULL;
CREATE INDEX persons_by_key_of_policy ON persons (region_id, split_part(policy_sealed, '.', 1))
    WHERE policy_sealed IS NOT NULL;
CREATE INDEX appointments_by_key_of_home_address
    ON appointments (region_id, split_part(home_address_sealed, '.', 1)) WHERE home_address_sealed IS NOT NULL;
CREATE INDEX certificates_by_key_of_number ON certificates (region_id, split_part(number_sealed, '.', 1));
CREATE INDEX documents_by_key_of_key ON documents (region_id, split_part(key_sealed, '.', 1))
    WHERE key_sealed IS NOT NULL;
CREATE INDEX documents_by_key_of_name ON documents (region_id, split_part(name_sealed, '.', 1))
    WHERE name_sealed IS NOT NULL;
CREATE INDEX draws_by_key_of_seed ON draws (region_id, split_part(seed_sealed, '.', 1));
CREATE INDEX campaigns_by_key_of_seed ON campaigns (region_id, split_part(seed_sealed, '.', 1));
