-- Roles that an institution gives itself, beside those that its page's platform knows of.
--
-- squawk-ignore-file require-concurrent-index-creation, adding-foreign-key-constraint

-- citizen_id: the account that has the role, once somebody has given the code. The code itself is not kept.
-- practitioner_id: of a doctor, whose tickets alone they see.
CREATE TABLE staff (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('doctor', 'registrar')),
    practitioner_id uuid,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    citizen_id uuid,
    code_hash bytea,
    code_expires_at timestamptz,
    code_used_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT staff_by_own_id UNIQUE (region_id, institution_id, external_id),
    CONSTRAINT staff_of_a_doctor CHECK ((role = 'doctor') = (practitioner_id IS NOT NULL)),
    CONSTRAINT staff_code_expires CHECK ((code_hash IS NULL) = (code_expires_at IS NULL))
);
CREATE INDEX staff_by_citizen ON staff (region_id, citizen_id) WHERE citizen_id IS NOT NULL;
CREATE UNIQUE INDEX staff_by_code ON staff (region_id, institution_id, code_hash) WHERE code_hash IS NOT NULL;
