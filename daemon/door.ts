/** The engine's door, as the API sees it: wishes go to the loop's desk, states are read from memory. */
import type { Backend } from '../backends/backend.ts';
import type {
  Answer,
  BackendStatus,
  DaemonState,
  EngineDoor,
  EngineStatus,
  Peer,
} from './api/engine-door.ts';
import type { Probed } from './loop/ask.ts';
import type { Watch } from './loop/watch.ts';
import type { Loop } from './loop.ts';

interface Pause {
  readonly by: string;
  readonly reason: string;
  readonly sinceMs: number;
}
/** The setting `drain`. */
export interface Drain {
  readonly by: string;
  readonly sinceMs: number;
}

export function createDoor(loop: Loop): EngineDoor {
  const { desk, set } = loop;
  const nowMs = () => set.parts.clock.nowMs();
  const afterwards = <T>(answer: Answer<void>, value: () => T): Answer<T> =>
    answer.ok ? { ok: true, value: value() } : answer;
  return {
    submit: (wish, peer) => desk.submit({ ...wish, owner: peer.owner }),
    abort: (runIds, wish, peer) =>
      Promise.all(runIds.map((runId) => desk.abort({ runId, by: peer.name, ...wish }))),
    abortCall: (runId, call, wish, peer) => desk.abort({ runId, call, by: peer.name, ...wish }),
    hold: (runId, reason, peer) =>
      desk.hold({ runId, by: peer.name, ...(reason !== undefined && { reason }) }),
    release: (runId, peer) => desk.release({ runId, by: peer.name }),
    async pauseBackend(name, reason, peer) {
      const backend = set.backend(name);
      if (backend === undefined) return unknownBackend(loop, name);
      const pause: Pause = { by: peer.name, reason, sinceMs: nowMs() };
      const answer = await desk.store(
        `pause:${name}`,
        pause,
        `backend ${name} paused by ${peer.name}: ${reason}`,
      );
      return afterwards(answer, () => backendStatus(loop, backend));
    },
    async resumeBackend(name, peer) {
      const backend = set.backend(name);
      if (backend === undefined) return unknownBackend(loop, name);
      const answer = await desk.store(`pause:${name}`, null, `backend ${name} resumed by ${peer.name}`);
      return afterwards(answer, () => backendStatus(loop, backend));
    },
    async drain(peer: Peer) {
      const drain: Drain = { by: peer.name, sinceMs: nowMs() };
      const answer = await desk.store('drain', drain, `drained by ${peer.name}: nothing new is dispatched`);
      return afterwards(answer, () => engineStatus(loop));
    },
    async resume(peer: Peer) {
      const answer = await desk.store('drain', null, `dispatch resumed by ${peer.name}`);
      return afterwards(answer, () => engineStatus(loop));
    },
    status: () => engineStatus(loop),
    onEvents: (wake) => loop.onEvents(wake),
  };
}

function unknownBackend(loop: Loop, name: string): Answer<never> {
  const known = [...loop.set.parts.backends.keys()].join(', ');
  return {
    ok: false,
    error: { code: 'BACKEND_NOT_FOUND', message: `there is no backend named "${name}"; there are: ${known}` },
  };
}

export function engineStatus(loop: Loop): EngineStatus {
  return {
    state: daemonState(loop),
    backends: [...loop.set.parts.backends.values()].map((backend) => backendStatus(loop, backend)),
  };
}

function daemonState(loop: Loop): DaemonState {
  if (loop.isStopping) return { kind: 'stopping' };
  if (loop.degraded !== undefined) return { kind: 'degraded', reason: loop.degraded };
  const drain = loop.set.settings.get('drain');
  return drain === undefined ? { kind: 'serving' } : { kind: 'draining', ...(drain as Drain) };
}

function backendStatus(loop: Loop, backend: Backend): BackendStatus {
  const { name, kind, capabilities, maxActive, maxSubmitting, pollMs, settleMs, commandTimeoutMs } = backend;
  const { watch, probe } = loop.asker.health(name);
  const pause = loop.set.settings.get(`pause:${name}`);
  const probed = probe === undefined ? 'unknown' : probe.reachable ? 'yes' : 'no';
  const reachable = watch === undefined || watch.reachable === 'unknown' ? probed : watch.reachable;
  return {
    ...{ name, kind, reachable, capabilities },
    summary: watch?.reachable === 'no' ? watch.reason : (probe?.summary ?? 'not asked yet'),
    ...sinceOf(watch, probe),
    ...foundBy(probe),
    ...(pause !== undefined && { paused: pause as Pause }),
    active: loop.set.activePerBackend().get(name) ?? 0,
    submitting: loop.submittingTo(name),
    ...{ maxActive, maxSubmitting, pollMs, settleMs, commandTimeoutMs },
    commands: backend.commandUse(),
  };
}

/** A probe that reached nobody found nothing, not even that there is no accounting. */
function foundBy(probe: Probed | undefined): Partial<BackendStatus> {
  if (probe === undefined) return {};
  const { summary, hasAccounting, atMs } = probe;
  return { probedAtMs: atMs, ...(probe.reachable && { version: summary, hasAccounting }) };
}

function sinceOf(watch: Watch | undefined, probe: Probed | undefined): { readonly sinceMs?: number } {
  if (watch !== undefined && watch.reachable !== 'unknown') return { sinceMs: watch.sinceMs };
  return probe === undefined ? {} : { sinceMs: probe.atMs };
}
