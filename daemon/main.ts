/**
 * `wfd`: the daemon in the foreground. The only place that chooses: configuration → store → backends →
 * loop → API → signals.
 */
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Api, createApi, type ListenOn } from './api/server.ts';
import { identifyInUserMode } from './api/user-mode.ts';
import { type Config, type ConfigOptions, mistakeText, realSources } from './config/config.ts';
import { type OpenedConfig, openConfig } from './config/open-config.ts';
import { createDoor } from './door.ts';
import { Driver } from './driver.ts';
import { engineParts, processOwner } from './engine-parts.ts';
import { type Notifier, takeNotifier } from './lifecycle/notify.ts';
import { isDrained, stopDaemon } from './lifecycle/stop-daemon.ts';
import { createLog, isJournal, type Logger } from './log.ts';
import { createLoop } from './loop.ts';
import { ERRORS } from './protocol/errors.ts';
import { VERSION } from './protocol/version.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';

const HELP = `wfd ${VERSION}: runs workflows on SLURM and on this machine, exactly once

usage: wfd [--config FILE] [--state DIR] [--socket PATH]

  --config FILE   configuration (WFD_CONFIG; else ~/.config/wfd/config.yaml, /etc/wfd/config.yaml)
  --state DIR     where runs are recorded (WFD_STATE_DIR; else ~/.local/state/wfd)
  --socket PATH   where wfctl finds it (WFD_SOCKET; else $XDG_RUNTIME_DIR/wfd/wfd.sock)
  --version       the version
  --help          this text

It stays in the foreground and logs to stderr; SIGTERM stops it, and jobs go on.
example: wfd --state ~/wfd-state --socket ~/wfd-state/wfd.sock
`;

main().catch((error: unknown) => {
  process.stderr.write(`wfd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(ERRORS.INTERNAL.exitCode);
});

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  // Whatever is written: files of the daemon are its user's alone, whatever the shell it was started from.
  process.umask(0o077);
  const loaded = await openConfig(realSources(options, process.env));
  if (!loaded.ok) return fail(loaded.mistakes.map(mistakeText).join('\n'));
  const listenOn = passedSocket() ?? { kind: 'path', path: loaded.config.socket };
  const log = createLog(loaded.config.logLevel, isJournal(process.env['JOURNAL_STREAM'], fstatSync(2)));
  const notifier = takeNotifier(process.env, process.pid);
  const store = await openState(loaded.config, log);
  if (store !== undefined) await serve(loaded, store, listenOn, log, notifier);
}

function readOptions(): ConfigOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      options: { config: text, state: text, socket: text, version: flag, help: flag },
    });
    const { version, help, ...options } = values;
    if (!version && !help) return options;
    process.stdout.write(help ? HELP : `wfd ${VERSION}\n`);
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\nwfd --help lists the options`);
  }
  return undefined;
}

/** A mistake of whoever started us: said once, plainly, on stderr. */
function fail(message: string): undefined {
  process.stderr.write(`wfd: ${message}\n`);
  process.exitCode = ERRORS.USAGE.exitCode;
}

/** systemd's socket, where it made one for this very process (sd_listen_fds(3)). */
function passedSocket(): ListenOn | undefined {
  const isOurs = process.env['LISTEN_PID'] === String(process.pid) && Number(process.env['LISTEN_FDS']) >= 1;
  return isOurs ? { kind: 'descriptor', fd: 3 } : undefined;
}

async function openState(config: Config, log: Logger): Promise<Store | undefined> {
  for (;;) {
    const opened = await openStore({
      directory: config.stateDir,
      migrationsFolder: join(__dirname, 'migrations'),
      workerPath: join(__dirname, 'store-worker.cjs'),
      host: hostname(),
      journal: config.journal,
      leaseMs: config.leaseMs,
      onLost: (reason) => {
        log.fatal({ reason }, 'the state has been taken over by another daemon; this one ends');
        process.exit(ERRORS.INTERNAL.exitCode);
      },
    });
    if (opened.ok) return opened.store;
    if (opened.error.kind !== 'noSpace') return fail(opened.error.message);
    // It may pass; ending would only be a restart in a loop (SEMANTICS 6, our own troubles).
    log.error({}, `${opened.error.message} It is tried again every ${NO_SPACE_RETRY_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, NO_SPACE_RETRY_MS));
  }
}

const NO_SPACE_RETRY_MS = 10_000;

async function serve(
  opened: OpenedConfig,
  store: Store,
  listenOn: ListenOn,
  log: Logger,
  notifier: Notifier,
): Promise<void> {
  const { config } = opened;
  const loop = await createLoop(engineParts(opened, store, log));
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
    identity: { version: VERSION, host: hostname(), pid: process.pid, uid: owner.uid, startedAtMs },
    identify: identifyInUserMode(owner),
    logError: (error, where) => log.error({ err: error, where }, 'a request failed by a bug of ours'),
  });
  const socket = await listen(api, listenOn);
  if (socket === undefined) {
    await driver.stop();
    return store.close();
  }
  log.info(
    { version: VERSION, pid: process.pid, state: config.stateDir, socket, runs: loop.set.runs.size },
    'ready',
  );
  notifier.ready();
  loop.asker.probeAll();
  driver.wake();
  leave = stopDaemon({ config, loop, driver, api, store, log, notifier });
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
