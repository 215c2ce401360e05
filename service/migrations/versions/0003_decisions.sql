-- What an institution decides on applications.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

-- Of the benefits that were claimed, those that are proved; null until somebody looked.
ALTER TABLE applications ADD COLUMN benefits_confirmed text[];
-- By deadline, page by page.
DROP INDEX applications_to_decide;
CREATE INDEX applications_to_decide ON applications (region_id, institution_id, decide_by, id)
    WHERE status IN ('submitted', 'under_review', 'invited');
