-- name: forget_answers
SELECT forget_answers($1);

-- name: begin_export
SELECT begin_export($1, $2, $3, $4, $5);

-- name: exported
SELECT kind, part FROM exported($1, $2, $3);
