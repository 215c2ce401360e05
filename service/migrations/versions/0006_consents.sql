-- Consents to the processing of personal data (152-ФЗ, art. 9): the texts by purpose and version, and who has given which
-- of them for whom.
--
-- squawk-ignore-file adding-foreign-key-constraint, require-concurrent-index-creation

-- Whether nothing begins for a person without a consent. A region that takes consents in a way of its own leaves it.
ALTER TABLE regions ADD COLUMN consents_required boolean NOT NULL DEFAULT false;

-- A catalogue. A version is never changed: what is worded anew is a version of its own.
-- requires_new: consents to earlier versions are not enough any more once it is in force.
CREATE TABLE consent_texts (
    purpose text NOT NULL CONSTRAINT consent_texts_purpose CHECK (purpose IN ('booking', 'enrolment', 'messages')),
    version smallint NOT NULL CHECK (version > 0),
    language text NOT NULL CHECK (language IN ('ru', 'en')),
    title text NOT NULL,
    text text NOT NULL,
    text_hash text NOT NULL,
    requires_new boolean NOT NULL,
    in_force_from timestamptz NOT NULL,
    PRIMARY KEY (purpose, version, language),
    CONSTRAINT consent_texts_hash CHECK (text_hash = encode(sha256(convert_to(text, 'UTF8')), 'hex'))
);

-- A row for each consent that was given; withdrawn_at is written once, and nothing else ever changes but whose it is, when
-- accounts or records of one human being become one.
-- kinship: who the person was to the citizen. channel: the platform it was given on.
CREATE TABLE consents (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    version smallint NOT NULL,
    language text NOT NULL,
    text_hash text NOT NULL,
    kinship text NOT NULL,
    channel text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (purpose, version, language) REFERENCES consent_texts
);
CREATE INDEX consents_of_person ON consents (region_id, person_id, citizen_id, purpose);
CREATE INDEX consents_by_citizen ON consents (region_id, citizen_id);
