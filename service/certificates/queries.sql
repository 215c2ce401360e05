-- name: put_certificates
WITH given AS (
    SELECT * FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::bytea[], $6::text[], $7::smallint[], $8::text[],
                         $9::integer[], $10::smallint[], $11::text[])
        AS g (id, number_hash, number_sealed, identity, municipality, year, unit, nominal, most_programmes, status)
    ORDER BY number_hash, year)
INSERT INTO certificates (region_id, id, number_hash, number_sealed, identity, municipality, year, unit, nominal,
                          most_programmes, status)
SELECT $1, given.* FROM given
ON CONFLICT ON CONSTRAINT certificates_by_number DO UPDATE
SET identity = excluded.identity, municipality = excluded.municipality, unit = excluded.unit,
    nominal = excluded.nominal, most_programmes = excluded.most_programmes, status = excluded.status
WHERE excluded.nominal >= certificates.reserved + certificates.spent
  AND excluded.most_programmes >= certificates.programmes
  AND (certificates.reserved + certificates.spent + certificates.programmes = 0
       OR (excluded.identity, excluded.unit) = (certificates.identity, certificates.unit))
RETURNING number_hash, year, xmax = 0 AS added, reserved + spent AS used, programmes AS used_programmes;

-- name: find_refused
SELECT c.number_hash, c.year, c.reserved + c.spent AS used, c.programmes AS used_programmes
FROM unnest($2::bytea[], $3::smallint[]) AS given (number_hash, year)
JOIN certificates c ON c.region_id = $1 AND c.number_hash = given.number_hash AND c.year = given.year;

-- name: is_guardian
SELECT EXISTS (
    SELECT FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = $3 AND p.deleted_at IS NULL
      AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'papers'));

-- name: list_certificates
SELECT c.*, coalesce((
    SELECT jsonb_agg(certificate_use(a) ORDER BY a.id)
    FROM applications a JOIN guardians g ON g.region_id = a.region_id AND g.person_id = a.person_id
    WHERE a.region_id = c.region_id AND a.certificate_id = c.id AND g.citizen_id = $2
      AND a.status IN ('approved', 'enrolled', 'left')), '[]') AS uses
FROM persons p JOIN certificates c ON c.region_id = p.region_id AND c.identity = p.identity
WHERE p.region_id = $1 AND p.id = $3
ORDER BY c.year DESC, c.id;

-- name: list_used_certificates
SELECT a.id AS application_id, certificate_use(a) AS use, c.region_id, c.id, c.number_sealed, c.year, c.unit, c.status
FROM applications a JOIN certificates c ON c.region_id = a.region_id AND c.id = a.certificate_id
WHERE a.region_id = $1 AND a.institution_id = $2 AND a.certificate_id IS NOT NULL
  AND a.status IN ('approved', 'enrolled', 'left') AND ($3::uuid IS NULL OR a.id > $3)
ORDER BY a.id
LIMIT $4;
