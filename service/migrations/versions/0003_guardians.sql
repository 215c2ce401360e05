-- A child with several guardians, and what parents prepare before enrolment opens.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation

ALTER TABLE guardians ADD COLUMN since timestamptz NOT NULL DEFAULT now();

-- A guardian's last invitation of another to a person. Of the code a keyed hash is kept, and nothing that it could be
-- made of without the service's key.
CREATE TABLE invitations (
    region_id smallint NOT NULL,
    person_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used_by uuid,
    PRIMARY KEY (region_id, person_id, citizen_id),
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT invitations_code UNIQUE (region_id, code_hash)
);

-- Wrong codes of guardians, accounts and teachers, so that nobody goes through them all.
CREATE TABLE wrong_codes (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (region_id, citizen_id, id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens
);

-- Whether it waits where the group is full: a draft has to remember.
ALTER TABLE applications ADD COLUMN wait boolean NOT NULL DEFAULT false;
-- Where a child is or will be, whoever looks after it.
CREATE INDEX applications_by_child ON applications (region_id, identity)
    WHERE status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled');
