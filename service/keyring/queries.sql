-- name: list_data_keys
SELECT id, purpose, wrapped_by, wrapped, made_at, current_from, revoked_at FROM data_keys ORDER BY current_from, id;

-- name: make_first_data_key
SELECT make_first_data_key($1, $2, $3, $4, $5);

-- name: make_next_data_key
SELECT make_next_data_key($1, $2, $3, $4, $5, $6);

-- name: count_sealed
SELECT in_table, in_column, key_id, sealed FROM count_sealed();

-- name: lock_sealed
SELECT in_table, in_column, region_id, id, sealed FROM lock_sealed($1, $2, $3);

-- name: reseal
SELECT reseal($1, $2, $3, $4, $5, $6);

-- name: revoke_sealing_key
SELECT revoke_sealing_key($1, $2);

-- name: revoke_signing_key
SELECT revoke_signing_key($1, $2);

-- name: rewrap_data_key
SELECT rewrap_data_key($1, $2, $3, $4);
