/**
 * When which trouble lasts. Faults come as intervals, not as a coin per call: real outages last, and most
 * bugs need two things to go wrong for a while at once. After `calmFromMs` the sky is clear.
 */
import type { Random } from './random.ts';

/** What may be wrong with a scheduler. Lies are told by answers that look complete. */
export type SchedulerTrouble =
  | 'down'
  | 'hanging'
  | 'slow'
  | 'emptyListing'
  | 'partialListing'
  | 'massLie'
  | 'throttling'
  | 'lostReplies'
  | 'lateSubmits'
  | 'abortsLost'
  | 'accountingDown'
  | 'accountingStale';

export type Trouble = SchedulerTrouble | 'quota' | 'filesFail' | 'filesSlow' | 'storeFull';

interface Interval {
  readonly trouble: Trouble;
  readonly fromMs: number;
  readonly toMs: number;
}

export class Weather {
  private readonly intervals: readonly Interval[];
  /** Ends every trouble early: the moment of healing. */
  private clear = false;

  constructor(intervals: readonly Interval[]) {
    this.intervals = intervals;
  }

  isOn(trouble: Trouble, trueMs: number): boolean {
    if (this.clear) return false;
    return this.intervals.some(
      (interval) => interval.trouble === trouble && trueMs >= interval.fromMs && trueMs < interval.toMs,
    );
  }

  /** When the trouble that is on now ends by itself. */
  endOf(trouble: Trouble, trueMs: number): number {
    const ends = this.intervals.filter(
      (interval) => interval.trouble === trouble && trueMs >= interval.fromMs && trueMs < interval.toMs,
    );
    return Math.max(trueMs, ...ends.map((interval) => interval.toMs));
  }

  heal(): void {
    this.clear = true;
  }

  describe(): readonly string[] {
    return this.intervals.map(
      ({ trouble, fromMs, toMs }) => `${trouble} ${(fromMs / 1000).toFixed(0)}–${(toMs / 1000).toFixed(0)} s`,
    );
  }
}

/** Weather of one scheduler. Lies stay shorter than the settle time less the listing's lag, and far apart. */
export function schedulerWeather(random: Random, calmFromMs: number, longestLieMs: number): Weather {
  const intervals: Interval[] = [];
  for (const trouble of SCHEDULER_TROUBLES) {
    if (random.chance(0.5)) {
      const lasts = random.pick([5_000, 20_000, 60_000, 200_000]);
      intervals.push(...episodes(random, trouble, calmFromMs, lasts, random.int(1, 3)));
    }
  }
  if (random.chance(0.5)) intervals.push(...lies(random, calmFromMs, longestLieMs));
  if (random.chance(0.5))
    intervals.push(...episodes(random, 'massLie', calmFromMs, LONGEST_MASS_LIE_MS / 1.7, 1));
  return new Weather(intervals);
}

export function nodeWeather(random: Random, calmFromMs: number): Weather {
  const intervals: Interval[] = [];
  for (const trouble of ['quota', 'filesFail', 'filesSlow', 'storeFull'] as const) {
    if (random.chance(0.5)) {
      const lasts = random.pick([3_000, 20_000, 90_000]);
      intervals.push(...episodes(random, trouble, calmFromMs, lasts, random.int(1, 2)));
    }
  }
  return new Weather(intervals);
}

const SCHEDULER_TROUBLES: readonly SchedulerTrouble[] = [
  'down',
  'hanging',
  'slow',
  'throttling',
  'lostReplies',
  'lateSubmits',
  'abortsLost',
  'accountingDown',
  'accountingStale',
];

/** A whole cluster's disappearance is doubted for longer than a single job's, but not for ever. */
const LONGEST_MASS_LIE_MS = 100_000;

/** Two lies need time between them for at least one honest listing to be heard. */
const BETWEEN_LIES_MS = 200_000;

function episodes(
  random: Random,
  trouble: Trouble,
  calmFromMs: number,
  typicalMs: number,
  count: number,
): readonly Interval[] {
  return Array.from({ length: count }, () => {
    const fromMs = random.between(0, calmFromMs);
    return { trouble, fromMs, toMs: fromMs + typicalMs * random.between(0.3, 1.7) };
  });
}

function lies(random: Random, calmFromMs: number, longestMs: number): readonly Interval[] {
  const intervals: Interval[] = [];
  let fromMs = random.between(0, 120_000);
  while (fromMs < calmFromMs) {
    const toMs = fromMs + random.between(0.2, 1) * longestMs;
    intervals.push({ trouble: random.pick(['emptyListing', 'partialListing']), fromMs, toMs });
    fromMs = toMs + BETWEEN_LIES_MS + random.between(0, 120_000);
  }
  return intervals;
}
