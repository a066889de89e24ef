/**
 * `wfd`: the daemon in the foreground. The only place that chooses: configuration → store → backends →
 * loop → API → signals.
 */
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Accounts, createAccounts } from './accounts/accounts.ts';
import { type Access, accessInSystemMode, accessInUserMode } from './api/access.ts';
import { createAuditLog } from './api/audit-log.ts';
import { type Api, createApi, type ListenOn } from './api/server.ts';
import { createCare } from './care/care.ts';
import { helpText, readCommandLine } from './command-line.ts';
import { type Config, type ConfigOptions, mistakeText, realSources } from './config/config.ts';
import { type OpenedConfig, type OpenedConfigResult, openConfig } from './config/open-config.ts';
import { createDoor } from './door.ts';
import { Driver } from './driver.ts';
import { engineParts, processOwner } from './engine-parts.ts';
import { watchHandover } from './lifecycle/handover.ts';
import { type Notifier, takeNotifier } from './lifecycle/notify.ts';
import { createReload } from './lifecycle/reload.ts';
import { isDrained, stopDaemon } from './lifecycle/stop-daemon.ts';
import { complain, createLog, isJournal, type Logger } from './log.ts';
import { createLoop, type Loop } from './loop.ts';
import { ERRORS } from './protocol/errors.ts';
import { VERSION } from './protocol/version.ts';
import { inspectInThread } from './store/inspector.ts';
import { type OpenedStore, openStore } from './store/open-store.ts';

/** Asked at once: the variable is taken out of the environment that children get. */
const underJournal = isJournal(process.env['JOURNAL_STREAM'], fstatSync(2));

main().catch((error: unknown) => {
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error), underJournal);
  process.exit(ERRORS.INTERNAL.exitCode);
});

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  // Whatever is written: files of the daemon are its user's alone, whatever the shell it was started from.
  process.umask(0o077);
  const read = () => openConfig(realSources(options, process.env));
  const loaded = await read();
  if (!loaded.ok) return fail(loaded.mistakes.map(mistakeText).join('\n'));
  const { config } = loaded;
  if (config.isSystem && process.geteuid?.() !== 0)
    return fail('--system needs root, who acts for every user; your own daemon needs no such option');
  const listenOn = passedSocket() ?? {
    kind: 'path',
    path: config.socket,
    // Everybody may come; the kernel says who it is.
    ...(config.isSystem && { mode: 0o666 }),
  };
  const log = createLog(config.logLevel, underJournal);
  const notifier = takeNotifier(process.env, process.pid);
  const state = await openState(loaded.config, log);
  if (state !== undefined) await serve({ opened: loaded, state, listenOn, log, notifier, read });
}

function readOptions(): ConfigOptions | undefined {
  try {
    const { version, help, ...options } = readCommandLine(process.argv.slice(2));
    if (!version && !help) return options;
    process.stdout.write(help ? helpText() : `wfd ${VERSION}\n`);
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\nwfd --help lists the options`);
  }
  return undefined;
}

/** A mistake of whoever started us: said once, plainly, on stderr. */
function fail(message: string): undefined {
  complain(message, underJournal);
  process.exitCode = ERRORS.USAGE.exitCode;
}

/** systemd's socket, where it made one for this very process (sd_listen_fds(3)). */
function passedSocket(): ListenOn | undefined {
  const isOurs = process.env['LISTEN_PID'] === String(process.pid) && Number(process.env['LISTEN_FDS']) >= 1;
  return isOurs ? { kind: 'descriptor', fd: 3 } : undefined;
}

type OpenState = Extract<OpenedStore, { readonly ok: true }>;

const MIGRATIONS = join(__dirname, 'migrations');

async function openState(config: Config, log: Logger): Promise<OpenState | undefined> {
  for (;;) {
    const opened = await openStore({
      directory: config.stateDir,
      migrationsFolder: MIGRATIONS,
      workerPath: join(__dirname, 'store-worker.cjs'),
      host: hostname(),
      journal: config.journal,
      leaseMs: config.leaseMs,
      onLost: (reason) => {
        log.fatal({ reason }, 'the state has been taken over by another daemon; this one ends');
        process.exit(ERRORS.INTERNAL.exitCode);
      },
    });
    if (opened.ok) return opened;
    if (opened.error.kind !== 'noSpace') return fail(opened.error.message);
    // It may pass; ending would only be a restart in a loop (SEMANTICS 6, our own troubles).
    log.error({}, `${opened.error.message} It is tried again every ${NO_SPACE_RETRY_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, NO_SPACE_RETRY_MS));
  }
}

const NO_SPACE_RETRY_MS = 10_000;

interface Start {
  readonly opened: OpenedConfig;
  readonly state: OpenState;
  readonly listenOn: ListenOn;
  readonly log: Logger;
  readonly notifier: Notifier;
  /** The configuration once more, from the same places. */
  readonly read: () => Promise<OpenedConfigResult>;
}

async function serve({ opened, state, listenOn, log, notifier, read }: Start): Promise<void> {
  const { config } = opened;
  const { store, care: storeCare } = state;
  const reload = createReload({ opened, read, log, notifier });
  const accounts = createAccounts();
  const parts = {
    ...engineParts(opened, store, log),
    ...(config.isSystem && { goneOwners: accounts.goneAmong }),
  };
  const loop = await createLoop(parts);
  const care = createCare({
    store: storeCare,
    files: parts.files,
    inspect: inspectInThread(join(__dirname, 'store-inspector.cjs'), MIGRATIONS),
    stateDir: config.stateDir,
    settings: config.care,
    clock: parts.clock,
    log,
  });
  const startedAtMs = Date.now();
  let leave: (why: string) => void = () => undefined;
  const driver = new Driver(loop, {
    onTick: () => {
      notifier.alive();
      if (isDrained(loop, startedAtMs)) leave('drained, and no job is left');
    },
    onCrash: (error) => {
      log.fatal(
        { err: error },
        'the loop has failed; the daemon ends, and the next start takes everything up again',
      );
      process.exit(ERRORS.INTERNAL.exitCode);
    },
  });
  if (notifier.watchdogMs !== undefined) setInterval(() => driver.wake(), notifier.watchdogMs).unref();
  const owner = processOwner();
  const api: Api = await createApi({
    engine: createDoor(loop),
    store,
    care,
    identity: { version: VERSION, host: hostname(), pid: process.pid, uid: owner.uid, startedAtMs },
    access: accessTo(config, accounts, log),
    reload,
    logError: (error, where) => log.error({ err: error, where }, 'a request failed by a bug of ours'),
  });
  const socket = await listen(api, listenOn);
  if (socket === undefined) {
    await driver.stop();
    return store.close();
  }
  // At a terminal it says that the terminal has gone, and the daemon goes with it (signal(7)).
  if (!process.stderr.isTTY) process.on('SIGHUP', () => void reload());
  log.info(
    { version: VERSION, pid: process.pid, state: config.stateDir, socket, runs: loop.set.runs.size },
    'ready',
  );
  notifier.ready();
  loop.asker.probeAll();
  driver.wake();
  care.start();
  leave = stopDaemon({ config, loop, driver, api, store, care, log, notifier });
  if (!config.isSystem) {
    const isUnit = listenOn.kind === 'descriptor';
    const obstacle = () => jobsOfThisHost(loop);
    watchHandover({ stateDir: config.stateDir, host: hostname(), pid: process.pid, isUnit, obstacle, leave });
  }
}

function accessTo(config: Config, accounts: Accounts, log: Logger): Access {
  if (!config.isSystem) return accessInUserMode(processOwner());
  const audit = createAuditLog(join(config.stateDir, 'audit.log'), (error) =>
    log.error({ err: error }, 'the audit log cannot be written'),
  );
  return accessInSystemMode(accounts, () => config.access, audit);
}

/** No other host can see them: it would take them for lost. */
function jobsOfThisHost({ set }: Loop): string | undefined {
  const count = [...set.activeAttempts()].filter(
    ({ attempt }) => set.backend(attempt.backend)?.kind === 'local',
  ).length;
  return count === 0 ? undefined : `jobs of a local backend have not ended there (${count})`;
}

async function listen(api: Api, on: ListenOn): Promise<string | undefined> {
  try {
    await api.listen(on);
    return on.kind === 'path' ? on.path : 'from systemd';
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
