/** How long things take at one fake scheduler, and how often they go wrong there. */

export interface ClusterHabits {
  readonly queueMs: number;
  readonly runMs: number;
  /** A new job may be missing from listings for so long. */
  readonly listingLagMs: number;
  /** A job that has ended may be shown as it was for so long. */
  readonly endLagMs: number;
  /** Then the listing forgets it. */
  readonly keepMs: number;
  readonly recordLagMs: number;
  readonly saysRunCount: boolean;
  /** Native ids begin anew after so many. */
  readonly idWrap: number;
  readonly failing: number;
  readonly infraTrouble: number;
  readonly outsideCancels: number;
  readonly requeues: number;
  readonly blocked: number;
}
