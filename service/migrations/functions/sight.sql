-- Whose eyes a connection has (service/core/sight.py sets them): what the policies of versions/0006_walls.sql ask.

CREATE OR REPLACE FUNCTION sight_region() RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('zapis.region', true), '')::smallint;

CREATE OR REPLACE FUNCTION sight_citizen() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('zapis.citizen', true), '')::uuid;

CREATE OR REPLACE FUNCTION sight_institution() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('zapis.institution', true), '')::uuid;

-- own, region, service or entering; empty or null: nobody's.
CREATE OR REPLACE FUNCTION sight_reach() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('zapis.reach', true);

-- The service's own jobs see every region, a region's operator the region.
CREATE OR REPLACE FUNCTION sees_region(p_region smallint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN sight_reach() = 'service' OR (sight_reach() = 'region' AND p_region = sight_region());

CREATE OR REPLACE FUNCTION is_citizen(p_region smallint, p_citizen uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN p_region = sight_region() AND p_citizen = sight_citizen();

CREATE OR REPLACE FUNCTION is_institution(p_region smallint, p_institution uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN p_region = sight_region() AND p_institution = sight_institution();

-- Who may write what everybody reads: the institution whose it is, its region, the service.
CREATE OR REPLACE FUNCTION is_staff(p_region smallint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN sees_region(p_region) OR (p_region = sight_region() AND sight_institution() IS NOT NULL);

-- These look behind the walls, so each is asked for once in a statement and answers about the caller alone.

-- All accounts of one human being: the first, and those that joined it.
CREATE OR REPLACE FUNCTION sight_accounts() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(other.id), '{}')
    FROM citizens mine
    JOIN citizens other ON other.region_id = mine.region_id
        AND coalesce(mine.same_as, mine.id) IN (other.id, other.same_as)
    WHERE mine.region_id = sight_region() AND mine.id = sight_citizen()
$$;

CREATE OR REPLACE FUNCTION sight_family() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(person_id), '{}') FROM guardians
    WHERE region_id = sight_region() AND citizen_id = sight_citizen()
$$;

-- By which the family's bookings are known across accounts.
CREATE OR REPLACE FUNCTION sight_identities() RETURNS bytea[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(identity), '{}') FROM guardians
    WHERE region_id = sight_region() AND citizen_id = sight_citizen()
$$;

CREATE OR REPLACE FUNCTION sight_applications() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(id), '{}') FROM applications
    WHERE region_id = sight_region() AND person_id = ANY (sight_family())
$$;

-- The groups that a teacher has.
CREATE OR REPLACE FUNCTION sight_groups() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(given.group_id), '{}')
    FROM teachers t JOIN group_teachers given ON given.region_id = t.region_id AND given.teacher_id = t.id
    WHERE t.region_id = sight_region() AND t.citizen_id = sight_citizen()
$$;
