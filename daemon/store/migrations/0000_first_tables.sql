-- The first tables. Statuses are plain text without CHECK lists, since SQLite could widen such a list only by
-- rebuilding the table. Deleting a run takes along all that hangs on it, except orphans: those jobs may still
-- be running and are hunted all the same. Runs and events use AUTOINCREMENT, so that an id is never used again;
-- a later migration that rebuilds one of the two must carry its line of sqlite_sequence over.
CREATE TABLE `attempts` (
	`run_id` integer NOT NULL,
	`call` text NOT NULL,
	`number` integer NOT NULL,
	`backend` text NOT NULL,
	`state` text NOT NULL,
	`native_id` text,
	`run_count` integer,
	`outcome` text,
	`cause` text,
	`exit_code` integer,
	`tag` text,
	`element` integer,
	`directory` text NOT NULL,
	`backend_status` text,
	`blocked` text,
	`ending` text,
	`queued_at_ms` integer,
	`started_at_ms` integer,
	`ended_at_ms` integer,
	PRIMARY KEY(`run_id`, `call`, `number`),
	FOREIGN KEY (`run_id`,`call`) REFERENCES `calls`(`run_id`,`key`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `bundles` (
	`run_id` integer PRIMARY KEY NOT NULL,
	`bundle` text NOT NULL,
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `calls` (
	`run_id` integer NOT NULL,
	`key` text NOT NULL,
	`task` text NOT NULL,
	`scatter_index` integer,
	`role` text NOT NULL,
	`position` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`benign` integer,
	`attempts` integer NOT NULL,
	`user_retries` integer NOT NULL,
	`infra_retries` integer NOT NULL,
	`retry_at_ms` integer,
	`abort` text,
	`outputs` text,
	PRIMARY KEY(`run_id`, `key`),
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `calls_by_status` ON `calls` (`run_id`,`role`,`status`);--> statement-breakpoint
CREATE TABLE `events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`run_id` integer,
	`at_ms` integer NOT NULL,
	`type` text NOT NULL,
	`call` text,
	`attempt` integer,
	`text` text NOT NULL,
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `events_by_run` ON `events` (`run_id`,`seq`);--> statement-breakpoint
CREATE TABLE `orphans` (
	`tag` text NOT NULL,
	`call` text NOT NULL,
	`run_id` integer NOT NULL,
	`backend` text NOT NULL,
	`owner` text NOT NULL,
	`native_id` text,
	`host` text NOT NULL,
	`since_ms` integer NOT NULL,
	`gone_at_ms` integer,
	PRIMARY KEY(`tag`, `call`)
);
--> statement-breakpoint
CREATE INDEX `orphans_by_run` ON `orphans` (`run_id`);--> statement-breakpoint
CREATE INDEX `orphans_open` ON `orphans` (`since_ms`) WHERE "gone_at_ms" is null;--> statement-breakpoint
CREATE TABLE `reads` (
	`run_id` integer NOT NULL,
	`id` text NOT NULL,
	`result` text NOT NULL,
	PRIMARY KEY(`run_id`, `id`),
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uuid` text NOT NULL,
	`name` text NOT NULL,
	`owner_uid` integer NOT NULL,
	`owner_gid` integer NOT NULL,
	`owner_name` text NOT NULL,
	`owner_home` text NOT NULL,
	`owner_shell` text NOT NULL,
	`status` text NOT NULL,
	`failing` integer NOT NULL,
	`held` text,
	`failure_mode` text NOT NULL,
	`backend` text NOT NULL,
	`labels` text NOT NULL,
	`submit_dir` text NOT NULL,
	`directory` text NOT NULL,
	`umask` integer NOT NULL,
	`token` text,
	`submitted_at_ms` integer NOT NULL,
	`started_at_ms` integer,
	`ended_at_ms` integer,
	`abort` text,
	`finalization` text,
	`problems` text NOT NULL,
	`outputs` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_uuid_unique` ON `runs` (`uuid`);--> statement-breakpoint
CREATE INDEX `runs_by_status` ON `runs` (`status`);--> statement-breakpoint
CREATE INDEX `runs_by_owner` ON `runs` (`owner_name`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `runs_by_token` ON `runs` (`owner_uid`,`token`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `submissions` (
	`tag` text PRIMARY KEY NOT NULL,
	`run_id` integer NOT NULL,
	`backend` text NOT NULL,
	`elements` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`status` text NOT NULL,
	`native_id` text,
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `submissions_by_run` ON `submissions` (`run_id`);