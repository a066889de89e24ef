/** The phases of a graceful stop and how long each may take (SEMANTICS 7). The order is theirs. */

export const DEFAULT_PHASE_TIMEOUTS_MS = {
  'stop-dispatch': 5_000,
  unbind: 5_000,
  'requests-done': 5_000,
  'abort-all-runs': 3_600_000,
  'commands-done': 60_000,
  'stop-io': 1_800_000,
  'close-store': 5_000,
} as const satisfies Record<string, number>;

export type PhaseName = keyof typeof DEFAULT_PHASE_TIMEOUTS_MS;
