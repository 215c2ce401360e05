-- What a guardian may do, and until when.

-- As RIGHTS in service/people/rules.py. p_minor: the person was a minor when it began, and is still, for it ends with that.
CREATE OR REPLACE FUNCTION guardian_may(p_kinship text, p_minor boolean, p_right text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT p_minor OR p_kinship IN ('self', 'child', 'ward') OR p_right = 'book';

-- The day on which somebody is so many years old; 1 March where the year has no 29 February.
CREATE OR REPLACE FUNCTION birthday(p_birth_date date, p_years integer) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    falls_on date := p_birth_date + make_interval(years => p_years);
BEGIN
    RETURN falls_on + (extract(day FROM falls_on) < extract(day FROM p_birth_date))::integer;
END $$;

CREATE OR REPLACE FUNCTION local_today(p_region smallint, p_now timestamptz) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT (p_now AT TIME ZONE zone)::date FROM regions WHERE code = p_region);
END $$;

-- Guardianship of a minor ends at eighteen (ГК, art. 21, 40; СК, art. 61).
CREATE OR REPLACE FUNCTION guardians_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ends_on := (
        SELECT CASE WHEN NEW.kinship <> 'self' AND birthday(p.birth_date, 18) > local_today(NEW.region_id, NEW.since)
            THEN birthday(p.birth_date, 18) END
        FROM persons p WHERE p.region_id = NEW.region_id AND p.id = NEW.person_id);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guardians_end BEFORE INSERT OR UPDATE OF person_id, kinship, since ON guardians
FOR EACH ROW EXECUTE FUNCTION guardians_end();

-- A corrected birth date moves the end.
CREATE OR REPLACE FUNCTION persons_come_of_age() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE guardians SET kinship = kinship WHERE region_id = NEW.region_id AND person_id = NEW.id;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER persons_come_of_age AFTER UPDATE OF birth_date ON persons
FOR EACH ROW WHEN (OLD.birth_date <> NEW.birth_date AND NEW.deleted_at IS NULL) EXECUTE FUNCTION persons_come_of_age();

-- Whether the guardianship is over on this day, be it that the job has not come by yet.
CREATE OR REPLACE FUNCTION guardianship_over(g guardians, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN g.ends_on IS NOT NULL AND g.ends_on <= local_today(g.region_id, p_now);
END $$;

-- Ends the guardianships of who has come of age by the clock of their region; a hundred at most. What is booked stays, and
-- is the grown person's. The queues that the account waits in are left: it could not answer any more.
CREATE OR REPLACE FUNCTION end_guardianships(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    over guardians;
    ended integer := 0;
BEGIN
    FOR over IN
        SELECT g.* FROM regions r CROSS JOIN LATERAL (
            SELECT * FROM guardians
            WHERE region_id = r.code AND ends_on <= (p_now AT TIME ZONE r.zone)::date
            ORDER BY ends_on LIMIT 100 FOR UPDATE SKIP LOCKED
        ) g LIMIT 100
    LOOP
        PERFORM leave_waiting_list(over.region_id, over.citizen_id, e.id, gen_random_uuid(), p_now)
        FROM waiting_persons w JOIN waiting_entries e ON e.region_id = w.region_id AND e.id = w.entry_id
        WHERE w.region_id = over.region_id AND w.person_id = over.person_id AND w.active
          AND e.citizen_id = over.citizen_id AND e.status IN ('waiting', 'offered');
        DELETE FROM invitations
        WHERE region_id = over.region_id AND person_id = over.person_id AND citizen_id = over.citizen_id;
        DELETE FROM guardians
        WHERE region_id = over.region_id AND person_id = over.person_id AND citizen_id = over.citizen_id;
        PERFORM journal(over.region_id, gen_random_uuid(), p_now, by_itself(), 'guardianship_ended', over.person_id,
                        jsonb_build_object('citizen_id', over.citizen_id), true);
        ended := ended + 1;
    END LOOP;
    RETURN ended;
END $$;
