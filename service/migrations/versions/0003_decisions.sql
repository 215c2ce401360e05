-- What an institution decides on applications.
-- squawk-ignore-file require-concurrent-index-creation

-- Of the benefits that were claimed, those that are proved; null until somebody looked.
ALTER TABLE applications ADD COLUMN benefits_confirmed text[];
