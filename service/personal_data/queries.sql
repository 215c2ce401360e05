-- name: forget_answers
SELECT forget_answers($1);

-- name: begin_export
SELECT begin_export($1, $2, $3, $4, $5);

-- name: exported
SELECT kind, part FROM exported($1, $2, $3);

-- name: lock_account
SELECT id, platform, external_id FROM lock_account($1, $2) ORDER BY same_as NULLS FIRST;

-- name: erase_account
SELECT erase_account($1, $2::uuid[], $3::text[], $4, $5);
