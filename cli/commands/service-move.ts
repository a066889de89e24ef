/** wfctl service move: the daemon of one person goes from another login node to this one. Jobs and runs go on. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Handover, handoverFile, handoverOf } from '../../daemon/protocol/handover.ts';
import { defaultStateDir, type Environment } from '../../daemon/protocol/paths.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { DaemonElsewhere, whereItRuns } from '../elsewhere.ts';
import { type DaemonTrace, findDaemonTrace } from '../lease.ts';
import { isOurs, placesOf } from '../service/units.ts';
import { startDaemon } from '../start-daemon.ts';

/** `install`: where the daemon is a service of systemd, its units must name this host from now on. */
export async function moveHere(context: CommandContext, install: () => Promise<void>): Promise<number> {
  const { client, out, env } = context;
  const stateDir = resolve(defaultStateDir(env));
  const holder = findDaemonTrace(stateDir, Date.now());
  const running = holder?.isHere === false ? undefined : await client.probe();
  if (running !== undefined) {
    out.line(`Your daemon runs here already: ${running.host}, pid ${running.pid}.`);
    return 0;
  }
  if (holder?.isHere === false) await takeFrom(holder, stateDir, out.note);
  await startHere(context, install);
  const { host, pid } = await client.call('getDaemon');
  out.line(`Your daemon runs here now: ${host}, pid ${pid}. Jobs have gone on meanwhile.`);
  return 0;
}

/** Longer than a stop takes that waits for commands of schedulers, and longer than the lease of one that has died. */
const PATIENCE_MS = 3 * 60_000;
const LOOK_MS = 500;

async function takeFrom(holder: DaemonTrace, stateDir: string, note: (text: string) => void): Promise<void> {
  const file = handoverFile(stateDir);
  const forget = () => rmSync(file, { force: true });
  const interrupted = () => {
    forget();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    ask(file, holder);
    note(`wfctl: asked the daemon on ${holder.host} (pid ${holder.pid}) to stop; jobs go on`);
    await untilReleased(holder, stateDir);
  } finally {
    process.off('SIGINT', interrupted);
    forget();
  }
}

function ask(file: string, { host, pid, startedAt }: DaemonTrace): void {
  const handover: Handover = { host, pid, startedAt, to: hostname() };
  writeFileSync(`${file}.new`, `${JSON.stringify(handover)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

async function untilReleased(holder: DaemonTrace, stateDir: string): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = findDaemonTrace(stateDir, Date.now());
    if (now === undefined) return;
    if (now.host !== holder.host || now.startedAt !== holder.startedAt) {
      throw new CliError('WRONG_STATE', `${whereItRuns(now)}: it was started meanwhile`, TRY_AGAIN);
    }
    const refused = refusalOf(holder, stateDir);
    if (refused !== undefined)
      throw new CliError('WRONG_STATE', `${whereItRuns(now)}, and stays there: ${refused}`, WAIT);
    if (performance.now() > deadlineMs) throw notReleased(now);
    await sleep(LOOK_MS);
  }
}

function refusalOf({ host, pid, startedAt }: DaemonTrace, stateDir: string): string | undefined {
  try {
    return handoverOf(readFileSync(handoverFile(stateDir), 'utf8'), { host, pid, startedAt })?.refused;
  } catch {
    return undefined;
  }
}

const WAIT = ['Wait until they have ended, or abort them; then:  wfctl service move'];
const TRY_AGAIN = ['Try again:  wfctl service move'];

function notReleased(holder: DaemonTrace): CliError {
  const { host } = holder;
  return new CliError(
    'WRONG_STATE',
    `${whereItRuns(holder)}: asked to stop, it has not let go of the state`,
    [
      'It may be waiting for a scheduler or for copies of files, or be too old to know this request. By hand:',
      `  ssh ${host} wfctl daemon stop    (a service there: ssh ${host} systemctl --user stop wfd.socket wfd.service)`,
      '  wfctl service move',
    ],
  );
}

async function startHere(context: CommandContext, install: () => Promise<void>): Promise<void> {
  const { env, out } = context;
  if (isInstalled(env)) {
    try {
      return await install();
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'SYSTEMD_FAILED') throw error;
      out.note(`wfctl: ${error.message}; the daemon is started without it`);
    }
  }
  try {
    await startDaemon({ ...context, note: out.note });
  } catch (error) {
    // Somebody was faster: no command to be repeated on that host.
    if (error instanceof DaemonElsewhere) throw new CliError('WRONG_STATE', error.message, TRY_AGAIN);
    throw error;
  }
}

function isInstalled(env: Environment): boolean {
  const file = join(placesOf('user', env, process.getuid?.() ?? 0).directory, 'wfd.service');
  return existsSync(file) && isOurs(readFileSync(file, 'utf8'));
}
