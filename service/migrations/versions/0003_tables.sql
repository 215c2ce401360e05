-- «Запись в кружок» whole: what a group is, how it is filled, and the life of an application.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, ban-drop-column, ban-drop-function
-- squawk-ignore-file adding-foreign-key-constraint

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Others with these names take their place.
DROP FUNCTION IF EXISTS apply_to_group(smallint, uuid, text, bytea, uuid, uuid, uuid, text, uuid, timestamptz);
DROP FUNCTION IF EXISTS move_application(smallint, uuid, uuid, uuid, text[], text, jsonb, uuid, uuid, timestamptz);

-- The days of the nation's calendar that are not what their weekday says: a day off, or the ISO weekday it works as.
-- `zapis migrate` keeps them; see working_day_after().
CREATE TABLE national_days (
    day date PRIMARY KEY,
    works_as smallint CHECK (works_as BETWEEN 1 AND 7)
);

-- How an institution enrols. Its page's staff set these (putEnrolmentRules); the defaults are what the law says or most do.
ALTER TABLE institutions
    ADD COLUMN decision_days smallint NOT NULL DEFAULT 7 CHECK (decision_days BETWEEN 1 AND 90),
    ADD COLUMN decision_days_with_tests smallint NOT NULL DEFAULT 45 CHECK (decision_days_with_tests BETWEEN 1 AND 90),
    ADD COLUMN originals_days smallint NOT NULL DEFAULT 4 CHECK (originals_days BETWEEN 1 AND 30),
    ADD COLUMN group_offer_hours smallint NOT NULL DEFAULT 48 CHECK (group_offer_hours BETWEEN 1 AND 336),
    ADD COLUMN overlap_rule text NOT NULL DEFAULT 'refuse' CHECK (overlap_rule IN ('refuse', 'warn')),
    ADD COLUMN travel_minutes smallint NOT NULL DEFAULT 0 CHECK (travel_minutes BETWEEN 0 AND 240),
    ADD COLUMN most_applications smallint CHECK (most_applications >= 1),
    ADD COLUMN most_groups smallint CHECK (most_groups >= 1);

-- Programmes and groups ---------------------------------------------------------------------------------------------

ALTER TABLE programmes
    ADD COLUMN form text NOT NULL DEFAULT 'in_person' CHECK (form IN ('in_person', 'mixed', 'distance')),
    ADD COLUMN kind text NOT NULL DEFAULT 'general' CHECK (kind IN ('general', 'preprofessional', 'sports')),
    ADD COLUMN limitations text[] NOT NULL DEFAULT '{}',
    ADD COLUMN hours integer CHECK (hours > 0);

-- lessons: all lessons as UTC instants. lesson_plan: the rules they were made from, as published. financing:
-- [{source, price_total_roubles, price_month_roubles, hours}]. places: [{address, latitude, longitude}].
-- taken counts applications that hold a place, waiting those in the queue, serial numbers all in the order in which they
-- came: all three are kept by the trigger of applications.
ALTER TABLE groups
    ADD COLUMN school_year smallint NOT NULL DEFAULT 2026,
    ADD COLUMN continues_id uuid,
    ADD COLUMN age_rule text NOT NULL DEFAULT 'start' CHECK (age_rule IN ('start', 'applying', 'date')),
    ADD COLUMN age_on date,
    ADD COLUMN age_by_year boolean NOT NULL DEFAULT false,
    ADD COLUMN min_size smallint NOT NULL DEFAULT 1,
    ADD COLUMN hours_a_year smallint CHECK (hours_a_year > 0),
    ADD COLUMN lesson_plan jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN places jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN financing jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN documents text[] NOT NULL DEFAULT '{}',
    ADD COLUMN trial_places smallint NOT NULL DEFAULT 0 CHECK (trial_places BETWEEN 0 AND 100),
    ADD COLUMN entrance_test boolean NOT NULL DEFAULT false,
    ADD COLUMN instant boolean NOT NULL DEFAULT false,
    ADD COLUMN waiting_list boolean NOT NULL DEFAULT true,
    ADD COLUMN filling text NOT NULL DEFAULT 'first_come'
        CHECK (filling IN ('first_come', 'priority', 'draw', 'matching')),
    -- Until then applications are collected, and nobody has a place; then the group is filled, once.
    ADD COLUMN collect_until timestamptz,
    ADD COLUMN filled_at timestamptz,
    ADD COLUMN campaign_id uuid,
    ADD COLUMN locked_at timestamptz,
    ADD COLUMN waiting integer NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    ADD COLUMN serial integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT groups_size CHECK (min_size BETWEEN 1 AND capacity),
    ADD CONSTRAINT groups_age_on CHECK ((age_rule = 'date') = (age_on IS NOT NULL)),
    ADD CONSTRAINT groups_collect CHECK ((filling IN ('priority', 'draw')) = (collect_until IS NOT NULL)),
    ADD CONSTRAINT groups_campaign CHECK ((filling = 'matching') = (campaign_id IS NOT NULL));
UPDATE groups SET
    lesson_plan = jsonb_build_object('weekly_lessons', weekly_lessons, 'lesson_dates', '[]'::jsonb, 'break_minutes', 0,
                                     'skip_holidays', false, 'pauses', '[]'::jsonb),
    places = jsonb_build_array(jsonb_build_object('address', address, 'latitude', NULL, 'longitude', NULL)),
    financing = jsonb_build_array(jsonb_build_object(
        'source', CASE price_month_roubles WHEN 0 THEN 'budget' ELSE 'own' END, 'price_total_roubles', 0,
        'price_month_roubles', price_month_roubles, 'hours', NULL));
ALTER TABLE groups DROP COLUMN weekly_lessons, DROP COLUMN address, DROP COLUMN price_month_roubles;
CREATE INDEX groups_to_fill ON groups (region_id, collect_until) WHERE collect_until IS NOT NULL AND filled_at IS NULL;
CREATE INDEX groups_waited_for ON groups (region_id, id) WHERE waiting > 0;

-- Certificates (ПФДО, социальный сертификат) ------------------------------------------------------------------------

-- identity: whose it is, by the hash of their СНИЛС. Roubles or hours, for one calendar year.
CREATE TABLE certificates (
    region_id smallint NOT NULL REFERENCES regions,
    id uuid NOT NULL,
    number_hash bytea NOT NULL,
    number_sealed text NOT NULL,
    identity bytea NOT NULL,
    municipality text NOT NULL,
    year smallint NOT NULL,
    unit text NOT NULL CHECK (unit IN ('roubles', 'hours')),
    nominal integer NOT NULL CHECK (nominal >= 0),
    reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    spent integer NOT NULL DEFAULT 0 CHECK (spent >= 0),
    most_programmes smallint NOT NULL,
    programmes smallint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    PRIMARY KEY (region_id, id),
    CONSTRAINT certificates_by_number UNIQUE (region_id, number_hash, year),
    CONSTRAINT certificates_not_overspent CHECK (reserved + spent <= nominal),
    CONSTRAINT certificates_few_programmes CHECK (programmes BETWEEN 0 AND most_programmes)
);
CREATE INDEX certificates_by_identity ON certificates (region_id, identity, year);

-- What goes before others where a group is filled by priority.
CREATE TABLE benefits (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    weight smallint NOT NULL CHECK (weight BETWEEN 1 AND 1000),
    PRIMARY KEY (region_id, institution_id, code),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions
);

-- Applications ------------------------------------------------------------------------------------------------------

-- docs/architecture.md draws how an application moves; application_may_move() is the same for the database.
-- placed: it counts in groups.taken. Only of a submitted one it may be either: where the group is still being collected
-- for, nobody has a place. serial: the order in which the group took them. weight: goes before the serial.
ALTER TABLE applications
    DROP CONSTRAINT applications_status_check,
    ADD COLUMN placed boolean NOT NULL DEFAULT false,
    ADD COLUMN serial integer,
    ADD COLUMN weight smallint NOT NULL DEFAULT 0,
    ADD COLUMN overlap_rule text NOT NULL DEFAULT 'refuse',
    -- Siblings who applied together: they get places together, or wait together.
    ADD COLUMN family_id uuid,
    ADD COLUMN financing text NOT NULL DEFAULT 'budget' CHECK (financing IN ('budget', 'certificate', 'own')),
    ADD COLUMN certificate_id uuid,
    ADD COLUMN certificate_cost integer NOT NULL DEFAULT 0 CHECK (certificate_cost >= 0),
    -- Of what was spent, given back when the child left.
    ADD COLUMN certificate_back integer NOT NULL DEFAULT 0,
    ADD COLUMN benefits text[] NOT NULL DEFAULT '{}',
    ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN lapses smallint NOT NULL DEFAULT 0,
    -- In a draw's record: made of chance, and shown to the parent alone.
    ADD COLUMN draw_request_id uuid,
    ADD COLUMN test jsonb,
    ADD COLUMN order_number text,
    ADD COLUMN order_date date,
    ADD COLUMN enrolled_on date,
    ADD COLUMN left_on date,
    ADD COLUMN submitted_at timestamptz,
    ADD COLUMN decide_by timestamptz,
    ADD COLUMN originals_by timestamptz,
    ADD COLUMN offer_expires_at timestamptz;
UPDATE applications SET placed = status IN ('submitted', 'approved', 'enrolled'), submitted_at = created_at, serial = 0;
ALTER TABLE applications
    ADD FOREIGN KEY (region_id, certificate_id) REFERENCES certificates,
    ADD CONSTRAINT applications_status CHECK (status IN (
        'draft', 'submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered', 'refused',
        'withdrawn', 'expired', 'left')),
    ADD CONSTRAINT applications_placed CHECK (
        placed = (status IN ('under_review', 'invited', 'approved', 'enrolled', 'offered')) OR status = 'submitted'),
    ADD CONSTRAINT applications_numbered CHECK (serial IS NOT NULL OR status IN ('draft', 'withdrawn', 'expired')),
    ADD CONSTRAINT applications_back CHECK (certificate_back BETWEEN 0 AND certificate_cost);
DROP INDEX applications_person_once_a_group;
CREATE UNIQUE INDEX applications_person_once_a_group ON applications (region_id, group_id, identity)
    WHERE status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered');
CREATE UNIQUE INDEX applications_one_draft ON applications (region_id, group_id, person_id) WHERE status = 'draft';
CREATE INDEX applications_by_group ON applications (region_id, group_id, serial);
CREATE INDEX applications_queue ON applications (region_id, group_id, weight DESC, serial) WHERE status = 'waiting';
CREATE INDEX applications_by_family ON applications (region_id, family_id) WHERE family_id IS NOT NULL;
CREATE INDEX applications_by_identity ON applications (region_id, institution_id, identity);
CREATE INDEX applications_by_certificate ON applications (region_id, certificate_id) WHERE certificate_id IS NOT NULL;
CREATE INDEX applications_offered ON applications (region_id, offer_expires_at) WHERE status = 'offered';
CREATE INDEX applications_to_bring ON applications (region_id, originals_by) WHERE status = 'approved';
CREATE INDEX applications_to_decide ON applications (region_id, institution_id, decide_by)
    WHERE status IN ('submitted', 'under_review', 'invited');
