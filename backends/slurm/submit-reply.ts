/** sbatch's words for accepted, rejected for good, later, and nothing certain (backends/submit-reply.ts). */
import type { SubmitReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { readSubmitReply, type SubmitWords } from '../submit-reply.ts';

export function readSbatch(result: CommandResult): SubmitReply {
  return readSubmitReply(SBATCH, result);
}

// The texts are those of slurm_strerror (22.05) and of sbatch itself.

/** The request may have arrived although no answer did. Looked for first: they outweigh all else that is printed. */
const UNCERTAIN: readonly RegExp[] = [
  /timed out/i,
  /\((send|receive|shutdown) failure\)/,
  /(Message|Communication) \w+ failure/,
  /Connection reset|Broken pipe|Zero Bytes were transmitted/i,
];

const LATER: readonly RegExp[] = [
  // QOSMaxSubmitJobPerUserLimit, AssocMaxSubmitJobLimit, …GrpSubmitJobsLimit: room comes as jobs end.
  /\b(QOS|Assoc)\w*Submit\w*/,
  /breached requested QOS usage threshold/,
  // MaxJobCount, and a controller that is starting. sbatch itself has tried 15 times by then.
  /queue full|temporarily (unable|unavailable|disabled)|Requested nodes are busy|Unable to create job record/,
  /unable to load job state|System submissions disabled/,
  // No connection was made, so nothing was sent: surely no job, and a look-up would only have to wait as long.
  /Unable to contact slurm controller \(connect failure\)/,
  /[Cc]ontroller (is )?in standby mode/,
  /Required partition not available|Partition in DOWN state|reservation not usable now/,
  // The controller's disk, not ours.
  /I\/O error writing script\/environment/,
  /Could not establish a configuration source/,
];

/** slurmctld's answers to what will be as wrong the next time. */
const NEVER: readonly RegExp[] = [
  /\bInvalid (?!job credential|authentication)\S/,
  /specification (can not be satisfied|invalid)|can not be satisfied/,
  /Requested (node|partition) configuration (is )?not available/,
  /Requested (reservation|time limit) is invalid|Access denied to requested reservation/,
  /Requested (nodes not in this partition|more tasks than|operation not supported|GRES option unsupported)/,
  /More processors requested than permitted|Memory required by task is not available/,
  /No partition specified/,
  /User's group not permitted|Access\/permission denied|User not found/,
  /Job dependency problem|Circular job dependency/,
  // Reached only with a named limit on the size of one job (isQueueLimit).
  /violates accounting\/QOS policy/,
  /Pathname of a file, directory or other parameter too long/,
  // The script is there before it is submitted; what is wrong with it will stay wrong.
  /Unable to open file|does not look like a batch script|Batch script (is|contains)|does not allow scripts that/,
];

const SBATCH: SubmitWords = {
  program: 'sbatch',
  // `--parsable` prints `12`, or `15;cluster`.
  id: /^\s*(\d+)(?:;\S*)?\s*$/gm,
  refusals: [
    ['ambiguous', UNCERTAIN],
    ['throttled', [...LATER, isQueueLimit]],
    ['rejected', [...NEVER, isBadOption, isSitesRefusal]],
  ],
  // Without the prefixes that every line carries.
  shown: (stderr) =>
    stderr.replaceAll(/^sbatch: (error: )?/gm, '').replaceAll('Batch job submission failed: ', ''),
};

/**
 * "Job violates accounting/QOS policy" is one text for limits on queued jobs and for limits on one job's size.
 * A line before it names the limit; where an older Slurm prints none, it may be a queue limit, which never fails.
 */
function isQueueLimit({ stderr }: CommandResult): boolean {
  return /violates accounting\/QOS policy/.test(stderr) && !/\b(QOS|Assoc)(Max|Min|Grp)\w+/.test(stderr);
}

/** Options are checked by sbatch before it talks to anyone. */
function isBadOption({ stderr, exitCode }: CommandResult): boolean {
  return exitCode === 255 && /^sbatch: \S/m.test(stderr);
}

/** A site's submit plugin explains itself in a line of its own, and slurmctld adds "Unspecified error". */
function isSitesRefusal({ stderr }: CommandResult): boolean {
  const errors = stderr.match(/^sbatch: error: .+$/gm) ?? [];
  return errors.length > 1 && /submission failed: Unspecified error/.test(stderr);
}
