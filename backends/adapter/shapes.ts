/** What an adapter that is not ours may export and answer. Its types say so too, but nobody need have checked them. */
import { z } from 'zod';
import {
  type Blocked,
  type Capabilities,
  END_KINDS,
  type EndReport,
  type JobObservation,
  type Probe,
  type RequestReply,
  type Snapshot,
  type SubmitReply,
} from '../backend.ts';
import type { BatchScheduler } from '../batch-driver.ts';
import type { Adapter, AdapterDefaults, OptionMistake } from './adapter.ts';

type Keys<T> = Record<keyof T, z.ZodType>;
type Member<T, K> = Extract<T, { readonly kind: K }>;

const text = z.string();
const flag = z.boolean();
const atLeast = (least: number) => z.int().min(least);
const callable = z.custom((value) => typeof value === 'function', 'must be a function');
const reason = text.min(1);

const defaults = z.strictObject({
  settleMs: atLeast(0).optional(),
  commandTimeoutMs: atLeast(1).optional(),
  pollMs: atLeast(1).optional(),
  maxActive: atLeast(1).optional(),
  maxSubmitting: atLeast(1).optional(),
} satisfies Keys<AdapterDefaults>);

const adapter = z.object({
  apiVersion: z.literal(1),
  defaults: defaults.optional(),
  checkOptions: callable.optional(),
  createScheduler: callable,
} satisfies Keys<Adapter>);

const scheduler = z.object({
  // Also a key below `resources.options` of a workflow.
  kind: text.regex(/^[a-z][a-z0-9-]*$/, 'must be of small letters, digits and -'),
  capabilities: z.object({
    reconnect: flag,
    lookUp: flag,
    arrays: flag,
    signals: flag,
  } satisfies Keys<Capabilities>),
  environmentNames: z.array(text),
  parseEnvironment: z.record(text, text),
  preamble: callable,
  check: callable,
  probe: callable,
  submit: callable,
  observe: callable,
  account: callable,
  abort: callable,
  unblock: callable.optional(),
  causeInLog: callable,
} satisfies Keys<BatchScheduler>);

const probe = z.object({
  reachable: flag,
  summary: reason,
  hasAccounting: flag,
} satisfies Keys<Probe>);

/** It becomes part of file names, between commas, and of a link's text: `claim → nativeId.runCount`. */
const nativeId = text.regex(
  /^[^\s,/]{1,200}$/,
  'must have 1 to 200 characters, no blanks, commas or slashes',
);

const submitReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), nativeId } satisfies Keys<Member<SubmitReply, 'accepted'>>),
  z.object({
    kind: z.enum(['rejected', 'throttled', 'ambiguous']),
    reason,
  } satisfies Keys<Member<SubmitReply, 'rejected'>>),
]);

const requestReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sent') } satisfies Keys<Member<RequestReply, 'sent'>>),
  z.object({ kind: z.literal('failed'), reason } satisfies Keys<Member<RequestReply, 'failed'>>),
]);

const end = z.object({
  kind: z.enum(END_KINDS),
  exitCode: atLeast(0).max(255).optional(),
  signal: atLeast(1).max(255).optional(),
  started: flag.optional(),
} satisfies Keys<EndReport>);

const blocked = z.object({
  reason,
  plain: reason,
  forever: flag,
  clearable: z.literal(true).optional(),
} satisfies Keys<Blocked>);

const job = z
  .object({
    tag: text,
    index: atLeast(0),
    nativeId,
    state: z.enum(['queued', 'running', 'ended', 'unknown']),
    backendStatus: text,
    runCount: atLeast(0).optional(),
    blocked: blocked.optional(),
    end: end.optional(),
  } satisfies Keys<JobObservation>)
  .refine(({ state, end }) => (state === 'ended') === (end !== undefined), {
    message: 'must be there exactly when the state is `ended`',
    path: ['end'],
  });

const snapshot = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('complete'),
    jobs: z.array(job),
  } satisfies Keys<Member<Snapshot, 'complete'>>),
  z.object({ kind: z.literal('unavailable'), reason } satisfies Keys<Member<Snapshot, 'unavailable'>>),
]);

const optionMistakes = z.array(
  z.object({ option: text.optional(), message: reason } satisfies Keys<OptionMistake>),
);

export const SHAPES = {
  adapter,
  optionMistakes,
  scheduler,
  preamble: text,
  check: text.min(1).optional(),
  causeInLog: z.enum(END_KINDS).optional(),
  probe,
  submitReply,
  requestReply,
  snapshot,
} as const;

/** The first thing that is wrong, with its place: `jobs.3.end: must be …`. `undefined`: nothing is. */
export function whyNotOfShape(shape: z.ZodType, value: unknown): string | undefined {
  const issue = shape.safeParse(value).error?.issues[0];
  if (issue === undefined) return undefined;
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`;
}
