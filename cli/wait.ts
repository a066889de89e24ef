/** Waits until a run has ended: woken by the daemon's events, and looking now and then all the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunAnswer } from '../daemon/protocol/answers.ts';
import { isRunEnd } from '../daemon/protocol/words.ts';
import type { Client } from './client.ts';

export async function waitForEnd(client: Client, id: number): Promise<RunAnswer> {
  for (let seenSeq = 0; ; ) {
    const run = await client.call('getRun', { params: { id } });
    if (isRunEnd(run.status)) return run;
    seenSeq = await nextChange(client, id, seenSeq);
  }
}

/** 1 where the run ended but did not succeed, as documented for `--wait`. */
export function exitCodeOf(run: RunAnswer): number {
  return run.status === 'Succeeded' ? 0 : 1;
}

/** A stream that is quiet for so long is asked again: a lost wake-up must not be waited for for ever. */
const LOOK_AGAIN_MS = 10_000;
/** A run with many calls has many events; one look answers for all that come together. */
const TOGETHER_MS = 200;

/** Answers the number of the newest event it has seen; also when the daemon goes, which the next look notices. */
async function nextChange(client: Client, id: number, afterSeq: number): Promise<number> {
  const enough = new AbortController();
  const longest = setTimeout(() => enough.abort(), LOOK_AGAIN_MS);
  let seenSeq = afterSeq;
  for await (const event of client.follow({ runId: id, afterSeq, signal: enough.signal })) {
    if (seenSeq === afterSeq) setTimeout(() => enough.abort(), TOGETHER_MS);
    seenSeq = event.seq;
  }
  clearTimeout(longest);
  if (seenSeq === afterSeq) await sleep(TOGETHER_MS);
  return seenSeq;
}
