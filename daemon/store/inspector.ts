/**
 * Reading a whole database through takes seconds for a large one, so it has a thread of its own: neither the loop
 * nor a commit waits for it.
 */
import { Worker } from 'node:worker_threads';
import type { CheckReport } from './check.ts';

export interface InspectTask {
  readonly file: string;
  readonly migrationsFolder: string;
  /** Of a copy that is to be completed first. */
  readonly madeAtMs?: number;
}

export type Inspected =
  | { readonly kind: 'read'; readonly report: CheckReport }
  /** It could not be read through: no space, no rights, another program's, a newer wfd's. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Reads a database through, and completes it before where it is a copy. */
export type Inspect = (file: string, madeAtMs?: number) => Promise<Inspected>;

export function inspectInThread(workerPath: string, migrationsFolder: string): Inspect {
  return (file, madeAtMs) =>
    new Promise((resolve) => {
      const task: InspectTask = { file, migrationsFolder, ...(madeAtMs !== undefined && { madeAtMs }) };
      const worker = new Worker(workerPath, { workerData: task });
      const fail = (cause: unknown) =>
        resolve({ kind: 'failed', reason: `${file} was not read through: ${String(cause)}` });
      worker.once('message', (inspected: Inspected) => resolve(inspected));
      worker.once('error', fail);
      worker.once('exit', (code) => fail(`its thread ended with code ${code}`));
    });
}
