-- Data are taken out, accounts erased, and what has served its purpose is forgotten.
--
-- No released version serves 0005, so nobody's service waits for these locks.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation, require-concurrent-index-deletion

-- A token outlives its account by minutes: what is written for nobody is refused here.
ALTER TABLE holds ADD FOREIGN KEY (region_id, citizen_id) REFERENCES citizens;
CREATE INDEX invitations_by_guest ON invitations (region_id, used_by) WHERE used_by IS NOT NULL;
CREATE INDEX invitations_by_citizen ON invitations (region_id, citizen_id);
-- Persons are deleted: what may refer to one is looked for, deleted documents too.
DROP INDEX documents_by_person;
CREATE INDEX documents_by_person ON documents (region_id, person_id);

-- When the account last came.
ALTER TABLE citizens ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX citizens_unused ON citizens (region_id, seen_at) WHERE same_as IS NULL;

-- What is forgotten next. The id is that of nobody(), functions/erasure.sql.
CREATE INDEX appointments_to_forget ON appointments (region_id, ends_at)
    WHERE person_id <> '00000000-0000-7000-8000-0000000e5ed0';
CREATE INDEX applications_to_forget ON applications (region_id, updated_at)
    WHERE person_id <> '00000000-0000-7000-8000-0000000e5ed0'
      AND status IN ('refused', 'withdrawn', 'expired', 'left', 'enrolled');
CREATE INDEX trials_to_forget ON trials (region_id, ends_at);
-- Of no use to who counts how fast a queue moves: that one has an index of its own.
CREATE INDEX waiting_entries_to_forget ON waiting_entries (region_id, ended_at) WHERE status NOT IN ('waiting', 'offered');
CREATE INDEX draw_requests_to_forget ON draw_requests (region_id, created_at);
CREATE INDEX campaign_wishes_to_forget ON campaign_wishes (region_id, updated_at);
CREATE INDEX messages_to_forget ON messages (region_id, sent_at);
CREATE INDEX message_recipients_by_message ON message_recipients (region_id, message_id);
CREATE INDEX outbox_to_forget ON outbox (region_id, at);
CREATE INDEX identity_codes_to_forget ON identity_codes (region_id, expires_at);
CREATE INDEX invitations_to_forget ON invitations (region_id, expires_at);
CREATE INDEX wrong_codes_to_forget ON wrong_codes (region_id, at);
