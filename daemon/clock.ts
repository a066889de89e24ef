/** Time as a value, so that everything that asks for it can be run under a virtual one. */

export interface Clock {
  /** Epoch milliseconds: for people and for what is stored. May jump. */
  nowMs(): number;
  /** Never goes back: for distances inside one life of the process. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
