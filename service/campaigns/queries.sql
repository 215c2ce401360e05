-- name: lock_campaign
SELECT * FROM campaigns WHERE region_id = $1 AND external_id = $2 FOR UPDATE;

-- name: put_campaign
INSERT INTO campaigns (region_id, id, external_id, name, wishes_from, wishes_until, confirm_until, most_wishes,
                       seed_sealed, seed_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT ON CONSTRAINT campaigns_by_own_id DO UPDATE
SET name = excluded.name, wishes_from = excluded.wishes_from, wishes_until = excluded.wishes_until,
    confirm_until = excluded.confirm_until, most_wishes = excluded.most_wishes
RETURNING id;

-- name: find_campaign
SELECT c.*, r.zone,
       (SELECT count(*) FROM groups g WHERE g.region_id = c.region_id AND g.campaign_id = c.id) AS groups
FROM campaigns c JOIN regions r ON r.code = c.region_id
WHERE c.region_id = $1 AND c.id = $2;

-- name: list_campaigns
SELECT c.*, r.zone,
       (SELECT count(*) FROM groups g WHERE g.region_id = c.region_id AND g.campaign_id = c.id) AS groups
FROM campaigns c JOIN regions r ON r.code = c.region_id
WHERE c.region_id = $1 AND ($2::timestamptz IS NULL OR (c.wishes_from, c.id) < ($2, $3::uuid))
ORDER BY c.wishes_from DESC, c.id DESC
LIMIT $4;

-- name: find_record
SELECT matched_at, CASE WHEN matched_at IS NOT NULL THEN record::text END AS record FROM campaigns
WHERE region_id = $1 AND id = $2;

-- name: joinable
SELECT id, wishes_until, closed_at FROM joinable_campaign($1, $2) WHERE region_id = $1;

-- name: put_wishes
SELECT put_wishes($1, $2, $3, $4, $5::uuid[], $6::text[], $7, $8);

-- name: withdraw_wishes
SELECT withdraw_wishes($1, $2, $3, $4, $5);

-- name: find_wishes
SELECT shown_wishes(w)
FROM campaign_wishes w JOIN guardians g ON g.region_id = w.region_id AND g.person_id = w.person_id
WHERE g.region_id = $1 AND g.citizen_id = $2 AND w.campaign_id = $3 AND w.person_id = $4;

-- name: is_ward
SELECT EXISTS (
    SELECT FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = $3 AND p.deleted_at IS NULL);

-- name: next_to_close
-- In no order: one that can't be done does not stand in the way of the others.
SELECT c.region_id, c.id, c.seed_hash FROM regions r JOIN campaigns c ON c.region_id = r.code
WHERE c.filled_at IS NULL AND c.closed_at IS NULL AND c.wishes_until <= $1
ORDER BY random()
LIMIT 1
FOR UPDATE OF c SKIP LOCKED;

-- name: campaign_parts
SELECT campaign_parts($1, $2)::text;

-- name: close_campaign
UPDATE campaigns SET closed_at = $3, wishes = $4, wishes_digest = $5, record = $6::jsonb
WHERE region_id = $1 AND id = $2;

-- name: next_to_match
SELECT c.region_id, c.id, c.seed_sealed, c.record::text AS closing
FROM regions r JOIN campaigns c ON c.region_id = r.code
WHERE c.filled_at IS NULL AND c.matched_at IS NULL AND c.closed_at <= $1
ORDER BY random()
LIMIT 1
FOR UPDATE OF c SKIP LOCKED;

-- name: compute_long
-- What is computed outside the database takes longer than a transaction is else left alone.
SELECT set_config('idle_in_transaction_session_timeout', '5min', true);

-- name: keep_matches
SELECT keep_matches($1, $2::jsonb, $3);

-- name: keep_record
SELECT keep_campaign_record($1, $2, $3::jsonb, $4);

-- name: next_to_apply
SELECT c.region_id, c.id, c.wishes, c.applied FROM regions r JOIN campaigns c ON c.region_id = r.code
WHERE c.filled_at IS NULL AND c.matched_at IS NOT NULL
ORDER BY random()
LIMIT 1
FOR UPDATE OF c SKIP LOCKED;

-- name: apply_matches
SELECT apply_matches($1, $2, $3, $4::uuid[], $5::text[], $6);

-- name: end_matching
SELECT end_matching($1, $2, $3);
