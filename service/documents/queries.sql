-- name: admit_document
SELECT admit_document($1, $2, $3, $4, $5, $6::jsonb, $7);

-- name: upload_document
SELECT upload_document($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8);

-- name: has_application
SELECT application_of_family($1, $2, $3) IS DISTINCT FROM NULL;

-- name: has_received_application
SELECT EXISTS (
    SELECT FROM applications WHERE region_id = $1 AND institution_id = $2 AND id = $3 AND serial IS NOT NULL);

-- name: list_documents
SELECT shown_document(d) FROM documents d
WHERE d.region_id = $1 AND d.application_id = $2 AND d.deleted_at IS NULL
ORDER BY d.id;

-- name: find_document
SELECT d.region_id, d.id, d.media_type, d.bytes, d.key_sealed FROM documents d
JOIN applications a ON a.region_id = d.region_id AND a.id = d.application_id
WHERE d.region_id = $1 AND d.id = $3 AND d.deleted_at IS NULL AND EXISTS (
    SELECT FROM guardians g WHERE g.region_id = $1 AND g.citizen_id = $2 AND g.person_id = a.person_id
      AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'papers'));

-- name: find_received_document
SELECT d.region_id, d.id, d.media_type, d.bytes, d.key_sealed FROM documents d
JOIN applications a ON a.region_id = d.region_id AND a.id = d.application_id
WHERE d.region_id = $1 AND d.id = $4 AND d.application_id = $3 AND d.deleted_at IS NULL
  AND a.institution_id = $2 AND a.serial IS NOT NULL;

-- name: delete_document
SELECT delete_document($1, $2, $3, $4);

-- name: is_kept
SELECT EXISTS (SELECT FROM documents WHERE region_id = $1 AND id = $2 AND erased_at IS NULL);

-- name: to_look_after
SELECT region_id, id, bytes, due FROM documents_to_look_after($1);

-- name: mark_missing
UPDATE documents SET missing = $3 WHERE region_id = $1 AND id = $2;

-- name: to_erase
SELECT d.region_id, d.id FROM regions r
JOIN documents d ON d.region_id = r.code AND d.deleted_at IS NOT NULL AND d.erased_at IS NULL
ORDER BY d.deleted_at LIMIT 50
FOR UPDATE OF d SKIP LOCKED;

-- name: mark_erased
UPDATE documents SET erased_at = $3 WHERE region_id = $1 AND id = $2;
