/** bsub's words for accepted, rejected for good, later, and nothing certain (backends/submit-reply.ts). */

import type { SubmitReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { readSubmitReply, type SubmitWords } from '../submit-reply.ts';

/** `forRoot`: on whose behalf bsub was run. */
export function readBsub(result: CommandResult, forRoot: boolean): SubmitReply {
  const reply = readSubmitReply(BSUB, result);
  if (!forRoot || reply.kind !== 'rejected' || !/permission denied/i.test(result.stderr)) return reply;
  const words = 'LSF runs no jobs for root (LSF_ROOT_USER): submit the run as an ordinary user';
  return { kind: 'rejected', reason: `${reply.reason}; ${words}` };
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

/** The exit code does not tell (255 for everything), so the text must. */
const BSUB: SubmitWords = {
  program: 'bsub',
  id: /Job <([1-9]\d*)> is submitted/g,
  idIsWhole: true,
  refusals: [
    ['ambiguous', UNCERTAIN],
    ['throttled', LATER],
    ['rejected', NEVER],
  ],
  // Without the usage that follows upon a bad option, and the word that ends every refusal.
  shown: (stderr) => stderr.replace(/^Usage:.*/ms, '').replaceAll(/\.?\s*Job not submitted\.$/gm, ''),
};
