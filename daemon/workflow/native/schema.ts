/**
 * What may stand in a workflow file: the one definition from which files are checked, types are inferred
 * and the JSON Schema for editors is generated.
 *
 * Each message is the predicate of a sentence whose subject the reader (validate.ts) puts in front:
 * "'maxParallel' of task 'align'" + "must be …". What spans several places (names that refer to each other,
 * cycles, expressions) is not said here but in check.ts.
 */
import { z } from 'zod';
import { LABEL_NAME, ONE_LINE } from '../../protocol/names.ts';
import { nearestName } from '../../protocol/nearest-name.ts';
import type { Cause } from '../language.ts';
import { hasExpression } from './expression.ts';
import {
  type Parsed,
  parseCount,
  parseDurationMs,
  parseGpus,
  parseMemoryMiB,
  parseTimeSeconds,
  show,
} from './units.ts';

/** The JSON Schema (2020-12) of a workflow file. */
export function workflowJsonSchema(): object {
  return z.toJSONSchema(workflowSchema, { io: 'input', unrepresentable: 'any' });
}

/** Causes a task may name under `retries.on`; the others are never retried, or never failures. */
export const RETRYABLE_CAUSES = [
  'NonZeroExit',
  'Signaled',
  'OutOfMemory',
  'TimeLimit',
  'MissingOutput',
  'CancelledOutside',
  'Lost',
  'Preempted',
  'NodeFailure',
  'LaunchFailure',
] as const satisfies readonly Cause[];

/** Directories and jobs are called after tasks. */
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
const nameRule = 'must be a name: a letter, then letters, digits, _ or -; at most 100 characters';
const wholeRule = 'must be a whole number';

const name = z.string({ error: nameRule }).regex(NAME, { error: nameRule });
const text = z.union([z.string(), z.number(), z.boolean()], {
  error: (issue) => `must be text, not ${show(issue.input)}`,
});
const labelName = z.string().regex(LABEL_NAME.pattern, { error: LABEL_NAME.message });
const labelText = z.union([oneLine(), z.number(), z.boolean()], { error: 'must be text' });
const count = counted('How many');
const words = z.union([z.string(), z.array(z.union([z.string(), z.number()], { error: 'must be text' }))], {
  error: 'must be text or a list of texts',
});

const option = z.array(z.union([z.string(), z.number()], { error: 'must be text' }), {
  error: 'must be a list of words',
});

const resources = map({
  cpus: counted('Cores of one call').optional(),
  memory: quantity(parseMemoryMiB, '16G: unit M, G or T, 1024-based').optional(),
  time: quantity(parseTimeSeconds, '90m, 4h, 1-12:00:00 or HH:MM:SS').optional(),
  gpus: z
    .union([z.number(), z.string()], { error: 'must be a number of GPUs or type:number' })
    .superRefine(unlessExpression(parseGpus))
    .meta({ description: 'A number, or type:number' })
    .optional(),
  nodes: count.optional(),
  ranks: counted('MPI ranks').optional(),
  queue: text.optional(),
  partition: text.optional().meta({ description: 'The same as queue' }),
  account: text.optional(),
  qos: text.optional(),
  constraint: text.optional(),
  exclusive: z.boolean({ error: 'must be true or false' }).optional(),
  reservation: text.optional(),
  options: z
    .record(z.string(), option, { error: 'must be a map of kinds of backends to words' })
    .superRefine(unlessMisspelt)
    .optional()
    .meta({ description: "Words for the scheduler's submit command, passed through as they are" }),
});

const cause = z.string().superRefine((written, context) => {
  if (RETRYABLE_CAUSES.some((known) => known === written)) return;
  const near = nearestName(written, RETRYABLE_CAUSES);
  const hint =
    near === undefined ? `; the causes are ${RETRYABLE_CAUSES.join(', ')}` : `; did you mean '${near}'?`;
  context.addIssue({
    code: 'custom',
    message: `is '${written}', which is no cause that can be retried${hint}`,
  });
});
const exitCode = integer(0, 255, 'must be an exit code from 0 to 255');
const factor = z.number({ error: 'must be a factor, such as 2' }).min(1, { error: 'must be at least 1' });

const retries = z.union(
  [
    integer(0, 1000, 'must be a whole number from 0 to 1000'),
    map({
      max: integer(0, 1000, 'must be a whole number from 0 to 1000').optional(),
      on: z
        .array(z.union([exitCode, cause], { error: 'must be a cause or an exit code' }), {
          error: 'must be a list',
        })
        .optional(),
      delay: quantity(parseDurationMs, 'First delay: 30s, 5m').optional(),
      grow: map({ memory: factor.optional(), time: factor.optional() }).optional(),
    }),
  ],
  { error: 'must be a number or {max, on, delay, grow}' },
);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], { error: 'must be one value' });
const values = z.array(z.union([scalar, z.array(scalar)]), { error: 'must be a list' });
const rangeBound = z.union([z.number(), z.string()], { error: 'must be a number' });
/** Lists that are not written out. */
const listForm = z.union(
  [
    map({ linesOf: text }),
    map({ glob: text }),
    map({
      range: z.array(rangeBound).min(2).max(3, { error: 'must be [first, last] or [first, last, step]' }),
    }),
  ],
  { error: 'must be {linesOf: FILE}, {glob: PATTERN} or {range: [first, last, step]}' },
);
export const inputSchema = z.union([scalar, values, listForm], {
  error: 'must be a value, a list, {linesOf}, {glob} or {range}',
});

const env = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'is no name of an environment variable' })
    .regex(/^(?!WF_)/, { error: 'is reserved: variables beginning with WF_ are set for every job' }),
  text,
  { error: 'must be a map of variables' },
);

const stepShape = {
  run: z.string({ error: 'must be text for the shell' }).optional(),
  script: z.string({ error: 'must be the path of a script' }).optional(),
  args: z.array(text, { error: 'must be a list of texts' }).optional(),
  shell: words.optional().meta({ description: 'Default: bash -euo pipefail' }),
  resources: resources.optional(),
  env: env.optional(),
  backend: text.optional(),
  retries: retries.optional(),
  successCodes: z
    .array(exitCode, { error: 'must be a list of exit codes' })
    .min(1, { error: 'must name one' })
    .optional(),
  workdir: text.optional().meta({ description: 'submit (the default), call, or a path' }),
  login: z.boolean({ error: 'must be true or false' }).optional(),
  abort: z
    .union(
      [
        z.enum(['kill', 'finish'], { error: "must be 'kill', 'finish' or {signal, grace}" }),
        map({
          signal: z
            .string({ error: 'must be the name of a signal, such as USR1' })
            .regex(/^(SIG)?[A-Z][A-Z0-9]*$/, {
              error: 'must be the name of a signal, such as USR1',
            }),
          grace: quantity(parseDurationMs, '2m'),
        }),
      ],
      { error: "must be 'kill', 'finish' or {signal, grace}" },
    )
    .optional(),
};

const step = map(stepShape);
const task = map({
  ...stepShape,
  needs: z
    .union([name, z.array(name)], { error: 'must be the name of a task or a list of names' })
    .optional(),
  scatter: z
    .record(
      name,
      z.union([values, listForm, z.string()], { error: 'must be a list, {linesOf}, {glob} or {range}' }),
      {
        error: 'must be {variable: list} or {each: TASK}',
      },
    )
    .optional(),
  maxParallel: count.optional(),
  outputs: z.record(name, text, { error: 'must be a map of names to paths' }).optional(),
  priority: integer(-1_000_000, 1_000_000, wholeRule).optional(),
});

export const workflowSchema = map({
  name: z
    .string({ error: 'must be text' })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
      error: 'must be a letter or digit, then letters, digits, ., _ or - (it names the directory of the run)',
    })
    .optional(),
  description: text.optional(),
  failureMode: z
    .enum(['NoNewCalls', 'ContinueWhilePossible'], { error: (issue) => failureModeAdvice(issue.input) })
    .optional(),
  inputs: z.record(name, inputSchema, { error: 'must be a map of names to values' }).optional(),
  defaults: map({
    backend: text.optional(),
    resources: resources.optional(),
    env: env.optional(),
    retries: retries.optional(),
    shell: words.optional(),
    workdir: text.optional(),
    login: z.boolean({ error: 'must be true or false' }).optional(),
  }).optional(),
  tasks: z.record(name, task, {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing: a workflow has at least one task'
        : 'must be a map of names to tasks',
  }),
  labels: z.record(labelName, labelText, { error: 'must be a map of names to texts' }).optional(),
  onAbort: step.optional(),
  onFailure: step.optional(),
  finally: step.optional(),
  outputs: z.record(name, text, { error: 'must be a map of names to expressions' }).optional(),
  onBlocked: z
    .union(
      [
        z.literal('flag', { error: "must be 'flag' or {failAfter: 1d}" }),
        map({ failAfter: quantity(parseDurationMs, '1d') }),
      ],
      {
        error: "must be 'flag' or {failAfter: 1d}",
      },
    )
    .optional(),
  abort: z.literal('ignore', { error: "can only be 'ignore' here" }).optional(),
});

export type WorkflowFile = z.infer<typeof workflowSchema>;
export type InputBody = z.infer<typeof inputSchema>;
export type TaskBody = z.infer<typeof task>;
export type DefaultsBody = NonNullable<WorkflowFile['defaults']>;
export type ResourcesBody = z.infer<typeof resources>;
export type RetriesBody = z.infer<typeof retries>;
export type ListBody = NonNullable<TaskBody['scatter']>[string];

/** A map with these keys and no others. */
/** A site's own adapters have kinds of their own, so that only what looks like `slurm` is taken for a mistake. */
function unlessMisspelt(options: object, context: z.RefinementCtx): void {
  for (const kind of Object.keys(options)) {
    if (kind === 'slurm' || nearestName(kind, ['slurm']) === undefined) continue;
    context.addIssue({ code: 'custom', path: [kind], message: "is for no scheduler; did you mean 'slurm'?" });
  }
}

function map<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? `must be a map, not ${show(issue.input)}` : undefined),
  });
}

function integer(min: number, max: number, rule: string) {
  return z.int({ error: rule }).min(min, { error: rule }).max(max, { error: rule });
}

function oneLine() {
  return z
    .string()
    .max(1_000, { error: 'is longer than 1000 characters' })
    .regex(ONE_LINE.pattern, { error: ONE_LINE.message });
}

/** A whole number of at least 1, or an expression that gives one. */
function counted(description: string) {
  return z
    .union([z.int({ error: (issue) => adviceOf(parseCount, issue.input) }), z.string()], {
      error: (issue) => adviceOf(parseCount, issue.input),
    })
    .superRefine(unlessExpression(parseCount))
    .meta({ description });
}

function quantity(parse: (written: unknown) => Parsed<unknown>, example: string) {
  return z
    .string({ error: (issue) => adviceOf(parse, issue.input) })
    .superRefine(unlessExpression(parse))
    .meta({ description: example });
}

function unlessExpression(parse: (written: unknown) => Parsed<unknown>) {
  return (written: string | number, context: z.core.$RefinementCtx): void => {
    if (typeof written === 'string' && hasExpression(written)) return;
    const parsed = parse(written);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
  };
}

function adviceOf(parse: (written: unknown) => Parsed<unknown>, written: unknown): string {
  const parsed = parse(written);
  return parsed.ok ? 'must be text' : parsed.message;
}

function failureModeAdvice(written: unknown): string {
  const near =
    typeof written === 'string' ? nearestName(written, ['NoNewCalls', 'ContinueWhilePossible']) : undefined;
  return near === undefined
    ? `must be NoNewCalls or ContinueWhilePossible, not ${show(written)}`
    : `must be NoNewCalls or ContinueWhilePossible, not ${show(written)}; did you mean '${near}'?`;
}
