/** Many clients at once, as patient as wfctl: each asks how things are, again and again, and submits now and then. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../../cli/client.ts';

export interface CrowdOptions {
  readonly clients: number;
  /** Runs that they submit together. */
  readonly submits: number;
  readonly client: () => Client;
  /** As the daemon sees it. */
  readonly submitDir: string;
  readonly hold?: boolean;
  /** They go on until then, and until everything has been submitted. */
  readonly until: Promise<unknown>;
}

export interface CrowdReport {
  readonly requests: number;
  readonly failures: readonly string[];
  /** The id of each run by the token it was submitted with. */
  readonly runs: ReadonlyMap<string, number>;
  readonly slowestMs: number;
}

/** A call says that it ran, and for which submit; a run that ran twice says so twice. */
const WORKFLOW = `name: count
inputs: {token: null}
tasks:
  say:
    run: echo \${{ inputs.token }} >> said
`;

export async function crowd(options: CrowdOptions): Promise<CrowdReport> {
  const runs = new Map<string, number>();
  const failures: string[] = [];
  let requests = 0;
  let slowestMs = 0;
  let left = options.submits;
  let isOver = false;
  void options.until.finally(() => {
    isOver = true;
  });
  const one = async (client: Client): Promise<void> => {
    for (let turn = 0; !isOver || left > 0; turn += 1) {
      const begunMs = performance.now();
      try {
        if (turn % 4 === 0 && left > 0) {
          left -= 1;
          const token = randomUUID();
          runs.set(token, await submit(client, token, options));
        } else await ask(client, turn);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      requests += 1;
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, () => one(options.client())));
  return { requests, failures, runs, slowestMs: Math.round(slowestMs) };
}

export async function submit(
  client: Client,
  token: string,
  { submitDir, hold = false }: Pick<CrowdOptions, 'submitDir' | 'hold'>,
): Promise<number> {
  const bundle = {
    language: 'native',
    fileName: 'count.yaml',
    source: WORKFLOW,
    files: {},
    inputs: { token },
  } as const;
  const body = { bundle, submitDir, umask: 0o022, token, hold };
  return (await client.call('submitRun', { body })).run.id;
}

async function ask(client: Client, turn: number): Promise<void> {
  if (turn % 2 === 0) await client.call('getDaemon');
  else await client.call('listRuns', { query: { limit: 5 } });
}
