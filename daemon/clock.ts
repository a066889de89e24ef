/** The real clock. Everything that asks for the time is handed one, so that it can be run in virtual time. */
import type { Clock } from './loop/parts.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
