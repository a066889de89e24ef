/**
 * What an answer of bsub means: accepted, rejected for good, later, or nothing certain. The exit code does not tell
 * (255 for everything), so the text must. Whatever is not known to be one of the first three is ambiguous, since
 * that is always safe: the job is looked for before it is submitted again.
 */
import type { NativeId, SubmitReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, whyNot } from '../why-not.ts';

/** `forRoot`: on whose behalf bsub was run. */
export function readSubmitReply(result: CommandResult, forRoot: boolean): SubmitReply {
  const ids = new Set([...result.stdout.matchAll(/Job <([1-9]\d*)> is submitted/g)].map(([, id]) => id));
  const [id] = ids;
  // Printed once the job is there, among whatever a site's esub prints: it counts even if bsub was killed after it.
  if (id !== undefined && ids.size === 1) return { kind: 'accepted', nativeId: id as NativeId };
  const reason = reasonIn(result);
  if (result.failedToStart !== undefined || isMissing(result)) return { kind: 'throttled', reason };
  if (result.timedOut || result.exitCode === undefined) return { kind: 'ambiguous', reason };
  if (result.exitCode === 0 || ids.size > 1)
    return {
      kind: 'ambiguous',
      reason: `bsub printed no single job id: ${result.stdout.trim().slice(0, 200)}`,
    };
  return refused(result.stderr, reason, forRoot);
}

function refused(stderr: string, reason: string, forRoot: boolean): SubmitReply {
  if (some(UNCERTAIN, stderr)) return { kind: 'ambiguous', reason };
  if (some(LATER, stderr)) return { kind: 'throttled', reason };
  if (forRoot && /permission denied/i.test(stderr)) {
    const words = 'LSF runs no jobs for root (LSF_ROOT_USER): submit the run as an ordinary user';
    return { kind: 'rejected', reason: `${reason}; ${words}` };
  }
  return { kind: some(NEVER, stderr) ? 'rejected' : 'ambiguous', reason };
}

/** The request may have arrived although no answer did. Looked for first: they outweigh all else that is printed. */
const UNCERTAIN: readonly RegExp[] = [
  /timed? ?out/i,
  /sending\/receiving a message|Connection reset|Broken pipe|End of file/i,
];

/** Nothing was created, and time may help. With LSB_NTRIES=1 bsub does not wait for it itself. */
const LATER: readonly RegExp[] = [
  /Pending job threshold reached/,
  /Connection refused by server|LIM is down|Cannot connect to LSF|LSF is down|daemon not responding/,
  // A wrong LSF_ENVDIR, or a file server that is away.
  /Unable to open file lsf\.conf/,
  // Queues are closed and opened again by people.
  /Queue has been closed/,
];

const NEVER: readonly RegExp[] = [
  /No such (queue|user|project)|User cannot use the queue|User permission denied/,
  /Bad resource requirement syntax|-R option was used more than once/,
  /Error in rusage section|Expected number, string|cannot be used in the resource requirement|duplicate section/i,
  /Too many processors requested|Bad host name, host group name/,
  /Bad \w+ specification|should be a positive integer|Cannot exceed queue's hard limit/,
  /Bad job name|Job array index too large|No command is specified/,
  /Queue does not accept|Job priority control undefined/,
  /Request aborted by esub/,
  // Options are checked before bsub talks to anyone.
  /^bsub: (illegal|invalid|unknown) option|option cannot have an argument|option requires an argument/m,
];

function some(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

/** Without the usage that follows upon a bad option, and the word that ends every refusal. */
function reasonIn(result: CommandResult): string {
  const words = result.stderr.replace(/^Usage:.*/ms, '').replaceAll(/\.?\s*Job not submitted\.$/gm, '');
  return whyNot('bsub', { ...result, stderr: words });
}
