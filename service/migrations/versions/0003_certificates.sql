-- Certificates of additional education in the life of an application.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid

-- What a child who changed groups had used up of the certificate before: no leaving gives it back.
ALTER TABLE applications
    ADD COLUMN certificate_used integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT applications_certificate_used CHECK (certificate_used BETWEEN 0 AND certificate_cost);
CREATE INDEX applications_paid_by_certificate ON applications (region_id, institution_id, id)
    WHERE certificate_id IS NOT NULL;
