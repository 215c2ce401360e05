-- name: create_confirmation
SELECT create_confirmation($1, $2, $3, $4, $5, $6, $7::jsonb, $8);

-- name: find_confirmation
SELECT id, status, failure, expires_at FROM confirmations WHERE region_id = $1 AND citizen_id = $2 AND id = $3;

-- name: take_confirmation
SELECT take_confirmation($1, $2, $3);

-- name: keep_claims
SELECT keep_claims($1, $2, $3, $4, $5, $6);

-- name: fail_confirmation
SELECT fail_confirmation($1, $2, $3);

-- name: try_confirmation_code
SELECT try_confirmation_code($1, $2, $3, $4, $5);

-- name: lock_confirmation
SELECT status, claims_sealed FROM confirmations
WHERE region_id = $1 AND citizen_id = $2 AND id = $3 AND code_hash = $4 AND status IN ('awaiting_code', 'completed')
FOR UPDATE;

-- name: complete_confirmation
UPDATE confirmations SET status = 'completed', claims_sealed = NULL WHERE region_id = $1 AND citizen_id = $2 AND id = $3;

-- name: forget_confirmations
SELECT forget_confirmations($1);
