/** Habits of a fake cluster in which nothing takes time, and nothing goes wrong by itself. */
import type { ClusterHabits } from '../sim/cluster-habits.ts';

export const CALM: ClusterHabits = {
  queueMs: 0,
  runMs: 0,
  listingLagMs: 0,
  endLagMs: 0,
  keepMs: 600_000,
  recordLagMs: 0,
  saysRunCount: true,
  idWrap: 1_000_000,
  failing: 0,
  infraTrouble: 0,
  outsideCancels: 0,
  requeues: 0,
  blocked: 0,
};
