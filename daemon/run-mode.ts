/**
 * `wfctl run`: one run in the foreground with no service (SEMANTICS 8). The same engine, with a private
 * store in the run's own directory; whatever kills it, `wfctl run --resume DIR` goes on.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { presentRunWithCalls } from './api/present.ts';
import { type Config, mistakeText, realSources } from './config/config.ts';
import { openConfig } from './config/open-config.ts';
import { Driver } from './driver.ts';
import { hasEnded, type Run } from './engine/model.ts';
import { engineParts, processOwner } from './engine-parts.ts';
import type { LoopLog } from './loop/parts.ts';
import { runFileName } from './loop/wishes.ts';
import { createLoop, type Loop } from './loop.ts';
import { ERRORS } from './protocol/errors.ts';
import type { Environment } from './protocol/paths.ts';
import { openStore } from './store/open-store.ts';
import type { EventRecord, Store } from './store/store.ts';
import type { FailureMode, WorkflowBundle } from './workflow/language.ts';

interface CommonOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly json: boolean;
  readonly onSignal?: 'abort' | 'detach';
}

export type RunOptions = CommonOptions &
  (
    | {
        readonly kind: 'new';
        readonly bundle: WorkflowBundle;
        readonly labels: Readonly<Record<string, string>>;
        readonly backend?: string;
        readonly failureMode?: FailureMode;
        readonly name?: string;
      }
    | { readonly kind: 'resume'; readonly directory: string }
  );

/** Answers the exit code: by the run's end, or by what kept it from starting. */
export async function runInForeground(options: RunOptions): Promise<number> {
  const loaded = await openConfig(realSources({}, options.env));
  if (!loaded.ok) return fail('USAGE', loaded.mistakes.map(mistakeText).join('\n'));
  const directory = directoryOf(options, loaded.config);
  if (options.kind === 'resume' && !existsSync(stateDirectory(directory))) {
    return fail(
      'USAGE',
      `${directory} is not the directory of a run made by wfctl run: ${stateDirectory(directory)} is missing`,
    );
  }
  const opened = await openPrivateStore(directory, loaded.config);
  if (typeof opened === 'string') return fail('USAGE', opened);
  const config: Config = { ...loaded.config, stateDir: stateDirectory(directory) };
  const loop = await createLoop(engineParts({ ...loaded, config }, opened, quietLog));
  const session = new Session(loop, opened, options, directory);
  const exitCode = await session.run(options.onSignal ?? config.runOnSignal);
  await opened.close();
  // A workflow that was refused leaves nothing behind.
  if (options.kind === 'new' && !session.hasRun) rmSync(directory, { recursive: true });
  return exitCode;
}

function directoryOf(options: RunOptions, config: Config): string {
  if (options.kind === 'resume') return resolve(options.cwd, options.directory);
  const parent = config.runsDir ?? join(options.cwd, 'wf-runs');
  const name = runFileName(options.name ?? parse(options.bundle.fileName).name);
  return join(parent, `${name}-1-${randomUUID().slice(0, 8)}`);
}

function stateDirectory(runDirectory: string): string {
  return join(runDirectory, '.wfd', 'state');
}

async function openPrivateStore(directory: string, config: Config): Promise<Store | string> {
  try {
    mkdirSync(stateDirectory(directory), { recursive: true });
  } catch (error) {
    return `cannot make the run's directory: ${error instanceof Error ? error.message : String(error)}; run it where you may write, or set runs.dir`;
  }
  const opened = await openStore({
    directory: stateDirectory(directory),
    migrationsFolder: join(__dirname, 'migrations'),
    workerPath: join(__dirname, 'store-worker.cjs'),
    host: hostname(),
    journal: config.journal,
    leaseMs: config.leaseMs,
    onLost: (reason) => process.exit(fail('INTERNAL', reason)),
  });
  return opened.ok ? opened.store : opened.error.message;
}

/** One run from its submit, or its resumption, to its end or a detach. */
class Session {
  private readonly loop: Loop;
  private readonly store: Store;
  private readonly options: RunOptions;
  private readonly directory: string;
  /** Something was submitted, or taken up again. */
  hasRun = false;
  private lastSeq = 0;

  constructor(loop: Loop, store: Store, options: RunOptions, directory: string) {
    this.loop = loop;
    this.store = store;
    this.options = options;
    this.directory = directory;
  }

  async run(onSignal: 'abort' | 'detach'): Promise<number> {
    const driver = new Driver(this.loop, {
      onTick: () => undefined,
      onCrash: (error) =>
        process.exit(fail('INTERNAL', `the engine failed: ${String(error)}; ${this.resumeHint()}`)),
    });
    driver.wake();
    const runId = await this.takeUp();
    if (typeof runId === 'string') {
      await driver.stop();
      return fail('INVALID_WORKFLOW', runId);
    }
    this.hasRun = true;
    const left = this.watchSignals(runId, onSignal);
    const stopPrinting = this.loop.onEvents(() => void this.printEvents());
    const end = await Promise.race([this.untilEnded(runId), left]);
    stopPrinting();
    await this.finishCommands();
    await driver.stop();
    await this.printEvents();
    if (end !== 'detached') return this.report(end);
    process.stderr.write(`wfctl: detached; the jobs go on. ${this.resumeHint()}\n`);
    return 0;
  }

  private async takeUp(): Promise<number | string> {
    const { options, loop } = this;
    if (options.kind === 'resume') return this.resumable();
    const { bundle, labels, backend, failureMode, name } = options;
    const answer = await loop.desk.submit({
      bundle,
      labels,
      owner: processOwner(),
      umask: process.umask(),
      submitDir: options.cwd,
      directory: this.directory,
      hold: false,
      ...(backend !== undefined && { backend }),
      ...(failureMode !== undefined && { failureMode }),
      ...(name !== undefined && { name }),
    });
    if (answer.ok) return answer.value.run.id;
    return [answer.error.message, ...(answer.error.details ?? [])].join('\n');
  }

  private async resumable(): Promise<number | string> {
    const [newest] = await this.store.listRuns({ limit: 1 });
    if (newest === undefined) return `no run was ever started in ${this.directory}`;
    return newest.run.id;
  }

  /** Ctrl-C: abort and wait, the second one forces; or leave the jobs to the scheduler. */
  private watchSignals(runId: number, onSignal: 'abort' | 'detach'): Promise<'detached'> {
    return new Promise((resolveLeft) => {
      let times = 0;
      const take = () => {
        times += 1;
        if (onSignal === 'detach') return resolveLeft('detached');
        const force = times > 1;
        const next = force ? 'forced abort' : 'aborting: waiting for the jobs to end; once more forces it';
        process.stderr.write(`\nwfctl: ${next}\n`);
        void this.loop.desk.abort({ runId, by: processOwner().name, force, reason: 'interrupted' });
      };
      process.on('SIGINT', take);
      process.on('SIGTERM', take);
    });
  }

  private async untilEnded(runId: number): Promise<Run> {
    for (;;) {
      const found = await this.store.findRun(runId);
      if (found !== undefined && hasEnded(found.run) && !this.loop.set.runs.has(runId)) return found.run;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  private async finishCommands(): Promise<void> {
    this.loop.isStopping = true;
    while (this.loop.commandsUnderWay() > 0) await sleep(LOOK_AGAIN_MS);
  }

  private async printEvents(): Promise<void> {
    const events = await this.store.listEvents({ afterSeq: this.lastSeq, limit: 1_000 });
    const fresh = events.filter(({ seq }) => seq > this.lastSeq);
    for (const event of fresh) this.printEvent(event);
  }

  private printEvent(event: EventRecord): void {
    this.lastSeq = Math.max(this.lastSeq, event.seq);
    const time = new Date(event.atMs).toTimeString().slice(0, 8);
    process.stderr.write(`${time}  ${event.text}\n`);
  }

  private async report(run: Run): Promise<number> {
    if (this.options.json) {
      const [overview, calls, attempts] = await Promise.all([
        this.store.findRun(run.id),
        this.store.listCalls(run.id),
        this.store.listAttempts(run.id),
      ]);
      if (overview !== undefined)
        process.stdout.write(`${JSON.stringify(presentRunWithCalls(overview, calls, attempts))}\n`);
    } else {
      process.stdout.write(`${run.name}: ${run.status}; its files are in ${run.directory}\n`);
    }
    return run.status === 'Succeeded' ? 0 : 1;
  }

  private resumeHint(): string {
    return `To go on: wfctl run --resume ${this.directory}`;
  }
}

const LOOK_AGAIN_MS = 100;

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function fail(code: 'USAGE' | 'INVALID_WORKFLOW' | 'INTERNAL', message: string): number {
  process.stderr.write(`wfctl: ${message}\n`);
  return ERRORS[code].exitCode;
}

/** The person sees the run's events; what only an administrator needs is left out. */
const quietLog: LoopLog = {
  info: () => undefined,
  warn: (_, message) => void process.stderr.write(`wfctl: ${message}\n`),
  error: (_, message) => void process.stderr.write(`wfctl: ${message}\n`),
};
