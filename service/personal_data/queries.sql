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

-- name: forget_tickets
SELECT forget_tickets($1);

-- name: forget_applications
SELECT forget_applications($1);

-- name: forget_trials
SELECT forget_trials($1);

-- name: forget_waiting
SELECT forget_waiting($1);

-- name: forget_requests
SELECT forget_requests($1);

-- name: forget_messages
SELECT forget_messages($1);

-- name: forget_told
SELECT forget_told($1);

-- name: forget_let_go
SELECT forget_let_go($1);

-- name: forget_codes
SELECT forget_codes($1);

-- name: unused_account
SELECT region_id, citizen_id FROM unused_account($1, $2);
