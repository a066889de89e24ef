/** What is told of an attempt that failed: in JSON, and in plain words. */
import { expect } from 'vitest';
import { callOf, type RunAnswer } from './daemon-under-test.ts';

export interface Told {
  readonly call: string;
  readonly attempt: Partial<NonNullable<RunAnswer['callList']>[number]['attempts'][number]>;
  /** In the line of the call in `wfctl status`. */
  readonly words: string;
}

/** `status`: what `wfctl status` prints of the run. */
export function expectTold(run: RunAnswer, status: string, { call, attempt, words }: Told): void {
  expect(callOf(run, call)).toMatchObject({ status: 'Failed', attempts: [attempt] });
  const line = status.split('\n').find((each) => each.startsWith(`  ${call} `));
  expect(line).toContain(words);
}
