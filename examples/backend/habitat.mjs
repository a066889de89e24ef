// @ts-check
/**
 * Where wfd's contract suite is run on the adapter beside this file: in a clone of wfd,
 *
 *     WFD_HABITAT=/path/of/this/habitat.mjs npx vitest run test/contract/adapter.test.ts
 *
 * Whatever is denied here is checked as well: a denial is a statement, not a way out.
 */
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** @param {{ readonly directory: string }} place A new directory for the jobs, which their owner may write to. */
export function openHabitat({ directory }) {
  return {
    // As the site's configuration would say it.
    module: `${here}queue.mjs`,
    options: { directory: `${directory}/queue` },
    env: { QUEUE_SLOTS: '150' },

    // The scheduler's commands, all of them, and where they lie unless on PATH: their answers are spoilt at times.
    programs: ['queue'],
    path: here,

    // What `check` refuses, and what passes it to be refused by the scheduler; or 'nothing'.
    impossible: { nodes: 2 },
    refused: { options: { queue: ['--no-such-option'] } },
    // With what a job waits, and does the scheduler say that somebody must act before it starts?
    waiting: { resources: { options: { queue: ['--hold'] } }, blocked: true },
    // As what a killed job is reported, and is a job forgotten that was ended before it started?
    killed: 'Cancelled',
    forgetsUnstarted: false,
    // Do the limits of the process that submits (ulimit) stay out of the job?
    dropsLimits: false,
    // Commands for up to a thousand jobs; 'each' where it takes one for every job.
    costs: { observe: 1, account: 0, abort: 1 },
  };
}
