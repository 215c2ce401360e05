-- The ways to fill a group: draws of groups beside those of days.
--
-- No released version serves 0002, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid, ban-drop-not-null
-- squawk-ignore-file adding-foreign-key-constraint

-- Of a group's draw `day` is the local day on which it closes.
ALTER TABLE draws
    ALTER COLUMN specialty_code DROP NOT NULL,
    ADD COLUMN group_id uuid,
    ADD FOREIGN KEY (region_id, group_id) REFERENCES groups,
    ADD CONSTRAINT draws_of_one_kind CHECK ((group_id IS NULL) = (specialty_code IS NOT NULL));
CREATE UNIQUE INDEX draws_one_a_group ON draws (region_id, group_id) WHERE group_id IS NOT NULL;
