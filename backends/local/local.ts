/**
 * Jobs as processes of this machine, for work without a scheduler.
 *
 * Processes outlive the daemon and are found again by what lies on disk (records.ts). CPUs and memory of the
 * machine bound how many run; what does not fit waits, and is started by whichever daemon looks next. The
 * memory a job asked for is counted, not enforced; its time limit is (launcher.ts). Only the daemon's own
 * user can have jobs here.
 */
import { availableParallelism, homedir, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import type {
  AbortManner,
  AccountingQuery,
  Backend,
  JobObservation,
  NativeId,
  Owner,
  Probe,
  RequestReply,
  Snapshot,
  SubmitReply,
  SubmitRequest,
} from '../backend.ts';
import { NO_COMMANDS } from '../command-meter.ts';
import { type Size, sizeOf, whatFits, whyNever, whyTooLarge } from './capacity.ts';
import { type ElementState, elementState } from './element-state.ts';
import { endElement } from './end-element.ts';
import { launch } from './launcher.ts';
import {
  archive,
  createRecord,
  elementDirectory,
  findRecord,
  type LocalRecord,
  listActive,
  nativeIdOf,
  removeBefore,
  splitNativeId,
} from './records.ts';

export interface LocalSettings {
  /** Records of local jobs lie below, by host name: processes belong to one machine. */
  readonly stateDir: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** From TERM to KILL, at an abort and at the time limit. */
  readonly graceSeconds: number;
  /** How long an ended job is still listed; after that only accounting knows it. */
  readonly listEndedMs: number;
  /** How long accounting knows an ended job. */
  readonly keepMs: number;
  readonly pollMs: number;
  readonly settleMs: number;
  readonly commandTimeoutMs: number;
  readonly maxActive: number;
  readonly maxSubmitting: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const LOOK_AGAIN_MS = 50;

const DEFAULTS = {
  graceSeconds: 10,
  listEndedMs: 10_000,
  keepMs: 7 * DAY_MS,
  pollMs: 1000,
  settleMs: 2000,
  // A submit is a few files and a fork by the daemon itself: it does not outlive the daemon.
  commandTimeoutMs: 2_000,
  maxActive: 1000,
  maxSubmitting: 4,
} as const satisfies Partial<LocalSettings>;

export function createLocal(name: string, given: Partial<LocalSettings>): Backend {
  const settings: LocalSettings = {
    ...DEFAULTS,
    stateDir: join(homedir(), '.local/state/wfd/local'),
    cpus: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / 1024 ** 2),
    ...given,
  };
  const machine: Machine = {
    settings,
    root: join(settings.stateDir, hostname()),
    started: new Map(),
    nextPruneMs: 0,
    nextLook: undefined,
  };
  return {
    name,
    kind: 'local',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    settleMs: settings.settleMs,
    commandTimeoutMs: settings.commandTimeoutMs,
    maxActive: settings.maxActive,
    maxSubmitting: settings.maxSubmitting,
    pollMs: settings.pollMs,
    preamble: () => 'wf_native=$WFD_LOCAL_ID wf_count=0 wf_index=$WFD_LOCAL_INDEX',
    check: (resources) => whyNever(settings, resources),
    commandUse: () => NO_COMMANDS,
    probe: async () => probe(machine),
    submit: (request) => submit(machine, request),
    observe: (owner) => snapshot(() => observe(machine, owner)),
    account: (query) => snapshot(() => account(machine, query)),
    abort: (owner, nativeIds, manner) => abort(machine, owner, nativeIds, manner),
    causeInLog: () => undefined,
  };
}

interface Machine {
  readonly settings: LocalSettings;
  readonly root: string;
  /** Launchers this process has started and not seen end: they may not have written anything yet. */
  readonly started: Map<NativeId, Size>;
  nextPruneMs: number;
  nextLook: NodeJS.Timeout | undefined;
}

interface Element {
  readonly record: LocalRecord;
  readonly index: number;
  readonly nativeId: NativeId;
  readonly state: ElementState;
}

function probe({ settings, root }: Machine): Probe {
  const summary = `processes of ${hostname()}: ${settings.cpus} CPUs, ${settings.memoryMiB} MiB; records in ${root}`;
  return { reachable: true, summary, hasAccounting: true };
}

async function submit(machine: Machine, request: SubmitRequest): Promise<SubmitReply> {
  const reason = whyNotFor(request.owner) ?? whyNever(machine.settings, request.resources);
  if (reason !== undefined) return { kind: 'rejected', reason };
  const { resources, priority = 0, script, log, workdir, umask, elements, tag } = request;
  const { timeSeconds } = resources;
  try {
    await createRecord(machine.root, tag, {
      ...sizeOf(machine.settings, resources),
      ...(timeSeconds === undefined ? {} : { timeSeconds }),
      ...{ elements, priority, script, log, workdir, umask },
      submittedAtMs: Date.now(),
    });
  } catch (error) {
    return {
      kind: 'throttled',
      reason: `cannot write the record of a local job in ${machine.root}: ${words(error)}`,
    };
  }
  await snapshot(() => observe(machine, request.owner)); // starts what fits
  return { kind: 'accepted', nativeId: tag as string as NativeId };
}

function whyNotFor(owner: Owner): string | undefined {
  if (owner.uid === process.geteuid?.()) return undefined;
  return `the local backend runs jobs only for the user of the daemon, not for ${owner.name}; use another backend`;
}

async function snapshot(look: () => Promise<readonly JobObservation[]>): Promise<Snapshot> {
  try {
    return { kind: 'complete', jobs: await look() };
  } catch (error) {
    return { kind: 'unavailable', reason: `cannot read the records of local jobs: ${words(error)}` };
  }
}

async function observe(machine: Machine, owner: Owner): Promise<readonly JobObservation[]> {
  const records = await listActive(machine.root);
  const elements = (await Promise.all(records.map(elementsOf))).flat();
  startWhatFits(machine, owner, elements);
  await tidy(machine, records, elements);
  return elements.map((element) => observation(machine.settings, element));
}

async function elementsOf(record: LocalRecord): Promise<readonly Element[]> {
  const indices = Array.from({ length: record.request.elements }, (_, index) => index);
  return Promise.all(
    indices.map(async (index) => ({
      record,
      index,
      nativeId: nativeIdOf(record, index),
      state: await elementState(elementDirectory(record, index)),
    })),
  );
}

/** Synchronous, so that two looks at once cannot give the same CPUs away twice. */
function startWhatFits(machine: Machine, owner: Owner, elements: readonly Element[]): void {
  const { settings, started } = machine;
  const others = elements.filter(({ nativeId }) => !started.has(nativeId));
  const running = others.filter(({ state }) => state.kind === 'running').map(({ record }) => record.request);
  const waiting = others
    .filter(({ state }) => state.kind === 'queued')
    .map((element) => ({ ...element.record.request, element }));
  for (const { element } of whatFits(settings, [...running, ...started.values()], waiting))
    start(machine, owner, element);
}

function start(machine: Machine, owner: Owner, { record, index, nativeId }: Element): void {
  const { graceSeconds } = machine.settings;
  const job = {
    ...record.request,
    record: elementDirectory(record, index),
    nativeId,
    index,
    owner,
    graceSeconds,
  };
  machine.started.set(nativeId, record.request);
  launch(job, (ended) => {
    machine.started.delete(nativeId);
    if (ended) lookSoon(machine, owner);
  });
}

/** The next job need not wait for the next listing; many that end together make one look. */
function lookSoon(machine: Machine, owner: Owner): void {
  machine.nextLook ??= setTimeout(() => {
    machine.nextLook = undefined;
    void snapshot(() => observe(machine, owner));
  }, LOOK_AGAIN_MS).unref();
}

/** Ended jobs leave the listing after a while, and at last the disk. */
async function tidy(
  machine: Machine,
  records: readonly LocalRecord[],
  elements: readonly Element[],
): Promise<void> {
  const { listEndedMs, keepMs } = machine.settings;
  const nowMs = Date.now();
  const listed = new Set(
    elements
      .filter(({ state }) => state.kind !== 'ended' || nowMs - state.atMs < listEndedMs)
      .map(({ record }) => record),
  );
  for (const record of records) if (!listed.has(record)) await archive(machine.root, record);
  if (nowMs < machine.nextPruneMs) return;
  machine.nextPruneMs = nowMs + HOUR_MS;
  await removeBefore(machine.root, nowMs - keepMs);
}

function observation(settings: LocalSettings, { record, index, nativeId, state }: Element): JobObservation {
  const base = { tag: record.tag, index, nativeId, runCount: 0, state: state.kind };
  switch (state.kind) {
    case 'queued': {
      const reason = whyTooLarge(settings, record.request);
      if (reason === undefined) return { ...base, backendStatus: 'QUEUED (waits for free CPUs or memory)' };
      const blocked = {
        reason: 'TooLarge',
        plain: `${reason}: the settings of the backend have changed`,
        forever: true,
      };
      return { ...base, backendStatus: 'QUEUED (TooLarge)', blocked };
    }
    case 'running':
      return { ...base, backendStatus: state.group ? `RUNNING (pid ${state.group.pid})` : 'STARTING' };
    case 'ended':
      return { ...base, backendStatus: `ENDED (${state.end.kind})`, end: state.end };
  }
  return state satisfies never;
}

async function account(machine: Machine, query: AccountingQuery): Promise<readonly JobObservation[]> {
  const tags = new Set(query.jobs.map(({ tag }) => tag));
  const found = await Promise.all([...tags].map((tag) => findRecord(machine.root, tag)));
  const elements = await Promise.all(found.map((record) => (record === undefined ? [] : elementsOf(record))));
  return elements.flat().map((element) => observation(machine.settings, element));
}

async function abort(
  machine: Machine,
  owner: Owner,
  nativeIds: readonly NativeId[],
  manner: AbortManner,
): Promise<RequestReply> {
  try {
    for (const nativeId of nativeIds) await endOne(machine, nativeId, manner);
    await observe(machine, owner); // what waits may have room now
    return { kind: 'sent' };
  } catch (error) {
    return { kind: 'failed', reason: `cannot end local jobs: ${words(error)}` };
  }
}

async function endOne({ root, settings }: Machine, nativeId: NativeId, manner: AbortManner): Promise<void> {
  const { tag, index } = splitNativeId(nativeId);
  const record = await findRecord(root, tag);
  if (record === undefined || index >= record.request.elements) return;
  await endElement(elementDirectory(record, index), manner, settings.graceSeconds);
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
