-- Trial lessons («пробное занятие»): a child comes to one lesson of a group, to see what it is like.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation

-- day, starts: the local day and time that the lesson was planned for. begins_at, ends_at, place: as it was when the trial
-- was booked; a lesson that becomes another one calls its trials off.
CREATE TABLE trials (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    day date NOT NULL,
    starts time NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    place smallint NOT NULL,
    status text NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled', 'called_off')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, group_id) REFERENCES groups,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    FOREIGN KEY (region_id, person_id) REFERENCES persons
);
CREATE UNIQUE INDEX trials_once_a_group ON trials (region_id, group_id, identity) WHERE status = 'booked';
CREATE INDEX trials_of_lesson ON trials (region_id, group_id, day, starts) WHERE status = 'booked';
CREATE INDEX trials_by_person ON trials (region_id, person_id, id);
CREATE INDEX trials_by_citizen ON trials (region_id, citizen_id);
