-- Certificates of additional education in the life of an application.

-- What a child who changed groups had used up of the certificate before: no leaving gives it back.
ALTER TABLE applications
    ADD COLUMN certificate_used integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT applications_certificate_used CHECK (certificate_used BETWEEN 0 AND certificate_cost);
