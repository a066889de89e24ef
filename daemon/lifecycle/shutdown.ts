/**
 * Runs the phases of a stop one after the other: each is logged with its duration and cut off at its
 * timeout. Knows nothing of what a phase does. A phase that is cut off may still be working: that is safe,
 * because whatever it has not stored is looked up at the next start.
 */
import type { Clock, LoopLog } from '../loop/parts.ts';
import type { PhaseName } from './phases.ts';

export interface Phase {
  readonly name: PhaseName;
  readonly timeoutMs: number;
  run(): Promise<void>;
}

export interface PhaseTools {
  readonly log: LoopLog;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Tells systemd, so that its own stop timeout never cuts a phase short. */
  readonly notify: { stopping(status: string): void; extendTimeout(ms: number): void };
  /** Resolves when a person asks a second time: the rest is left out. */
  readonly hurry: Promise<void>;
}

/** Phases of one group run beside each other; groups one after the other. */
export type PhaseGroup = readonly Phase[];

export async function runPhases(
  groups: readonly PhaseGroup[],
  tools: PhaseTools,
): Promise<'done' | 'hurried'> {
  for (const group of groups) {
    const ends = await Promise.all(group.map((phase) => runPhase(phase, tools)));
    if (ends.includes('hurried')) {
      tools.log.warn({}, 'second signal: ending at once; the next start looks up what was in flight');
      return 'hurried';
    }
  }
  return 'done';
}

type PhaseEnd = 'done' | 'failed' | 'timeout' | 'hurried';

async function runPhase(phase: Phase, tools: PhaseTools): Promise<PhaseEnd> {
  tools.notify.stopping(phase.name);
  const begunMs = tools.clock.monotonicMs();
  const stopExtending = keepExtending(tools);
  const limit = timer(phase.timeoutMs);
  const work = attempt(phase, tools.log);
  const end = await Promise.race([work, limit.done, tools.hurry.then((): PhaseEnd => 'hurried')]);
  limit.cancel();
  stopExtending();
  report(phase, end, Math.round(tools.clock.monotonicMs() - begunMs), tools.log);
  return end;
}

async function attempt(phase: Phase, log: LoopLog): Promise<PhaseEnd> {
  try {
    await phase.run();
    return 'done';
  } catch (error) {
    log.error({ phase: phase.name, err: error }, 'a phase of the stop failed; going on with the next');
    return 'failed';
  }
}

function report(phase: Phase, end: PhaseEnd, durationMs: number, log: LoopLog): void {
  const fields = { phase: phase.name, end, durationMs };
  if (end === 'timeout') log.warn(fields, `phase ${phase.name} cut off after ${phase.timeoutMs} ms`);
  else log.info(fields, `phase ${phase.name} ${end}`);
}

const EXTEND_EVERY_MS = 1_000;
const EXTEND_BY_MS = 10_000;

/** systemd counts anew from each message (sd_notify(3), EXTEND_TIMEOUT_USEC). */
function keepExtending({ notify }: PhaseTools): () => void {
  const extend = () => notify.extendTimeout(EXTEND_BY_MS);
  extend();
  const interval = setInterval(extend, EXTEND_EVERY_MS);
  return () => clearInterval(interval);
}

function timer(ms: number): { readonly done: Promise<PhaseEnd>; cancel(): void } {
  let handle: NodeJS.Timeout | undefined;
  const done = new Promise<PhaseEnd>((resolve) => {
    handle = setTimeout(() => resolve('timeout'), ms);
  });
  return { done, cancel: () => clearTimeout(handle) };
}
