-- What a teacher does with a group: who teaches it, who is in it and since when, lessons that are not as planned,
-- attendance, messages to parents.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid

-- citizen_id: the account that teaches, once somebody has given the code. The code itself is not kept.
CREATE TABLE teachers (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    patronymic text,
    citizen_id uuid,
    code_hash bytea,
    code_expires_at timestamptz,
    code_used_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT teachers_by_own_id UNIQUE (region_id, institution_id, external_id),
    CONSTRAINT teachers_code_expires CHECK ((code_hash IS NULL) = (code_expires_at IS NULL))
);
CREATE INDEX teachers_by_citizen ON teachers (region_id, citizen_id) WHERE citizen_id IS NOT NULL;
CREATE UNIQUE INDEX teachers_by_code ON teachers (region_id, institution_id, code_hash) WHERE code_hash IS NOT NULL;

-- While a group has some, groups.teachers is their names, in this order.
CREATE TABLE group_teachers (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    teacher_id uuid NOT NULL,
    place smallint NOT NULL,
    PRIMARY KEY (region_id, group_id, teacher_id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    FOREIGN KEY (region_id, teacher_id) REFERENCES teachers ON DELETE CASCADE
);
CREATE INDEX group_teachers_by_teacher ON group_teachers (region_id, teacher_id, group_id);

-- From which day to which day (both included) an application's child was in a group: kept by a trigger of applications.
CREATE TABLE group_members (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    application_id uuid NOT NULL,
    since date NOT NULL,
    until date,
    PRIMARY KEY (region_id, group_id, application_id, since),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    FOREIGN KEY (region_id, application_id) REFERENCES applications,
    CONSTRAINT group_members_in_order CHECK (until >= since)
);
CREATE INDEX group_members_by_application ON group_members (region_id, application_id, since);
INSERT INTO group_members (region_id, group_id, application_id, since)
SELECT region_id, group_id, id, coalesce(enrolled_on, updated_at::date) FROM applications WHERE status = 'enrolled';

-- Lessons that are not as planned. A lesson is named by its group and the local day and time it was planned for.
CREATE TABLE lesson_changes (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    day date NOT NULL,
    starts time NOT NULL,
    planned tstzrange NOT NULL,
    moved_to tstzrange,
    place smallint,
    reason text NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, group_id, day, starts),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    CONSTRAINT lesson_changes_place CHECK ((place IS NULL) = (moved_to IS NULL))
);

CREATE TABLE attendance (
    region_id smallint NOT NULL,
    group_id uuid NOT NULL,
    day date NOT NULL,
    starts time NOT NULL,
    application_id uuid NOT NULL,
    mark text NOT NULL CHECK (mark IN ('present', 'absent', 'ill', 'excused')),
    marked_by uuid NOT NULL,
    marked_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, group_id, day, starts, application_id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    FOREIGN KEY (region_id, application_id) REFERENCES applications
);
CREATE INDEX attendance_by_application ON attendance (region_id, application_id, day, starts);

CREATE TABLE messages (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
    statuses text[] NOT NULL,
    addressed integer NOT NULL,
    sent_by uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups
);
CREATE INDEX messages_by_group ON messages (region_id, group_id, sent_at, id);

CREATE TABLE message_recipients (
    region_id smallint NOT NULL,
    application_id uuid NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (region_id, application_id, message_id),
    FOREIGN KEY (region_id, application_id) REFERENCES applications,
    FOREIGN KEY (region_id, message_id) REFERENCES messages
);
