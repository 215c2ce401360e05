-- Data are taken out, and accounts erased.
--
-- No released version serves 0005, so nobody's service waits for these locks.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation

-- A token outlives its account by minutes: what is written for nobody is refused here.
ALTER TABLE holds ADD FOREIGN KEY (region_id, citizen_id) REFERENCES citizens;
CREATE INDEX invitations_by_guest ON invitations (region_id, used_by) WHERE used_by IS NOT NULL;
