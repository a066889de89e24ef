/** Is a failed attempt tried again, on whose budget, and when? SEMANTICS 3, retryable failures. */
import type { RetryPolicy } from '../workflow/language.ts';
import { isClosed } from './failure-mode.ts';
import type { Call, Outcome, Run } from './model.ts';
import type { EngineSettings } from './settings.ts';

export type Retry =
  | { readonly kind: 'none' }
  | { readonly kind: 'retry'; readonly budget: 'infrastructure' | 'user'; readonly delayMs: number };

export interface RetryQuestion {
  readonly run: Run;
  readonly call: Call;
  readonly outcome: Outcome;
  readonly policy: RetryPolicy;
  readonly settings: EngineSettings;
  /** In [0, 1). */
  readonly random: number;
}

export function decideRetry({ run, call, outcome, policy, settings, random }: RetryQuestion): Retry {
  if (call.role !== 'call' || call.abort !== undefined || isClosed(run)) return { kind: 'none' };
  const delay = (tries: number, firstMs: number) =>
    backoffMs(tries, firstMs, settings.retryDelayMaxMs, random);
  if (isInfrastructure(outcome) && call.infraRetries < settings.infraRetries) {
    return {
      kind: 'retry',
      budget: 'infrastructure',
      delayMs: delay(call.infraRetries, settings.retryDelayMs),
    };
  }
  if (isCovered(policy, outcome) && call.userRetries < policy.max) {
    return {
      kind: 'retry',
      budget: 'user',
      delayMs: delay(call.userRetries, policy.delayMs ?? settings.retryDelayMs),
    };
  }
  return { kind: 'none' };
}

/** Not the task's doing: retried from a budget that does not touch the user's. */
export function isInfrastructure(outcome: Outcome): boolean {
  switch (outcome.cause) {
    case 'Preempted':
    case 'NodeFailure':
    case 'LaunchFailure':
      return true;
    case 'Lost':
      return !outcome.claimed;
    default:
      return false;
  }
}

function isCovered(policy: RetryPolicy, outcome: Outcome): boolean {
  if (policy.causes.includes(outcome.cause)) return true;
  if (outcome.cause === 'MissingOutput' || outcome.cause === 'AbortedByUser') return false;
  return outcome.exitCode !== undefined && policy.exitCodes.includes(outcome.exitCode);
}

/** Doubles from try to try up to a ceiling, with 10 % of jitter either way: `backoffMs(0, 15_000, …)` is 13.5–16.5 s. */
export function backoffMs(tries: number, firstMs: number, maxMs: number, random: number): number {
  return Math.round(Math.min(firstMs * 2 ** Math.min(tries, 30), maxMs) * (0.9 + 0.2 * random));
}
