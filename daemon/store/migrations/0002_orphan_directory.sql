-- An orphan is called gone only when its attempt cannot run any more: the daemon looks into its directory for that.
ALTER TABLE `orphans` ADD `directory` text;