-- name: list_accesses
SELECT id, at, operation, role, institution_name, zone FROM list_accesses($1, $2, $3, $4, $5);

-- name: see_one_moment
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: list_chained_regions
SELECT code AS region_id FROM regions
UNION SELECT region_id FROM audit_heads
ORDER BY region_id;

-- name: list_chains
SELECT region_id, log FROM audit_heads;

-- name: trail_to_forget
SELECT h.region_id FROM audit_heads h JOIN audit_trail e
  ON e.region_id = h.region_id AND e.position = h.base_position + 1 AND e.position IS NOT NULL
WHERE h.log = 'audit_trail' AND e.at < $1
ORDER BY h.region_id;

-- name: accesses_to_forget
SELECT h.region_id FROM audit_heads h JOIN accesses e
  ON e.region_id = h.region_id AND e.position = h.base_position + 1 AND e.position IS NOT NULL
WHERE h.log = 'accesses' AND e.at < $1
ORDER BY h.region_id;

-- name: trail_to_chain
SELECT r.code FROM regions r WHERE EXISTS (
    SELECT FROM audit_trail e WHERE e.region_id = r.code AND e.position IS NULL)
ORDER BY r.code;

-- name: accesses_to_chain
SELECT r.code FROM regions r WHERE EXISTS (
    SELECT FROM accesses e WHERE e.region_id = r.code AND e.position IS NULL)
ORDER BY r.code;

-- name: begin_chain
SELECT begin_chain($1, $2, $3, $4);

-- name: lock_head
SELECT * FROM audit_heads WHERE region_id = $1 AND log = $2 FOR UPDATE SKIP LOCKED;

-- name: find_head
SELECT * FROM audit_heads WHERE region_id = $1 AND log = $2;

-- name: unchained_trail
SELECT id, at, actor_id, event, subject_id, details::text AS details FROM audit_trail
WHERE region_id = $1 AND position IS NULL ORDER BY at, id LIMIT $2;

-- name: unchained_accesses
SELECT id, at, operation, path, actor_kind, actor_id, role, institution_id, person_ids, request_id FROM accesses
WHERE region_id = $1 AND position IS NULL ORDER BY at, id LIMIT $2;

-- name: waiting_trail
SELECT count(*) FROM audit_trail WHERE region_id = $1 AND position IS NULL AND at < $2;

-- name: waiting_accesses
SELECT count(*) FROM accesses WHERE region_id = $1 AND position IS NULL AND at < $2;

-- name: chain_entries
SELECT chain_entries($1, $2, $3, $4);

-- name: chained_trail
SELECT position, mac, id, at, actor_id, event, subject_id, details::text AS details FROM audit_trail
WHERE region_id = $1 AND position > $2 ORDER BY position;

-- name: chained_accesses
SELECT position, mac, id, at, operation, path, actor_kind, actor_id, role, institution_id, person_ids, request_id
FROM accesses WHERE region_id = $1 AND position > $2 ORDER BY position;

-- name: oldest_trail
SELECT position, mac, at FROM audit_trail WHERE region_id = $1 AND position > $2 ORDER BY position LIMIT $3;

-- name: oldest_accesses
SELECT position, mac, at FROM accesses WHERE region_id = $1 AND position > $2 ORDER BY position LIMIT $3;

-- name: forget_chained
SELECT forget_chained($1, $2, $3, $4, $5);
