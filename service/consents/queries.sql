-- name: list_texts
SELECT DISTINCT ON (purpose) purpose, version, title, text, text_hash, requires_new, in_force_from
FROM consent_texts
WHERE language = $1 AND in_force_from <= $2
ORDER BY purpose, version DESC;

-- name: list_consents
SELECT r.consents_required, coalesce((
    SELECT jsonb_agg(shown_consent(last.c, $3) ORDER BY (last.c).person_id, (last.c).purpose) FROM (
        SELECT DISTINCT ON (c.person_id, c.purpose) c
        FROM consents c
        WHERE c.region_id = $1 AND c.citizen_id = $2
        ORDER BY c.person_id, c.purpose, c.withdrawn_at IS NULL DESC, c.version DESC, c.given_at DESC
    ) AS last), '[]') AS shown
FROM regions r WHERE r.code = $1;

-- name: give_consent
SELECT give_consent($1, $2, $3, $4, $5, $6, $7, $8);

-- name: withdraw_consent
SELECT withdraw_consent($1, $2, $3, $4, $5, $6);

-- name: put_rules
UPDATE regions SET consents_required = $2 WHERE code = $1;
