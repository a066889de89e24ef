/** What the daemon is asked. Unknown keys are errors: a misspelt option must not be silently without effect. */
import { z } from 'zod';
import { LABEL_NAME, ONE_LINE } from './names.ts';
import { FAILURE_MODES, RUN_STATUSES } from './words.ts';

type InputValue = string | number | boolean | null | readonly InputValue[];

const shortText = z.string().max(1_000, 'is longer than 1000 characters');
const oneLine = shortText.regex(ONE_LINE.pattern, ONE_LINE.message);
const id = z.int().positive();
const labelName = z.string().regex(LABEL_NAME.pattern, LABEL_NAME.message);
const labels = z.record(labelName, oneLine);
const inputValue: z.ZodType<InputValue, InputValue> = z
  .lazy(() => z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(inputValue)]))
  .meta({ id: 'InputValue' });

/** In a path or a query string everything is text. */
const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
const flag = z.enum(['0', '1'], 'must be 0 or 1').transform((given) => given === '1');
const repeatable = <T extends z.ZodType<string, string>>(one: T) =>
  z.union([one.transform((value) => [value]), z.array(one)]);
const labelFilter = z.string().regex(/^[^=]+=/, 'must look like name=value');

export const nothing = z.strictObject({});
export const runParams = z.strictObject({ id: wholeNumber });
export const backendParams = z.strictObject({ name: z.string().min(1) });

const bundle = z.strictObject({
  language: z.literal('native'),
  fileName: z.string().min(1).max(4_096),
  source: z.string(),
  files: z.record(z.string(), z.string()).meta({ description: 'Contents by the path as written' }),
  inputs: z.record(z.string(), inputValue),
});

export const submitBody = z.strictObject({
  bundle,
  name: oneLine.min(1).exactOptional(),
  backend: z.string().min(1).exactOptional(),
  failureMode: z.enum(FAILURE_MODES).exactOptional(),
  labels: labels.exactOptional(),
  hold: z.boolean().exactOptional(),
  submitDir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .max(4_096)
    .regex(/^[^\0\ufffd\p{Cs}]*$/u, 'must be UTF-8 text: rename the directory, or submit in another one'),
  umask: z.int().min(0).max(0o777),
  token: z.string().min(8).max(100).exactOptional().meta({ description: 'Repeats with it make one run' }),
});

export const listQuery = z.strictObject({
  owner: z.string().exactOptional(),
  status: repeatable(z.enum(RUN_STATUSES)).exactOptional(),
  label: repeatable(labelFilter).exactOptional(),
  name: z.string().exactOptional(),
  since: z.iso.datetime({ error: 'must be a time like 2026-01-31T12:00:00Z' }).exactOptional(),
  limit: wholeNumber.pipe(z.int().min(1).max(1_000)).exactOptional(),
  before: wholeNumber.exactOptional(),
});

export const runQuery = z.strictObject({ calls: flag.exactOptional() });

export const abortBody = z.strictObject({
  force: z.boolean().exactOptional(),
  reason: oneLine.exactOptional(),
  call: z.string().min(1).exactOptional(),
});

export const bulkAbortBody = z
  .strictObject({
    ids: z.array(id).max(10_000).exactOptional(),
    labels: labels.exactOptional(),
    user: z.string().min(1).exactOptional(),
    all: z.literal(true).exactOptional(),
    force: z.boolean().exactOptional(),
    reason: oneLine.exactOptional(),
    dryRun: z.boolean().exactOptional().meta({ description: 'Only say which runs it would be' }),
  })
  .refine(
    (body) => body.ids !== undefined || body.labels !== undefined || body.user !== undefined || body.all,
    'must say which runs: ids, labels, user, or all: true',
  );

export const backupBody = z.strictObject({
  to: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .max(4_096)
    .exactOptional()
    .meta({ description: 'A new file; else the next one among the others' }),
});

export const retentionQuery = z.strictObject({
  olderThan: wholeNumber
    .exactOptional()
    .meta({ description: 'Milliseconds since the end of a run; else as configured' }),
});

export const holdBody = z.strictObject({ reason: oneLine.exactOptional() });
export const pauseBody = z.strictObject({ reason: oneLine.min(1) });
export const whyQuery = z.strictObject({ call: z.string().exactOptional() });
export const logsQuery = z.strictObject({
  call: z.string().exactOptional(),
  attempt: wholeNumber.exactOptional(),
});
export const eventsQuery = z.strictObject({
  after: wholeNumber.exactOptional(),
  limit: wholeNumber.pipe(z.int().min(1).max(10_000)).exactOptional(),
});
