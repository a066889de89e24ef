/** The keys of the configuration that are about the care of the state: backups, and runs that may go. */
import { z } from 'zod';
import { count, duration, durationOrNever, path } from './quantities.ts';

export const backupKeys = z
  .strictObject({
    dir: path(
      'Where backups are put. Absent: backups in the state directory, which guards against mistakes and damage but not against the loss of that disk: better another one.',
    ).exactOptional(),
    every: durationOrNever(
      'A backup is made when the newest is so old; a time that was missed is made up. `never`: only by `wfctl daemon backup`. A day, since a copy is made while the daemon works, and takes seconds.',
    ).prefault('1d'),
    keep: count(
      'So many backups stay, the newest. Seven: a week of days, each as large as the database.',
    ).prefault(7),
  })
  .prefault({});

/** What has just ended is still being looked at, by people and by the daemon. */
const RUNS_MIN_MS = 3_600_000;

export const retentionKeys = z
  .strictObject({
    runs: duration(
      'Runs that ended longer ago are removed from the database, with all that is known of them. Absent: they are kept for ever, since nobody should lose them by not having read this. `wfctl daemon retention` shows which would go.',
    )
      .refine((ms) => ms >= RUNS_MIN_MS, 'must be at least 1h')
      .exactOptional(),
    directories: z
      .enum(['keep', 'remove'])
      .prefault('keep')
      .describe(
        'What happens to the directories of these runs, with all results in them. `remove` needs the record run.json of that run in it, follows no link, and is done with the rights of the owner.',
      ),
  })
  .prefault({});
