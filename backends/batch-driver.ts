/**
 * Makes a Backend of a small record of facts about a batch scheduler: it runs the commands with the owner's
 * rights, a time limit each and a bound on how many run at once, and cuts long lists of ids into pieces.
 * It holds nothing about jobs and decides nothing about them.
 */
import type {
  AbortManner,
  AbortReply,
  AccountingQuery,
  Backend,
  EndKind,
  JobObservation,
  NativeId,
  Owner,
  Probe,
  Snapshot,
  SubmitReply,
  SubmitRequest,
} from './backend.ts';
import { type CommandLine, type CommandResult, ownerEnvironment, runCommand } from './run-command.ts';

/** An adapter: command lines and parsers, all of them pure. */
export interface BatchScheduler {
  readonly kind: string;
  /** Shell lines for the wrapper (Backend.identity). */
  readonly identity: string;
  /** Names of variables by which the scheduler's commands find it; passed on from our own environment. */
  readonly environmentNames: readonly string[];
  /** For commands whose output is parsed; never for a submit, whose environment travels into the job. */
  readonly parseEnvironment: Readonly<Record<string, string>>;
  /** Run at once, as ourselves; `readProbe` gets the results in the same order. */
  readonly probeCommands: readonly CommandLine[];
  readProbe(results: readonly CommandResult[]): Probe;
  /** A reason where the request itself cannot be put to this scheduler. */
  submitCommand(request: SubmitRequest): CommandLine | { readonly refused: string };
  readSubmitReply(result: CommandResult): SubmitReply;
  observeCommand(owner: Owner): CommandLine;
  readObservations(result: CommandResult): Snapshot;
  /** At most `IDS_PER_COMMAND` ids and tags together, never none. Empty: there is no second source. */
  accountCommands(query: AccountingQuery, nowMs: number): readonly CommandLine[];
  readAccounting(result: CommandResult): Snapshot;
  abortCommand(nativeIds: readonly NativeId[], manner: AbortManner): CommandLine;
  readAbortReply(result: CommandResult): AbortReply;
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

type CommandKind = 'probe' | 'submit' | 'observe' | 'account' | 'abort';

export interface BatchBackend extends Backend {
  /** How many commands of each kind have been started; for metrics. */
  readonly commandCounts: Readonly<Record<CommandKind, number>>;
}

/** One argument may be 128 KiB; schedulers answer a thousand ids in well under a second. */
const IDS_PER_COMMAND = 1_000;
const QUERIES_AT_ONCE = 4;
const ABORTS_AT_ONCE = 2;
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

export function createBatchBackend(
  name: string,
  scheduler: BatchScheduler,
  settings: BatchSettings,
): BatchBackend {
  const { settleMs, commandTimeoutMs, pollMs, maxActive, maxSubmitting } = settings;
  const run = createRunner(scheduler, settings);
  return {
    name,
    kind: scheduler.kind,
    canReconnect: true,
    settleMs,
    commandTimeoutMs,
    maxActive,
    maxSubmitting,
    pollMs,
    identity: scheduler.identity,
    commandCounts: run.counts,
    causeInLog: (log) => scheduler.causeInLog(log),

    async probe() {
      const results = scheduler.probeCommands.map((line) => run.command('probe', line));
      return scheduler.readProbe(await Promise.all(results));
    },
    async submit(request) {
      const line = scheduler.submitCommand(request);
      if ('refused' in line) return { kind: 'rejected', reason: line.refused };
      return scheduler.readSubmitReply(await run.command('submit', line, request.owner, request.umask));
    },
    async observe(owner) {
      const line = scheduler.observeCommand(owner);
      return scheduler.readObservations(await run.command('observe', line, owner));
    },
    async account(query) {
      const lines = pieces(query).flatMap((piece) => scheduler.accountCommands(piece, Date.now()));
      const answers = lines.map(async (line) =>
        scheduler.readAccounting(await run.command('account', line, query.owner)),
      );
      return together(await Promise.all(answers));
    },
    async abort(owner, nativeIds, manner) {
      const replies = chunks(nativeIds).map(async (ids) =>
        scheduler.readAbortReply(await run.command('abort', scheduler.abortCommand(ids, manner), owner)),
      );
      return allSent(await Promise.all(replies));
    },
  };
}

interface Runner {
  readonly counts: Readonly<Record<CommandKind, number>>;
  command(kind: CommandKind, line: CommandLine, owner?: Owner, umask?: number): Promise<CommandResult>;
}

function createRunner(scheduler: BatchScheduler, settings: BatchSettings): Runner {
  const counts: Record<CommandKind, number> = { probe: 0, submit: 0, observe: 0, account: 0, abort: 0 };
  const queries = createLimit(QUERIES_AT_ONCE);
  const limits: Record<CommandKind, Limit> = {
    probe: createLimit(scheduler.probeCommands.length),
    submit: createLimit(settings.maxSubmitting),
    observe: queries,
    account: queries,
    abort: createLimit(ABORTS_AT_ONCE),
  };
  const path = process.env['PATH'] ?? DEFAULT_PATH;
  const site = { ...inherited(scheduler.environmentNames), ...settings.env };
  return {
    counts,
    command: (kind, line, owner, umask) =>
      limits[kind](() => {
        counts[kind] += 1;
        const extra = kind === 'submit' ? site : { ...site, ...scheduler.parseEnvironment };
        return runCommand({
          ...line,
          env: ownerEnvironment(owner, path, extra),
          timeoutMs: settings.commandTimeoutMs,
          ...(owner === undefined ? {} : { owner }),
          ...(umask === undefined ? {} : { umask }),
        });
      }),
  };
}

/** Ids and tags in questions of a size every scheduler's command line takes. */
function pieces(query: AccountingQuery): readonly AccountingQuery[] {
  return [
    ...chunks(query.nativeIds).map((nativeIds) => ({ ...query, nativeIds, tags: [] })),
    ...chunks(query.tags).map((tags) => ({ ...query, nativeIds: [], tags })),
  ];
}

/** One piece that did not answer makes the whole unknown: absence from half an answer proves nothing. */
function together(snapshots: readonly Snapshot[]): Snapshot {
  const jobs: JobObservation[] = [];
  for (const snapshot of snapshots) {
    if (snapshot.kind === 'unavailable') return snapshot;
    jobs.push(...snapshot.jobs);
  }
  return { kind: 'complete', jobs };
}

function allSent(replies: readonly AbortReply[]): AbortReply {
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
