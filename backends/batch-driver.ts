/**
 * Makes a Backend of a small record of facts about a batch scheduler: it runs the commands with the owner's
 * rights, a time limit each and a bound on how many run at once, counts them, and cuts long lists of ids into
 * pieces. It holds nothing about jobs and decides nothing about them.
 */
import { whyNeverAsked } from './asked-words.ts';
import type {
  AbortManner,
  AccountingQuery,
  Backend,
  Capabilities,
  CommandPurpose,
  EndKind,
  JobObservation,
  KnownJob,
  NativeId,
  Owner,
  Probe,
  RequestReply,
  Resources,
  ScriptHead,
  Snapshot,
  SubmitReply,
  SubmitRequest,
} from './backend.ts';
import { CommandMeter } from './command-meter.ts';
import { type CommandLine, type CommandResult, ownerEnvironment, runCommand } from './run-command.ts';

/** Runs one command for the owner the question is about, as ourselves for a probe. Never throws. */
export type Ask = (line: CommandLine) => Promise<CommandResult>;

/**
 * An adapter: which commands to run, and what their answers mean. Command lines and parsers are pure functions;
 * what stands here only joins them, since one answer may lead to the next question.
 */
export interface BatchScheduler {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** Variables by which the scheduler's commands find it; passed on from our own environment. */
  readonly environmentNames: readonly string[];
  /** For commands whose output is parsed; never for a submit, whose environment may travel into the job. */
  readonly parseEnvironment: Readonly<Record<string, string>>;
  preamble(script: ScriptHead): string;
  check(resources: Resources): string | undefined;
  probe(ask: Ask): Promise<Probe>;
  submit(request: SubmitRequest, ask: Ask): Promise<SubmitReply>;
  observe(owner: Owner, known: readonly KnownJob[], ask: Ask): Promise<Snapshot>;
  /** At most `IDS_PER_COMMAND` jobs, never none. Nothing found: `complete` with no jobs. */
  account(query: AccountingQuery, ask: Ask): Promise<Snapshot>;
  /** At most `IDS_PER_COMMAND` ids, never none. */
  abort(nativeIds: readonly NativeId[], manner: AbortManner, ask: Ask, owner: Owner): Promise<RequestReply>;
  unblock?(nativeIds: readonly NativeId[], ask: Ask): Promise<RequestReply>;
  causeInLog(log: string): EndKind | undefined;
}

/** What a site may set for any batch scheduler. */
export interface BatchSettings {
  readonly settleMs: number;
  readonly commandTimeoutMs: number;
  readonly pollMs: number;
  readonly maxActive: number;
  readonly maxSubmitting: number;
  /** Added to the environment of every command, and so of every job: `SLURM_CONF`, or a PATH where the commands lie. */
  readonly env: Readonly<Record<string, string>>;
}

/** One argument may be 128 KiB; schedulers answer a thousand ids in well under a second. */
const IDS_PER_COMMAND = 1_000;
const QUERIES_AT_ONCE = 4;
const REQUESTS_AT_ONCE = 2;
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

export function createBatchBackend(
  name: string,
  scheduler: BatchScheduler,
  settings: BatchSettings,
): Backend {
  const { settleMs, commandTimeoutMs, pollMs, maxActive, maxSubmitting } = settings;
  const meter = new CommandMeter();
  const asker = createAsker(scheduler, settings, meter);
  const { unblock } = scheduler;
  const check = (resources: Resources) => whyNeverAsked(resources) ?? scheduler.check(resources);
  return {
    name,
    kind: scheduler.kind,
    capabilities: scheduler.capabilities,
    settleMs,
    commandTimeoutMs,
    maxActive,
    maxSubmitting,
    pollMs,
    preamble: (script) => scheduler.preamble(script),
    check,
    commandUse: () => meter.use(),
    causeInLog: (log) => scheduler.causeInLog(log),
    probe: () => scheduler.probe(asker('probe')),

    async submit(request) {
      const reason = tooMany(scheduler, request) ?? check(request.resources);
      if (reason !== undefined) return { kind: 'rejected', reason };
      return scheduler.submit(request, asker('submit', request.owner, request.umask));
    },
    observe: (owner, known) => scheduler.observe(owner, known, asker('observe', owner)),
    async account(query) {
      const ask = asker('account', query.owner);
      const answers = chunks(query.jobs).map((jobs) => scheduler.account({ ...query, jobs }, ask));
      return together(await Promise.all(answers));
    },
    async abort(owner, nativeIds, manner) {
      const ask = asker('abort', owner);
      const replies = chunks(nativeIds).map((ids) => scheduler.abort(ids, manner, ask, owner));
      return allSent(await Promise.all(replies));
    },
    ...(unblock && {
      async unblock(owner: Owner, nativeIds: readonly NativeId[]) {
        const ask = asker('unblock', owner);
        return allSent(await Promise.all(chunks(nativeIds).map((ids) => unblock(ids, ask))));
      },
    }),
  };
}

function createAsker(scheduler: BatchScheduler, settings: BatchSettings, meter: CommandMeter) {
  const queries = createLimit(QUERIES_AT_ONCE);
  const requests = createLimit(REQUESTS_AT_ONCE);
  const limits: Record<CommandPurpose, Limit> = {
    probe: createLimit(QUERIES_AT_ONCE),
    submit: createLimit(settings.maxSubmitting),
    observe: queries,
    account: queries,
    abort: requests,
    unblock: requests,
  };
  const path = process.env['PATH'] ?? DEFAULT_PATH;
  const site = { ...inherited(scheduler.environmentNames), ...settings.env };
  return (purpose: CommandPurpose, owner?: Owner, umask?: number): Ask =>
    (line) =>
      limits[purpose](() => {
        meter.count(purpose);
        const extra = purpose === 'submit' ? site : { ...site, ...scheduler.parseEnvironment };
        return runCommand({
          ...line,
          env: ownerEnvironment(owner, path, extra),
          timeoutMs: settings.commandTimeoutMs,
          ...(owner === undefined ? {} : { owner }),
          ...(umask === undefined ? {} : { umask }),
        });
      });
}

function tooMany({ kind, capabilities }: BatchScheduler, { elements }: SubmitRequest): string | undefined {
  if (elements === 1 || capabilities.arrays) return undefined;
  return `a ${kind} submission carries one job, not ${elements}: this backend has no arrays`;
}

/** One piece that did not answer makes the whole unknown: absence from half an answer proves nothing. */
export function together(snapshots: readonly Snapshot[]): Snapshot {
  const jobs: JobObservation[] = [];
  for (const snapshot of snapshots) {
    if (snapshot.kind === 'unavailable') return snapshot;
    jobs.push(...snapshot.jobs);
  }
  return { kind: 'complete', jobs };
}

/** One request that failed makes the whole `failed`: it is repeated, which harms nobody. */
export function allSent(replies: readonly RequestReply[]): RequestReply {
  return replies.find((reply) => reply.kind === 'failed') ?? { kind: 'sent' };
}

function chunks<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / IDS_PER_COMMAND);
  return Array.from({ length: count }, (_, i) => items.slice(i * IDS_PER_COMMAND, (i + 1) * IDS_PER_COMMAND));
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** At most `atOnce` pieces of work at a time, the rest in the order they came. */
function createLimit(atOnce: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atOnce) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A place is handed on rather than freed, so that nobody can slip in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
