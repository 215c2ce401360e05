-- name: next_to_fill
-- By priority. In no order: one that can't be done does not stand in the way of the others.
SELECT g.region_id, g.id, g.institution_id
FROM regions r JOIN groups g ON g.region_id = r.code
WHERE g.collect_until <= $1 AND g.filled_at IS NULL AND g.filling = 'priority'
ORDER BY random()
LIMIT 1
FOR NO KEY UPDATE OF g SKIP LOCKED;

-- name: lock_group
SELECT filled_at FROM groups WHERE region_id = $1 AND id = $2 AND filling = $3 FOR NO KEY UPDATE;

-- name: collected
SELECT id, draw_request_id FROM applications
WHERE region_id = $1 AND group_id = $2 AND status = 'submitted' AND NOT placed
ORDER BY weight DESC, serial;

-- name: fill_places
SELECT fill_places($1, $2, $3::uuid[], $4, $5);

-- name: set_filled
UPDATE groups SET filled_at = $3 WHERE region_id = $1 AND id = $2;
