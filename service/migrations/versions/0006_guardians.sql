-- Guardianship of a child ends when the child comes of age.
--
-- squawk-ignore-file require-concurrent-index-creation

-- The child's eighteenth birthday; null where the person was of age already when it began, and of oneself. Kept by a trigger.
ALTER TABLE guardians ADD COLUMN ends_on date;
UPDATE guardians g SET ends_on = CASE
        WHEN to_char(p.birth_date, 'MM-DD') = '02-29'
            THEN make_date(extract(year FROM p.birth_date)::integer + 18, 3, 1)
        ELSE (p.birth_date + interval '18 years')::date END
FROM persons p, regions r
WHERE p.region_id = g.region_id AND p.id = g.person_id AND r.code = g.region_id AND g.kinship <> 'self'
  AND (p.birth_date + interval '18 years')::date > (g.since AT TIME ZONE r.zone)::date;
CREATE INDEX guardians_by_end ON guardians (region_id, ends_on) WHERE ends_on IS NOT NULL;

-- Whoever joins by it helps, and is no legal representative.
ALTER TABLE invitations ADD COLUMN helper boolean NOT NULL DEFAULT false;
