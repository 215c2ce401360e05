-- name: forget_answers
SELECT forget_answers($1);
