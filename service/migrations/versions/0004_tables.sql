-- Pages of four platforms.
--
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint

ALTER TABLE pages
    DROP CONSTRAINT pages_platform_check,
    ADD CONSTRAINT pages_platform CHECK (platform IN ('vk', 'ok', 'max', 'telegram'));
