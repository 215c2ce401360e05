-- Institutions are invited to connect their pages, and whoever administers a page claims it.
--
-- squawk-ignore-file require-concurrent-index-creation, adding-foreign-key-constraint

-- An invitation. Of the code a keyed hash is kept, and of who gave it another one, so that they may give it twice.
-- revoked_at: the code is good no more or, once it was given, the page that it connected is no longer connected.
CREATE TABLE page_invitations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    mini_apps text[] NOT NULL CHECK (mini_apps <@ ARRAY['doctor', 'club']),
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    claimed_at timestamptz,
    platform text,
    page_id text,
    account_hash bytea,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT page_invitations_code UNIQUE (region_id, code_hash),
    CONSTRAINT page_invitations_claimed CHECK (num_nulls(claimed_at, platform, page_id, account_hash) IN (0, 4))
);
CREATE INDEX page_invitations_by_institution ON page_invitations (region_id, institution_id, id);
CREATE INDEX page_invitations_by_page ON page_invitations (region_id, platform, page_id) WHERE claimed_at IS NOT NULL;

-- How many wrong codes an account, or an address, has given since when. They are no citizens yet: a keyed hash names them.
CREATE TABLE wrong_claims (
    region_id smallint NOT NULL,
    caller_hash bytea NOT NULL,
    wrong integer NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (region_id, caller_hash)
);
CREATE INDEX wrong_claims_by_age ON wrong_claims (region_id, since);
