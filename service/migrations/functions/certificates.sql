-- Certificates: what an application takes of one, and gives back.

-- What an application does to its certificate: a share of it is reserved on approval and spent on enrolment.
CREATE OR REPLACE FUNCTION certificate_share(a applications) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
    WHEN a.certificate_id IS NULL THEN 'none'
    WHEN a.status = 'approved' THEN 'reserved'
    WHEN a.status = 'enrolled' THEN 'spent'
    ELSE 'none'
END $$;

-- Whether the application takes more of its certificate than it did: that needs one which is good now.
CREATE OR REPLACE FUNCTION takes_more(was applications, now_is applications) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT certificate_share(now_is) <> 'none' AND NOT (
        certificate_share(was) = 'spent' AND was.certificate_id = now_is.certificate_id
        AND now_is.certificate_cost <= was.certificate_cost)
$$;

-- Why a certificate pays for nothing more; its row is locked. It is good for one calendar year: that of the group's first
-- day or, where the group has begun, of today.
CREATE OR REPLACE FUNCTION certificate_over(a applications) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    good certificates;
    place groups;
BEGIN
    SELECT * INTO good FROM certificates WHERE region_id = a.region_id AND id = a.certificate_id FOR NO KEY UPDATE;
    SELECT * INTO place FROM groups WHERE region_id = a.region_id AND id = a.group_id;
    RETURN CASE
        -- The child may have turned out to be another since.
        WHEN good.identity <> a.identity THEN 'certificate_not_found'
        WHEN good.status <> 'active' THEN 'certificate_suspended'
        WHEN good.year <> extract(year FROM first_day(place, a.updated_at)) THEN 'certificate_of_another_year'
    END;
END $$;

-- In step with the application: what it took before is given back, and what it takes now is taken. The constraints of
-- certificates refuse what is not there.
CREATE OR REPLACE FUNCTION keep_certificate(was applications, now_is applications) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    share_was text := certificate_share(was);
    share_is text := certificate_share(now_is);
BEGIN
    IF (share_was, was.certificate_id, was.certificate_cost)
       IS NOT DISTINCT FROM (share_is, now_is.certificate_id, now_is.certificate_cost)
       OR (share_was = 'none' AND share_is = 'none') THEN
        RETURN;
    END IF;
    IF takes_more(was, now_is) THEN
        PERFORM refuse(certificate_over(now_is));
    END IF;
    UPDATE certificates SET
        reserved = reserved - CASE share_was WHEN 'reserved' THEN was.certificate_cost ELSE 0 END,
        spent = spent - CASE WHEN share_was <> 'spent' THEN 0
            WHEN now_is.status = 'left' THEN now_is.certificate_back ELSE was.certificate_cost END,
        programmes = programmes - 1
    WHERE region_id = was.region_id AND id = was.certificate_id AND share_was <> 'none';
    UPDATE certificates SET
        reserved = reserved + CASE share_is WHEN 'reserved' THEN now_is.certificate_cost ELSE 0 END,
        spent = spent + CASE share_is WHEN 'spent' THEN now_is.certificate_cost ELSE 0 END,
        programmes = programmes + 1
    WHERE region_id = now_is.region_id AND id = now_is.certificate_id AND share_is <> 'none';
END $$;

-- The share of a certificate that lessons still to come have, of all that the child was enrolled for; rounded down. What
-- was used up in a group before is not given back.
CREATE OR REPLACE FUNCTION certificate_back(named applications, p_now timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) = 0 THEN 0
        ELSE (named.certificate_cost - named.certificate_used) * count(*) FILTER (WHERE lower(lesson) > p_now) / count(*) END::integer
    FROM groups g, institutions i, unnest(g.lessons) AS lesson
    WHERE g.region_id = named.region_id AND g.id = named.group_id
      AND i.region_id = g.region_id AND i.id = g.institution_id
      AND lower(lesson) >= coalesce(named.enrolled_on, g.starts_on)::timestamp AT TIME ZONE i.zone
$$;

-- What the group takes of a certificate, in its unit.
CREATE OR REPLACE FUNCTION certificate_cost(place groups, p_certificate uuid) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT CASE c.unit WHEN 'hours' THEN (f ->> 'hours')::integer ELSE (f ->> 'price_total_roubles')::integer END
        FROM certificates c, jsonb_array_elements(place.financing) AS f
        WHERE c.region_id = place.region_id AND c.id = p_certificate AND f ->> 'source' = 'certificate'), 0)
$$;

-- Whether the group has a price in the unit of the certificate: one in hours does not pay where none are said.
CREATE OR REPLACE FUNCTION has_price_in_unit(place groups, p_certificate uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM certificates c, jsonb_array_elements(place.financing) AS f
        WHERE c.region_id = place.region_id AND c.id = p_certificate AND f ->> 'source' = 'certificate'
          AND (c.unit = 'roubles' OR f ->> 'hours' IS NOT NULL))
$$;

-- Why a child can't apply by that certificate; null without one. Ages from 5 until the 18th birthday, on the day the child
-- begins. What is left of it is seen when the institution approves.
CREATE OR REPLACE FUNCTION certificate_refusal(place groups, child persons, p_certificate uuid, p_now timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    good certificates;
    begins date := first_day(place, p_now);
BEGIN
    SELECT * INTO good FROM certificates
    WHERE region_id = place.region_id AND id = p_certificate AND identity = child.identity;
    RETURN CASE
        WHEN p_certificate IS NULL THEN NULL
        WHEN good.id IS NULL THEN 'certificate_not_found'
        WHEN good.year <> extract(year FROM begins) THEN 'certificate_of_another_year'
        WHEN good.status <> 'active' THEN 'certificate_suspended'
        WHEN NOT has_price_in_unit(place, good.id) THEN 'financing_not_offered'
        WHEN full_months(child.birth_date, begins) NOT BETWEEN 5 * 12 AND 18 * 12 - 1 THEN 'certificate_age'
    END;
END $$;

-- What an application takes, or took, of its certificate, as it is shown.
CREATE OR REPLACE FUNCTION certificate_use(a applications) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'application_id', a.id, 'application_number', a.number, 'group_name', a.terms -> 'group_name',
        'programme_name', a.terms #> '{programme,name}',
        'state', CASE a.status WHEN 'approved' THEN 'reserved' WHEN 'enrolled' THEN 'spent' ELSE 'left' END,
        'amount', a.certificate_cost - a.certificate_back)
$$;
