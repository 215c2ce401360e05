-- The ground floor: every table of the main job. docs/architecture.md draws the map.
--
-- region_id is the first column of every key of what belongs to a region, so that the tables can be distributed by it.
-- regions, specialties and pages are catalogues: a launch knows its page before it knows its region.
-- A constraint that a person can run into has a name of its own: the stores turn that name into a refusal.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Catalogues --------------------------------------------------------------------------------------------------------

CREATE TABLE regions (
    code smallint PRIMARY KEY,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    zone text NOT NULL
);

-- Positions of the national dictionary 1.2.643.5.1.13.13.11.1002.
CREATE TABLE specialties (
    code text PRIMARY KEY,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    access text NOT NULL CHECK (access IN ('self', 'referral'))
);

CREATE TABLE pages (
    platform text NOT NULL CHECK (platform IN ('vk')),
    external_id text NOT NULL,
    region_id smallint NOT NULL REFERENCES regions,
    institution_id uuid NOT NULL,
    mini_apps text[] NOT NULL CHECK (mini_apps <@ ARRAY['doctor', 'club']),
    PRIMARY KEY (platform, external_id)
);
CREATE INDEX pages_by_institution ON pages (region_id, institution_id);

-- Institutions and those who act for them ---------------------------------------------------------------------------

CREATE TABLE institutions (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('clinic', 'school', 'club', 'sports', 'other')),
    municipality text NOT NULL,
    address text NOT NULL,
    phone text,
    zone text NOT NULL,
    require_attachment boolean NOT NULL DEFAULT false,
    cancel_until_minutes integer NOT NULL DEFAULT 0 CHECK (cancel_until_minutes >= 0),
    PRIMARY KEY (region_id, id)
);
CREATE INDEX institutions_by_name ON institutions (region_id, name, id);

CREATE TABLE clients (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    institution_id uuid,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions
);

-- People ------------------------------------------------------------------------------------------------------------

CREATE TABLE citizens (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    platform text NOT NULL,
    external_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    CONSTRAINT citizens_one_per_platform_user UNIQUE (region_id, platform, external_id)
);

-- identity is a keyed hash that two accounts have in common when they wrote down the same human being.
CREATE TABLE persons (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    identity bytea NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    birth_date date NOT NULL,
    sex text NOT NULL CHECK (sex IN ('male', 'female')),
    snils_sealed text,
    policy_sealed text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (region_id, id)
);

CREATE TABLE guardians (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kinship text NOT NULL CHECK (kinship IN ('self', 'child', 'spouse', 'parent', 'ward', 'other')),
    identity bytea NOT NULL,
    PRIMARY KEY (region_id, citizen_id, person_id),
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    CONSTRAINT guardians_person_once UNIQUE (region_id, citizen_id, identity)
);
CREATE UNIQUE INDEX guardians_one_self ON guardians (region_id, citizen_id) WHERE kinship = 'self';
CREATE INDEX guardians_by_person ON guardians (region_id, person_id);

-- Where a person is, over all institutions of a region: one row a booking, all its times in one multirange.
CREATE TABLE engagements (
    region_id smallint NOT NULL,
    booking_id uuid NOT NULL,
    identity bytea NOT NULL,
    times tstzmultirange NOT NULL,
    PRIMARY KEY (region_id, booking_id),
    CONSTRAINT engagements_one_place_at_a_time
        EXCLUDE USING gist (region_id WITH =, identity WITH =, times WITH &&)
);

-- A doctor's ticket -------------------------------------------------------------------------------------------------

CREATE TABLE attachments (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    identity bytea NOT NULL,
    section text,
    since date NOT NULL,
    PRIMARY KEY (region_id, institution_id, identity),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions
);

CREATE TABLE offered_specialties (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL REFERENCES specialties,
    access text NOT NULL CHECK (access IN ('self', 'referral', 'closed')),
    PRIMARY KEY (region_id, institution_id, specialty_code),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions
);

CREATE TABLE locations (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    room text,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT locations_by_own_id UNIQUE (region_id, institution_id, external_id)
);

CREATE TABLE practitioners (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT practitioners_by_own_id UNIQUE (region_id, institution_id, external_id)
);
CREATE INDEX practitioners_by_name ON practitioners (region_id, institution_id, last_name, first_name, id);

CREATE TABLE practitioner_specialties (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    institution_id uuid NOT NULL,
    PRIMARY KEY (region_id, practitioner_id, specialty_code),
    FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners,
    FOREIGN KEY (region_id, institution_id, specialty_code) REFERENCES offered_specialties
);

CREATE TABLE slots (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    location_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    capacity smallint NOT NULL,
    taken smallint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    age_from smallint,
    age_to smallint,
    sex text CHECK (sex IN ('male', 'female')),
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, location_id) REFERENCES locations,
    CONSTRAINT slots_specialty_of_practitioner
        FOREIGN KEY (region_id, practitioner_id, specialty_code) REFERENCES practitioner_specialties,
    CONSTRAINT slots_by_own_id UNIQUE (region_id, institution_id, external_id),
    CONSTRAINT slots_not_oversold CHECK (taken BETWEEN 0 AND capacity),
    CONSTRAINT slots_take_time CHECK (ends_at > starts_at)
) WITH (fillfactor = 80);
CREATE INDEX slots_free ON slots (region_id, institution_id, specialty_code, starts_at, id)
    WHERE status = 'open' AND taken < capacity;
CREATE INDEX slots_by_time ON slots (region_id, institution_id, starts_at, id);

-- active: booked, and the time has not gone by. A past ticket is found out at the next booking of the same person.
CREATE TABLE appointments (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    institution_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    specialty_code text NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('booked', 'cancelled')),
    active boolean NOT NULL,
    source text NOT NULL CHECK (source IN ('internet')),
    referral_number text,
    terms jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, slot_id) REFERENCES slots,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    -- The institution comes last: plans that were made while the table was empty would take an index that begins with it
    -- for as good as any, and read all tickets of a clinic.
    CONSTRAINT appointments_number UNIQUE (region_id, number, institution_id),
    CONSTRAINT appointments_active_are_booked CHECK (NOT active OR status = 'booked')
);
CREATE UNIQUE INDEX appointments_person_once_a_slot ON appointments (region_id, slot_id, identity)
    WHERE status = 'booked';
CREATE UNIQUE INDEX appointments_one_a_specialty ON appointments (region_id, institution_id, specialty_code, identity)
    WHERE active;
CREATE INDEX appointments_by_person ON appointments (region_id, person_id, starts_at DESC, id);

-- A club's place ----------------------------------------------------------------------------------------------------

CREATE TABLE programmes (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    direction text NOT NULL,
    level text NOT NULL,
    description text NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT programmes_by_own_id UNIQUE (region_id, institution_id, external_id)
);
CREATE INDEX programmes_by_name ON programmes (region_id, name, id);

-- Ages are kept in months, until is exclusive: «7-10 лет» is 84 to 132. lessons are the weekly lessons as UTC instants.
CREATE TABLE groups (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    age_from numeric(4, 2) NOT NULL,
    age_to numeric(4, 2) NOT NULL,
    age_from_months smallint NOT NULL,
    age_until_months smallint NOT NULL,
    capacity smallint NOT NULL,
    taken smallint NOT NULL DEFAULT 0,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    enrolment_opens_at timestamptz NOT NULL,
    enrolment_closes_at timestamptz NOT NULL,
    weekly_lessons jsonb NOT NULL,
    lessons tstzmultirange NOT NULL,
    address text NOT NULL,
    teachers text[] NOT NULL,
    price_month_roubles integer NOT NULL CHECK (price_month_roubles >= 0),
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, programme_id) REFERENCES programmes,
    CONSTRAINT groups_by_own_id UNIQUE (region_id, institution_id, external_id),
    CONSTRAINT groups_not_oversold CHECK (taken BETWEEN 0 AND capacity)
) WITH (fillfactor = 80);
CREATE INDEX groups_by_start ON groups (region_id, starts_on, id);
CREATE INDEX groups_by_programme ON groups (region_id, programme_id, starts_on, id);

-- An application holds its place while it is submitted, approved or enrolled.
CREATE TABLE applications (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    institution_id uuid NOT NULL,
    group_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('submitted', 'approved', 'enrolled', 'refused', 'withdrawn')),
    terms jsonb NOT NULL,
    decision jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT applications_number UNIQUE (region_id, number, institution_id)
);
CREATE UNIQUE INDEX applications_person_once_a_group ON applications (region_id, group_id, identity)
    WHERE status IN ('submitted', 'approved', 'enrolled');
CREATE INDEX applications_by_person ON applications (region_id, person_id, id);
CREATE INDEX applications_by_institution ON applications (region_id, institution_id, id);

-- What happened, and what must be told to others --------------------------------------------------------------------

CREATE TABLE idempotency_keys (
    region_id smallint NOT NULL,
    caller_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    result jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, caller_id, operation, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE audit_trail (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (region_id, id)
);
CREATE INDEX audit_trail_by_subject ON audit_trail (region_id, subject_id, id);

CREATE TABLE outbox (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (region_id, id)
);
