-- Documents that parents upload to applications. The bytes are in files (service/documents/files.py); a row is the truth.
--
-- squawk-ignore-file require-concurrent-index-creation

-- For how long after a group is over, or a child has left, its documents are kept.
ALTER TABLE institutions
    ADD COLUMN documents_days smallint NOT NULL DEFAULT 365 CHECK (documents_days BETWEEN 1 AND 1825);

-- content_hash: keyed. key_sealed: the key of the file, sealed for this row; without it the file is noise.
-- erased_at: the file is gone too. look_at: when its end and its file are looked after next. missing: it had no file then.
CREATE TABLE documents (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'application', 'parent_identity', 'child_identity', 'authority', 'medical_certificate', 'snils', 'other')),
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png', 'image/heic')),
    bytes integer NOT NULL CHECK (bytes > 0),
    content_hash bytea,
    name_sealed text,
    key_sealed text,
    created_at timestamptz NOT NULL,
    look_at timestamptz NOT NULL,
    missing boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    erased_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, application_id) REFERENCES applications,
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT documents_key CHECK ((deleted_at IS NULL) = (key_sealed IS NOT NULL)),
    -- What is deleted tells nothing of what it was.
    CONSTRAINT documents_stub CHECK (deleted_at IS NULL OR (content_hash IS NULL AND name_sealed IS NULL)),
    CONSTRAINT documents_erased CHECK (erased_at IS NULL OR deleted_at IS NOT NULL)
);
CREATE UNIQUE INDEX documents_once ON documents (region_id, application_id, content_hash) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_application ON documents (region_id, application_id, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_citizen ON documents (region_id, citizen_id, created_at);
CREATE INDEX documents_by_person ON documents (region_id, person_id) WHERE deleted_at IS NULL;
CREATE INDEX documents_to_look_after ON documents (region_id, look_at) WHERE deleted_at IS NULL;
CREATE INDEX documents_to_erase ON documents (region_id, deleted_at) WHERE deleted_at IS NOT NULL AND erased_at IS NULL;
