/** Reads what capture.sh took down of a real cluster, as the results of commands. */
import { readFileSync } from 'node:fs';
import type { JobObservation, Snapshot } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';

const DIRECTORY = new URL('../../fixtures/slurm/', import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(name, DIRECTORY), 'utf8');
}

/** A file `reply-NAME.txt`: exit code, standard output and standard error of one command. */
export function reply(name: string): CommandResult {
  const match = /^exit (\d+)\n--- stdout\n([\s\S]*)--- stderr\n([\s\S]*)$/.exec(fixture(`reply-${name}.txt`));
  if (match === null) throw new Error(`reply-${name}.txt is not in the form that capture.sh writes`);
  const [, exitCode, stdout = '', stderr = ''] = match;
  return { exitCode: Number(exitCode), stdout, stderr, timedOut: false, durationMs: 10 };
}

export function printed(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '', timedOut: false, durationMs: 10 };
}

export function failed(exitCode: number, stderr: string): CommandResult {
  return { exitCode, stdout: '', stderr, timedOut: false, durationMs: 10 };
}

export function jobsOf(snapshot: Snapshot): readonly JobObservation[] {
  if (snapshot.kind === 'complete') return snapshot.jobs;
  throw new Error(`expected a complete answer, got: ${snapshot.reason}`);
}

/** The jobs of one name, without the ids, which differ from capture to capture. */
export function jobsNamed(
  snapshot: Snapshot,
  name: string,
): readonly Omit<JobObservation, 'nativeId' | 'tag'>[] {
  return jobsOf(snapshot)
    .filter((job) => job.tag === name)
    .map(({ nativeId, tag, ...rest }) => rest);
}
