/** `kind: template` in the configuration: a scheduler that the site describes itself. */
import { z } from 'zod';
import { END_KINDS } from '../../../backends/backend.ts';
import type { TemplateOptions } from '../../../backends/registry.ts';
import { REQUEST_NAMES, SUBMIT_PLACEHOLDERS } from '../../../backends/template/placeholders.ts';
import type { Placeholders } from '../../../backends/template/words.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';
import { contradictions, listsByName } from './template-checks.ts';
import { pattern, patterns, signs, wholePattern } from './template-patterns.ts';
import { state } from './template-states.ts';
import { command, inputLines } from './template-words.ts';

const OWNER: Placeholders = { user: 'always', uid: 'always' };
const BY_ID: Placeholders = { nativeId: 'always', nativeIds: 'many' };
const BY_TAG: Placeholders = { tag: 'always', tags: 'many' };
const BY_LISTING: Placeholders = { listedId: 'always', listedIds: 'many' };
const REQUEST: Placeholders = { ...OWNER, ...BY_ID, ...BY_LISTING };

const VARIABLE = 'must be the name of a variable: letters, digits and _';

function variable(description: string) {
  return z
    .string({ error: VARIABLE })
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, VARIABLE)
    .describe(description);
}

const submitKeys = z.strictObject({
  command: command(
    'Submits one job. Its placeholders, and those of all commands, are in [other schedulers](other-schedulers.md#commands).',
    SUBMIT_PLACEHOLDERS,
  ),
  input: inputLines(
    "Lines for the command's standard input, where the scheduler wants a description of the job.",
    SUBMIT_PLACEHOLDERS,
  ).exactOptional(),
  inputValues: wholePattern(
    'What a value in `input` may be; a job with any other is refused. Absent: whatever has no control characters.',
  ).prefault('\\P{Cc}*'),
  stdin: z
    .enum(['{script}'], { error: 'must be "{script}", or be left out' })
    .exactOptional()
    .describe('`"{script}"`: the job\'s script is the command\'s standard input.'),
  id: pattern('Finds the id of the new job in what the command prints, as group `id`.').exactOptional(),
  rejected: signs('the scheduler will never take this job.'),
  throttled: signs(
    'the scheduler will take it later: a limit on queued jobs, an outage before anything was sent.',
  ),
});

const jobKeys = z.strictObject({
  id: variable(
    "The variable of the job's environment that holds its id as the listing shows it; `tag` where there is none: the tag is the native id then.",
  ),
  cutAt: z.string().min(1).exactOptional().describe('The id in the variable ends before this text.'),
  index: variable(
    'The variable that holds the index in an array of jobs, from 0. Absent: no arrays.',
  ).exactOptional(),
  count: variable(
    'The variable that counts the reruns of the same job id. Absent: it is not known.',
  ).exactOptional(),
  log: z
    .enum(['script', 'scheduler'])
    .prefault('script')
    .describe('Who opens the log: the script itself, or the scheduler, which must be told `{log}`.'),
  reservedExitCodes: z
    .array(z.int().min(1).max(255), { error: 'must be a list of exit codes' })
    .prefault([])
    .meta({
      format: 'list of numbers',
      description: 'Codes the scheduler takes as orders to itself: no job ends with one.',
    }),
});

const answerKeys = z.strictObject({
  record: pattern('How the first line of a record looks. Absent: every line is a record.').exactOptional(),
  fields: patterns(
    'Together they find in a record the groups `id` and `state`, and `name`, `reason`, `index`, `exit`, `signal`, `started`, `count`, `user` where the scheduler tells them.',
  ),
  skip: patterns('Lines and records that are no jobs.').prefault([]),
  states: z
    .record(z.string(), state())
    .describe(
      'What the words of `state` mean: `queued`, `running`, `ended` (the exit code tells how), the name of an end, or `{blocked: why}`. Any other word: the job is still there.',
    ),
  exits: z
    .record(z.string(), z.enum(END_KINDS))
    .prefault({})
    .describe("Exit codes that are the scheduler's own, and the end they mean."),
  signedExit: z
    .boolean()
    .prefault(false)
    .describe('Exit codes above 127 are shown as negative numbers: 137 as -119.'),
  signalsFrom: z
    .int()
    .min(128)
    .exactOptional()
    .describe('Exit codes above this number are signals: 256 where a job killed by signal 9 has 265.'),
});

export const templateFile = z
  .strictObject({
    kind: z
      .literal('template')
      .describe(
        'Any other scheduler, by commands that the site writes here: see [other schedulers](other-schedulers.md).',
      ),
    probe: command('Tells whether the scheduler answers; the first line is shown to people.', {}),
    submit: submitKeys,
    job: jobKeys,
    ignores: z
      .array(z.enum(REQUEST_NAMES), { error: 'must be a list' })
      .prefault([])
      .meta({
        format: 'list',
        description: `Requests of tasks that this scheduler cannot be told, and that are dropped: ${REQUEST_NAMES.join(', ')}. Any other that the submit command has no place for is refused.`,
      }),
    status: z.strictObject({
      command: command(
        'Lists the jobs. With `{nativeIds}` it is asked about those that are known, with `{nativeId}` about one at a time; without, it lists all of the user.',
        { ...OWNER, ...BY_ID },
      ),
      complete: pattern('Is found in every whole answer; one without counts for nothing.').exactOptional(),
    }),
    answer: answerKeys,
    account: z
      .strictObject({
        byId: command('Tells of jobs that have ended.', { ...OWNER, ...BY_ID }).exactOptional(),
        byTag: command('Tells of jobs whose id is not known.', { ...OWNER, ...BY_TAG }).exactOptional(),
      })
      .exactOptional(),
    abort: command(
      'Ends jobs. `{listedId}`, `{listedIds}`: by the id of the listing, which is asked for first; only jobs that it shows are named.',
      REQUEST,
    ),
    force: command('Ends jobs by the hardest means. Absent: as `abort`.', REQUEST).exactOptional(),
    signal: command('Sends `{signal}` (`USR1`) to jobs. Absent: no signals.', {
      ...REQUEST,
      signal: 'always',
    }).exactOptional(),
    gone: patterns('Complaints that only say that a job is not there, or not any more.').prefault([]),
    reconnect: z
      .boolean()
      .prefault(true)
      .describe('`false`: jobs cannot be found again after a restart of the daemon; they end `Lost`.'),
    lookUp: z
      .boolean()
      .exactOptional()
      .describe(
        'Can a job be found by its name? Absent: yes, where `status` lists all jobs with group `name`.',
      ),
    ...batchKeys({ poll: '10s', settle: '60s', commandTimeout: '1m', maxActive: 1000 }, 'PATH'),
  })
  .superRefine((file, context) => {
    for (const { path, message } of contradictions(file))
      context.addIssue({ code: 'custom', path: [...path], message });
  });

export type TemplateFile = z.output<typeof templateFile>;

export function templateOptions(file: TemplateFile): TemplateOptions {
  const { probe, submit, job, ignores, status, answer, account, abort, force, signal, gone, reconnect } =
    file;
  const { id, cutAt, ...facts } = job;
  return {
    kind: 'template',
    ...commonOptions(file),
    ...{ probe, submit, ignores, status, answer, abort, gone, reconnect },
    job: { ...facts, id: id === 'tag' ? 'tag' : { variable: id, ...(cutAt !== undefined && { cutAt }) } },
    ...(account && { account }),
    ...(force && { force }),
    ...(signal && { signal }),
    lookUp: file.lookUp ?? listsByName(file),
  };
}
