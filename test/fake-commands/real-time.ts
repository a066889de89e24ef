/** Lets a fake cluster live in the time of the wall, for tests whose jobs are real processes. */
import type { Random } from '../sim/random.ts';
import { VirtualTime } from '../sim/virtual-clock.ts';

const STEP_MS = 5;

export interface RealTime {
  readonly time: VirtualTime;
  stop(): void;
}

/** `speed`: how many of its seconds pass in one of ours. */
export function startRealTime(speed = 1): RealTime {
  const time = new VirtualTime();
  const bornMs = performance.now();
  time.jumpWall(Date.now() - time.wallMs());
  const timer = setInterval(() => {
    const nowMs = (performance.now() - bornMs) * speed;
    while (time.nextDueMs() <= nowMs) time.runNext();
    time.advanceTo(nowMs);
  }, STEP_MS);
  return { time, stop: () => clearInterval(timer) };
}

/** Takes the likelier side of every coin, and the least of every range: nothing is left to chance or waits. */
export const NO_CHANCE: Random = {
  next: () => 0,
  int: (min) => min,
  between: (min) => min,
  chance: (probability) => probability > 0.5,
  pick: ([first]) => {
    if (first === undefined) throw new Error('pick() needs at least one item');
    return first;
  },
  fork: () => NO_CHANCE,
};
