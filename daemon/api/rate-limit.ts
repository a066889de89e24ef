/** Requests of one user per second, with room for a burst (token bucket): nobody keeps the others waiting. */

export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RequestRate {
  private readonly buckets = new Map<number, Bucket>();
  private readonly limit: () => RateLimit;
  private readonly nowMs: () => number;

  constructor(limit: () => RateLimit, nowMs = () => performance.now()) {
    this.limit = limit;
    this.nowMs = nowMs;
  }

  /** Milliseconds until the next request of this user would be served; 0: this one is. */
  take(uid: number): number {
    const { perSecond, burst } = this.limit();
    const now = this.nowMs();
    const bucket = this.buckets.get(uid) ?? { tokens: burst, atMs: now };
    this.buckets.set(uid, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = now;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }
}
