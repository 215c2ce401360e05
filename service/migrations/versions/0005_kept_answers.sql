-- What is kept no longer than it is needed.
--
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

-- Kept answers are forgotten region by region; nothing reads them by age alone.
CREATE INDEX idempotency_keys_by_region_and_age ON idempotency_keys (region_id, created_at);
DROP INDEX idempotency_keys_by_age;
