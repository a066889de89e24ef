/** Reads the outputs of LSF in test/fixtures/lsf (README there) as the results of commands. */
import { readFileSync } from 'node:fs';
import type { JobObservation, Snapshot } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';

const DIRECTORY = new URL('../../fixtures/lsf/', import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(`${name}.txt`, DIRECTORY), 'utf8');
}

export function linesOf(name: string): readonly string[] {
  return fixture(name).trimEnd().split('\n');
}

/** Exit code, standard output and standard error of one command. */
export function reply(name: string): CommandResult {
  const match = /^exit (\d+)\n--- stdout\n([\s\S]*)--- stderr\n([\s\S]*)$/.exec(fixture(name));
  if (match === null) throw new Error(`${name}.txt is not in the form that capture.sh writes`);
  const [, exitCode, stdout = '', stderr = ''] = match;
  return { exitCode: Number(exitCode), stdout, stderr, timedOut: false, durationMs: 10 };
}

export function printed(stdout: string, stderr = ''): CommandResult {
  return { exitCode: 0, stdout, stderr, timedOut: false, durationMs: 10 };
}

export function failed(stderr: string, exitCode = 255): CommandResult {
  return { exitCode, stdout: '', stderr, timedOut: false, durationMs: 10 };
}

/** Killed before it could say anything, or say all. */
export function outOfTime(stdout = ''): CommandResult {
  return { stdout, stderr: '', timedOut: true, durationMs: 10 };
}

export function jobsOf(snapshot: Snapshot): readonly JobObservation[] {
  if (snapshot.kind === 'complete') return snapshot.jobs;
  throw new Error(`expected a complete answer, got: ${snapshot.reason}`);
}

export function jobNamed(jobs: readonly JobObservation[], tag: string, index = 0): JobObservation {
  const job = jobs.find((each) => each.tag === tag && each.index === index);
  if (job === undefined) throw new Error(`there is no job named ${tag}`);
  return job;
}
