/**
 * A scheduler that the site describes in its configuration, as a record for the batch driver. What it cannot do
 * it says, in its capabilities and in its probe; SEMANTICS section 6 tells what follows.
 */
import type { Backend, Probe, ScriptHead, SubmitReply, SubmitRequest } from '../backend.ts';
import { type Ask, type BatchScheduler, createBatchBackend } from '../batch-driver.ts';
import { ownLog, ownUmask, ownVariables } from '../preamble.ts';
import { shellQuote } from '../shell-quote.ts';
import { whyNot } from '../why-not.ts';
import { probeLine, programOf, submitLine } from './commands.ts';
import { account, endJobs, observe } from './questions.ts';
import { readSubmitReply } from './replies.ts';
import { submitValues, whyNever, whyNotInInput } from './requests.ts';
import type { TemplateSettings } from './settings.ts';

const DEFAULTS = {
  settleMs: 60_000,
  commandTimeoutMs: 60_000,
  pollMs: 10_000,
  maxActive: 1_000,
  maxSubmitting: 4,
  env: {},
} as const satisfies Partial<TemplateSettings>;

type Defaulted = keyof typeof DEFAULTS;
export type GivenSettings = Omit<TemplateSettings, Defaulted> & Partial<Pick<TemplateSettings, Defaulted>>;

export function createTemplate(name: string, given: GivenSettings): Backend {
  const settings: TemplateSettings = { ...DEFAULTS, ...given };
  return createBatchBackend(name, describe(settings), settings);
}

function describe(settings: TemplateSettings): BatchScheduler {
  const { reconnect, lookUp, job, signal } = settings;
  return {
    kind: 'template',
    capabilities: { reconnect, lookUp, arrays: job.index !== undefined, signals: signal !== undefined },
    environmentNames: [],
    parseEnvironment: {},
    preamble: (head) => preamble(settings, head),
    check: (resources) => whyNever(settings, resources),
    probe: (ask) => probe(settings, ask),
    submit: (request, ask) => submit(settings, request, ask),
    observe: (owner, known, ask) => observe(settings, owner, known, ask),
    account: (query, ask) => account(settings, query, ask),
    abort: (nativeIds, manner, ask, owner) => endJobs(settings, { owner, nativeIds, manner }, ask),
    causeInLog: () => undefined,
  };
}

function preamble({ job, env }: TemplateSettings, head: ScriptHead): string {
  return [
    ...nativeLines(job.id),
    `wf_index=${head.elements > 1 ? numberIn(job.index) : '0'}`,
    `wf_count=${numberIn(job.count)}`,
    `wf_reserved=' ${job.reservedExitCodes.join(' ')} '`,
    ...(job.log === 'script' ? [ownLog(head)] : []),
    ownUmask(head),
    ownVariables(env),
  ].join('\n');
}

function nativeLines(id: TemplateSettings['job']['id']): readonly string[] {
  if (id === 'tag') return ['wf_native="${wf_tag:-}"'];
  const whole = `wf_native="\${${id.variable}:-}"`;
  return id.cutAt === undefined ? [whole] : [whole, `wf_native=\${wf_native%%${shellQuote(id.cutAt)}*}`];
}

function numberIn(variable: string | undefined): string {
  return variable === undefined ? '0' : `"\${${variable}:-0}"`;
}

async function probe(settings: TemplateSettings, ask: Ask): Promise<Probe> {
  const { probe: command, account: second, lookUp, reconnect } = settings;
  const hasAccounting = second !== undefined;
  const result = await ask(probeLine(command));
  const program = programOf(command);
  if (result.exitCode !== 0) return { reachable: false, summary: whyNot(program, result), hasAccounting };
  const [version = ''] = result.stdout.trim().split(/\s*\n/);
  const lacks = [
    ...(hasAccounting ? [] : ['no accounting: ends are known by listing and marks only']),
    ...(lookUp ? [] : ['no look-up: a submit in doubt that leaves no claim ends Lost']),
    ...(reconnect ? [] : ['no reconnect: its jobs end Lost when the daemon is restarted']),
  ];
  const summary = [version === '' ? `${program} answers` : version, ...lacks].join('; ');
  return { reachable: true, summary, hasAccounting };
}

async function submit(settings: TemplateSettings, request: SubmitRequest, ask: Ask): Promise<SubmitReply> {
  const { submit: template, job } = settings;
  const reason =
    request.elements > 1 && job.index === undefined
      ? "the site's configuration does not say how this scheduler takes arrays of jobs (job.index)"
      : whyNotInInput(template, submitValues(request));
  if (reason !== undefined) return { kind: 'rejected', reason };
  const result = await ask(submitLine(template, request));
  return readSubmitReply(settings, programOf(template.command), request.tag, result);
}
