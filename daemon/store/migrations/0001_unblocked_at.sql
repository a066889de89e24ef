-- A job that its scheduler could not start (Grid Engine: Eqw) is tried again there once per attempt; that this was
-- done must survive a restart.
ALTER TABLE `attempts` ADD `unblocked_at_ms` integer;