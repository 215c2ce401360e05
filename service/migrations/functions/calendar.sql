-- Working days, by the nation's calendar and an institution's own days.

-- The day that is so many working days behind another, which does not count itself.
CREATE OR REPLACE FUNCTION working_day_after(p_region smallint, p_institution uuid, p_day date, p_days integer)
RETURNS date LANGUAGE sql STABLE AS $$
    SELECT each.day::date
    FROM generate_series(p_day + 1, p_day + 2 * p_days + 30, '1 day') AS each (day)
    LEFT JOIN national_days n ON n.day = each.day::date
    LEFT JOIN calendar_days c ON c.region_id = p_region AND c.institution_id = p_institution AND c.day = each.day::date
    WHERE CASE
        WHEN c.day IS NOT NULL THEN c.works_as IS NOT NULL
        WHEN n.day IS NOT NULL THEN n.works_as IS NOT NULL
        ELSE extract(isodow FROM each.day) <= 5
    END
    ORDER BY each.day
    OFFSET p_days - 1 LIMIT 1
$$;

-- When that day is over at the institution.
CREATE OR REPLACE FUNCTION working_deadline(p_region smallint, p_institution uuid, p_from timestamptz, p_days integer)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT (working_day_after(p_region, p_institution, (p_from AT TIME ZONE i.zone)::date, p_days) + 1)::timestamp
           AT TIME ZONE i.zone
    FROM institutions i WHERE i.region_id = p_region AND i.id = p_institution
$$;
