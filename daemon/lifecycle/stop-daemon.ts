/** What each phase of a graceful stop does (SEMANTICS 7). Jobs are never killed by a mere stop. */
import type { Api } from '../api/server.ts';
import type { Care } from '../care/care.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Drain } from '../door.ts';
import type { Driver } from '../driver.ts';
import type { Logger } from '../log.ts';
import type { Loop } from '../loop.ts';
import type { Store } from '../store/store.ts';
import type { Notifier } from './notify.ts';
import type { PhaseName } from './phases.ts';
import { type Phase, type PhaseGroup, runPhases } from './shutdown.ts';

export interface Running {
  readonly config: Config;
  readonly loop: Loop;
  readonly driver: Driver;
  readonly api: Api;
  readonly store: Store;
  readonly care: Care;
  readonly log: Logger;
  readonly notifier: Notifier;
}

/**
 * Waits for SIGTERM or SIGINT. The second one ends at once: that is safe, too. The answer begins the same
 * stop without a signal; called again it does nothing.
 */
export function stopDaemon(running: Running): (why: string) => void {
  let asked = false;
  let hurry: () => void = () => undefined;
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  const begin = (facts: object, why: string) => {
    if (asked) return;
    asked = true;
    running.log.info(facts, `stopping: ${why}`);
    void stop(running, hurried);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) return hurry();
    begin({ signal }, 'jobs go on, and the next start finds them');
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return (why) => begin({}, why);
}

/** A daemon that was told to drain leaves when its last job has; one that was started drained stays and serves. */
export function isDrained({ set }: Loop, startedAtMs: number): boolean {
  const drain = set.settings.get('drain') as Drain | undefined;
  return drain !== undefined && drain.sinceMs >= startedAtMs && set.activeAttempts().next().done === true;
}

async function stop(running: Running, hurry: Promise<void>): Promise<void> {
  const { config, log, notifier } = running;
  if (config.shutdown.graceful) {
    await runPhases(phaseGroups(running), { log, clock: systemClock, notify: notifier, hurry });
  }
  process.exit(0);
}

function phaseGroups(running: Running): readonly PhaseGroup[] {
  const { config, loop, driver, api, store, care } = running;
  const phase = (name: PhaseName, run: () => Promise<void>): Phase => ({
    name,
    timeoutMs: config.shutdown.timeoutsMs[name],
    run,
  });
  const requestsDone = phase('requests-done', async () => {
    await api.finishRequests(config.shutdown.timeoutsMs['requests-done']);
  });
  const abortAll = phase('abort-all-runs', () => abortAllRuns(loop));
  return [
    [phase('stop-dispatch', async () => stopDispatch(loop))],
    [phase('unbind', async () => api.unbind())],
    config.shutdown.abortRuns ? [requestsDone, abortAll] : [requestsDone],
    [phase('commands-done', () => until(() => loop.commandsUnderWay() === 0))],
    [phase('stop-io', () => stopAll([driver, care]))],
    [phase('close-store', () => closeAll(api, store))],
  ];
}

async function stopDispatch(loop: Loop): Promise<void> {
  loop.isStopping = true;
}

async function abortAllRuns(loop: Loop): Promise<void> {
  const wish = { by: 'wfd', force: false, reason: 'the daemon is stopping (shutdown.abortRuns)' };
  await Promise.all([...loop.set.runs.keys()].map((runId) => loop.desk.abort({ runId, ...wish })));
  await until(() => [...loop.set.runs.values()].every(({ run }) => run.status === 'OnHold'));
}

async function closeAll(api: Api, store: Store): Promise<void> {
  await api.close();
  await store.close();
}

async function stopAll(parts: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(parts.map((part) => part.stop()));
}

const LOOK_AGAIN_MS = 50;

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}
