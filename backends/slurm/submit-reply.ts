/**
 * What an answer of sbatch means: accepted, rejected for good, later, or nothing certain.
 * Whatever is not known to be one of the first three is ambiguous, since that is always safe: the job is looked
 * for before it is submitted again.
 */
import type { NativeId, SubmitReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, whyNot } from '../why-not.ts';

export function readSubmitReply(result: CommandResult): SubmitReply {
  if (result.failedToStart !== undefined) return { kind: 'throttled', reason: whyNot('sbatch', result) };
  if (result.timedOut || result.exitCode === undefined)
    return { kind: 'ambiguous', reason: whyNot('sbatch', result) };
  if (result.exitCode === 0) return accepted(result.stdout);
  return refused(result, result.exitCode);
}

/** `--parsable` prints `12`, or `15;cluster`; a site's wrapper may print more around it. */
function accepted(stdout: string): SubmitReply {
  const ids = stdout.split('\n').flatMap((line) => /^(\d+)(?:;\S*)?$/.exec(line.trim())?.[1] ?? []);
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    return {
      kind: 'ambiguous',
      reason: `sbatch succeeded but printed no job id: ${stdout.trim().slice(0, 200)}`,
    };
  }
  return { kind: 'accepted', nativeId: id as NativeId };
}

function refused(result: CommandResult, exitCode: number): SubmitReply {
  const { stderr } = result;
  const reason = reasonIn(result);
  if (isMissing(result)) return { kind: 'throttled', reason };
  if (some(UNCERTAIN, stderr)) return { kind: 'ambiguous', reason };
  if (some(LATER, stderr)) return { kind: 'throttled', reason };
  if (isQueueLimit(stderr)) return { kind: 'throttled', reason };
  if (some(NEVER, stderr) || isBadOption(stderr, exitCode) || isSitesRefusal(stderr))
    return { kind: 'rejected', reason };
  return { kind: 'ambiguous', reason };
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

/**
 * "Job violates accounting/QOS policy" is one text for limits on queued jobs and for limits on one job's size.
 * A line before it names the limit; where an older Slurm prints none, it may be a queue limit, which never fails.
 */
function isQueueLimit(stderr: string): boolean {
  return /violates accounting\/QOS policy/.test(stderr) && !/\b(QOS|Assoc)(Max|Min|Grp)\w+/.test(stderr);
}

/** Options are checked by sbatch before it talks to anyone. */
function isBadOption(stderr: string, exitCode: number): boolean {
  return exitCode === 255 && /^sbatch: \S/m.test(stderr);
}

/** A site's submit plugin explains itself in a line of its own, and slurmctld adds "Unspecified error". */
function isSitesRefusal(stderr: string): boolean {
  const errors = stderr.match(/^sbatch: error: .+$/gm) ?? [];
  return errors.length > 1 && /submission failed: Unspecified error/.test(stderr);
}

function some(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

/** Without the prefixes that every line carries. */
function reasonIn(result: CommandResult): string {
  const words = result.stderr
    .replaceAll(/^sbatch: (error: )?/gm, '')
    .replaceAll('Batch job submission failed: ', '');
  return whyNot('sbatch', { ...result, stderr: words });
}
