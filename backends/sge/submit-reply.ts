/** qsub's words for accepted, rejected for good, later, and nothing certain (backends/submit-reply.ts). */
import type { SubmitReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { readSubmitReply, type SubmitWords } from '../submit-reply.ts';

export function readQsub(result: CommandResult): SubmitReply {
  return readSubmitReply(QSUB, result);
}

/** qsub(1), EXIT STATUS: a limit on queued jobs, or a site's verifier, may let the job pass another time. */
const TRY_LATER = 25;

/** It was sent. Looked for first: nothing else that is printed outweighs it. */
const NO_ANSWER: readonly RegExp[] = [/receiving gdi request/i];

/** There was nobody to send it to: surely no job, and looking it up would only have to wait as long. */
const NOBODY_THERE: readonly RegExp[] = [
  /got select error \(Connection refused\)/,
  /Please set the environment variable SGE_ROOT|(SGE_ROOT|cell) directory "[^"]*" doesn't exist/,
];

/**
 * No outage: nothing else is printed, and no job is made, however often one asks. So it is with values of blanks or
 * of other than ASCII characters (observed with 8.1.9).
 */
const UNREADABLE = 'Unable to run job: Error reading answer list from qmaster\nExiting.';

/** It may have been sent. All other words are those of the qmaster itself, which then has made no job. */
const UNCERTAIN: readonly RegExp[] = [
  /commlib|\bgdi\b|\bgot \w+ (error|timeout)/i,
  /\bqmaster\b/i,
  /timed? ?out/i,
];

const LATER: readonly RegExp[] = [
  // The disk of the qmaster, not ours.
  /No space left|Disk quota|can't write|error writing|spooling/i,
  // jsv(1): the site's verifier itself is in trouble.
  /got no response from JSV/i,
  // Open Cluster Scheduler limits how much one user may ask (gdi_request_limits).
  /request limit/i,
];

const NEVER: readonly RegExp[] = [
  // The qmaster's answer, or that of a site's verifier, in its own words.
  /^Unable to run job: \S/m,
  // qsub checks options before it talks to anyone, and the script is there before it is submitted.
  /^qsub: \S/m,
  /^ERROR! /m,
  /^Unable to read script file because of error/m,
];

const QSUB: SubmitWords = {
  program: 'qsub',
  // `-terse` prints `17`, or `17.1-5:1` of an array. A site's verifier (jsv(1)) may print more around it.
  id: /^\s*(\d+)(?:\.\d+-\d+:\d+)?\s*$/gm,
  refusals: [
    ['throttled', [({ exitCode }) => exitCode === TRY_LATER]],
    ['ambiguous', NO_ANSWER],
    ['throttled', NOBODY_THERE],
    ['rejected', [({ stderr }) => stderr.trim() === UNREADABLE]],
    ['ambiguous', UNCERTAIN],
    ['throttled', LATER],
    ['rejected', NEVER],
  ],
  shown,
};

/** Without the words that every refusal has; with a hint where those that are left do not help. */
function shown(stderr: string): string {
  const words = stderr.replaceAll(/^Unable to run job: (error: )?|^(Exiting\.|error: )/gm, '').trim();
  const [, hint = ''] = HINTS.find(([pattern]) => pattern.test(words)) ?? [];
  return `${words}${hint}`;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /no suitable queues/,
    ': none could ever run such a job (load values do not count here; verify: false leaves the check out)',
  ],
  [
    /^Error reading answer list/,
    ' (an option has a value that Grid Engine cannot take, such as one with blanks or of other than ASCII characters)',
  ],
];
