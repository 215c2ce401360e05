-- Documents of applications.

-- What the group needs, and nobody has uploaded to this application.
CREATE OR REPLACE FUNCTION documents_missing(a applications) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(needed.kind ORDER BY needed.number), '{}')
    FROM jsonb_array_elements_text(coalesce(a.terms -> 'documents', '[]')) WITH ORDINALITY AS needed (kind, number)
    WHERE NOT EXISTS (
        SELECT FROM documents d
        WHERE d.region_id = a.region_id AND d.application_id = a.id AND d.kind = needed.kind AND d.deleted_at IS NULL)
$$;

-- A document as it is shown; its name is the sealed one.
CREATE OR REPLACE FUNCTION shown_document(d documents) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', d.id, 'application_id', d.application_id, 'kind', d.kind, 'media_type', d.media_type, 'bytes', d.bytes,
        'created_at', d.created_at, 'zone', i.zone, 'name_sealed', d.name_sealed)
    FROM institutions i WHERE i.region_id = d.region_id AND i.id = d.institution_id
$$;

-- An application of a person whom the citizen looks after.
CREATE OR REPLACE FUNCTION application_of_family(p_region smallint, p_citizen uuid, p_application uuid)
RETURNS applications LANGUAGE sql STABLE AS $$
    SELECT a.* FROM applications a
    WHERE a.region_id = p_region AND a.id = p_application AND EXISTS (
        SELECT FROM guardians g
        WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = a.person_id
          AND guardian_may(g.kinship, g.ends_on IS NOT NULL, 'papers'))
$$;

-- Why nothing more of so many bytes may be added to the application. p_limits: {documents, bytes_a_day}.
CREATE OR REPLACE FUNCTION document_refusal(
    named applications, p_citizen uuid, p_bytes bigint, p_limits jsonb, p_now timestamptz
) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN named.id IS NULL THEN 'application_not_found'
        WHEN named.status IN ('refused', 'withdrawn', 'expired', 'left') THEN 'documents_closed'
        WHEN (SELECT count(*) FROM documents d
              WHERE d.region_id = named.region_id AND d.application_id = named.id AND d.deleted_at IS NULL
             ) >= (p_limits ->> 'documents')::integer THEN 'documents_too_many'
        -- What was deleted counts too, or one could go on for ever.
        WHEN (SELECT coalesce(sum(d.bytes), 0) + p_bytes FROM documents d
              WHERE d.region_id = named.region_id AND d.citizen_id = p_citizen AND d.created_at > p_now - interval '1 day'
             ) > (p_limits ->> 'bytes_a_day')::bigint THEN 'uploads_too_many'
    END
$$;

-- Refuses what would be refused after the upload. Whoever comes again with a key that has brought something about is let
-- through: the answer is there already.
CREATE OR REPLACE FUNCTION admit_document(
    p_region smallint, p_citizen uuid, p_application uuid, p_key text, p_bytes bigint, p_limits jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := application_of_family(p_region, p_citizen, p_application);
BEGIN
    PERFORM refuse(document_refusal(named, p_citizen, p_bytes, p_limits, p_now)) WHERE NOT EXISTS (
        SELECT FROM idempotency_keys
        WHERE region_id = p_region AND caller_id = p_citizen AND operation = 'uploadDocument' AND key = p_key);
END $$;

-- Writes down a file that has come. p_document: columns of the row. The citizen's row is locked first: what they send at
-- the same time is counted one after the other, and a twin of this request waits here.
CREATE OR REPLACE FUNCTION upload_document(
    p_region smallint, p_citizen uuid, p_key text, p_request_hash bytea, p_document jsonb, p_limits jsonb,
    p_event_id uuid, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    made documents := jsonb_populate_record(NULL::documents, p_document);
    named applications;
    shown jsonb;
    earlier jsonb;
BEGIN
    PERFORM FROM citizens WHERE region_id = p_region AND id = p_citizen FOR NO KEY UPDATE;
    named := application_of_family(p_region, p_citizen, made.application_id);
    PERFORM FROM applications WHERE region_id = p_region AND id = named.id FOR NO KEY UPDATE;
    -- Once more: it may have been decided on meanwhile.
    named := application_of_family(p_region, p_citizen, made.application_id);
    earlier := idempotency_find(p_region, p_citizen, 'uploadDocument', p_key, p_request_hash);
    IF earlier IS NOT NULL THEN
        RETURN earlier;
    END IF;
    PERFORM refuse(document_refusal(named, p_citizen, made.bytes, p_limits, p_now));
    made.region_id := p_region;
    made.institution_id := named.institution_id;
    made.person_id := named.person_id;
    made.citizen_id := p_citizen;
    made.created_at := p_now;
    made.look_at := p_now + interval '1 day';
    made.missing := false;
    INSERT INTO documents SELECT made.*;
    -- The request holds the name of the file, so the key need not keep it.
    shown := shown_document(made) - 'name_sealed';
    PERFORM idempotency_keep(p_region, p_citizen, 'uploadDocument', p_key, p_request_hash, shown, p_now);
    PERFORM journal(p_region, p_event_id, p_now, p_citizen, 'document_uploaded', made.id,
                    jsonb_build_object('application_id', made.application_id, 'kind', made.kind), true);
    RETURN shown;
END $$;

-- What stays of a document is a stub. Without the key the file is noise from here on; a job takes it away.
CREATE OR REPLACE FUNCTION forget_documents(p_region smallint, p_documents uuid[], p_actor uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone uuid;
BEGIN
    FOR gone IN
        UPDATE documents SET key_sealed = NULL, name_sealed = NULL, content_hash = NULL, deleted_at = p_now
        WHERE region_id = p_region AND id = ANY (p_documents) AND deleted_at IS NULL
        RETURNING id
    LOOP
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'document_deleted', gone, '{}', false);
    END LOOP;
END $$;

-- By the parent, until the institution has decided. Twice is no error.
CREATE OR REPLACE FUNCTION delete_document(p_region smallint, p_citizen uuid, p_document uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found documents;
    named applications;
BEGIN
    SELECT * INTO found FROM documents WHERE region_id = p_region AND id = p_document;
    named := application_of_family(p_region, p_citizen, found.application_id);
    PERFORM refuse('document_not_found') WHERE named.id IS NULL;
    -- The decision waits, or is there.
    SELECT * INTO named FROM applications WHERE region_id = p_region AND id = named.id FOR NO KEY UPDATE;
    PERFORM refuse('document_decided') WHERE found.deleted_at IS NULL
        AND named.status NOT IN ('draft', 'submitted', 'under_review', 'invited', 'waiting', 'offered');
    PERFORM forget_documents(p_region, ARRAY[p_document], p_citizen, p_now);
END $$;

-- Whether nobody needs the application's documents any more: 30 days after it ended in vain, and as many days as the
-- institution says after the child has left or the group is over.
CREATE OR REPLACE FUNCTION documents_are_due(a applications, p_now timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN a.status IN ('refused', 'withdrawn', 'expired') THEN a.updated_at <= p_now - interval '30 days'
        ELSE least(g.ends_on, CASE a.status WHEN 'left' THEN a.left_on END) + i.documents_days
             < (p_now AT TIME ZONE i.zone)::date
    END
    FROM groups g, institutions i
    WHERE g.region_id = a.region_id AND g.id = a.group_id
      AND i.region_id = a.region_id AND i.id = a.institution_id
$$;

-- The next documents whose turn it is to be looked after: those that are due are forgotten, the others are told of, for
-- their files to be looked at.
CREATE OR REPLACE FUNCTION documents_to_look_after(p_now timestamptz)
RETURNS TABLE (region_id smallint, id uuid, bytes integer, due boolean) LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT d.region_id, d.id, d.bytes, d.application_id FROM regions r
        JOIN documents d ON d.region_id = r.code AND d.deleted_at IS NULL AND d.look_at <= p_now
        ORDER BY d.look_at LIMIT 50 FOR UPDATE OF d SKIP LOCKED
    LOOP
        SELECT documents_are_due(a, p_now) INTO due FROM applications a
        WHERE a.region_id = found.region_id AND a.id = found.application_id;
        IF due THEN
            PERFORM forget_documents(found.region_id, ARRAY[found.id], by_itself(), p_now);
        ELSE
            UPDATE documents d SET look_at = p_now + interval '1 day'
            WHERE d.region_id = found.region_id AND d.id = found.id;
        END IF;
        region_id := found.region_id;
        id := found.id;
        bytes := found.bytes;
        RETURN NEXT;
    END LOOP;
END $$;
