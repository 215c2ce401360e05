-- Citizens who confirmed at an OpenID Connect provider who they are, and what of a person is vouched for by it.
--
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation

-- One attempt. State, nonce and verifier are made of the id by the service's key, so no row holds them.
CREATE TABLE confirmations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    status text NOT NULL,
    failure text,
    -- What the provider said, sealed for this row, until the citizen gives the code: a keyed hash of that is kept.
    claims_sealed text,
    code_hash bytea,
    wrong_codes smallint NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT confirmations_status CHECK (status IN ('begun', 'checking', 'awaiting_code', 'completed', 'failed')),
    CONSTRAINT confirmations_tell_why CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT confirmations_keep_claims_for_a_code CHECK ((status = 'awaiting_code') = (claims_sealed IS NOT NULL)),
    CONSTRAINT confirmations_few_guesses CHECK (wrong_codes BETWEEN 0 AND 5)
);
CREATE INDEX confirmations_by_citizen ON confirmations (region_id, citizen_id);
CREATE INDEX confirmations_by_expiry ON confirmations (region_id, expires_at);

-- A keyed hash of whom the provider knows the citizen as: an account is one human being for good.
ALTER TABLE citizens
    ADD COLUMN confirmed_as bytea,
    ADD COLUMN confirmed_at timestamptz;

-- Since when names, birth date and sex are the provider's; since when the СНИЛС is.
ALTER TABLE persons
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN snils_verified_at timestamptz;
