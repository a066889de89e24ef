/** What the files of one local job say about it, together with the processes they name. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { EndReport } from '../backend.ts';
import { type ProcessName, parseProcessName, standing } from './processes.ts';

export type ElementState =
  | { readonly kind: 'queued' }
  /** The group is absent for the moment between the launcher's start and the job's. */
  | { readonly kind: 'running'; readonly group?: ProcessName; readonly killedAtMs?: number }
  | { readonly kind: 'ended'; readonly end: EndReport; readonly atMs: number };

/** Link text with which a job that never started is taken away from every launcher. */
export const CANCELLED = 'cancelled';

export async function elementState(directory: string): Promise<ElementState> {
  const names = new Set(await readdir(directory));
  if (names.has('ended')) return endedState(directory, names);
  if (!names.has('launcher')) return { kind: 'queued' };
  const launcher = await readlink(join(directory, 'launcher'));
  const atMs = (await lstat(join(directory, 'launcher'))).mtimeMs;
  if (launcher === CANCELLED) return { kind: 'ended', end: { kind: 'Cancelled', started: false }, atMs };
  return (await livingState(directory, names, launcher)) ?? deadState(directory, launcher, atMs);
}

async function livingState(
  directory: string,
  names: ReadonlySet<string>,
  launcher: string,
): Promise<ElementState | undefined> {
  const group = names.has('process')
    ? parseProcessName(await readlink(join(directory, 'process')))
    : undefined;
  const groupLives = group !== undefined && (await standing(group)) === 'alive';
  const launcherName = parseProcessName(launcher);
  if (!groupLives && (launcherName === undefined || (await standing(launcherName)) !== 'alive'))
    return undefined;
  return {
    kind: 'running',
    ...(groupLives ? { group } : {}),
    ...(names.has('killed') ? { killedAtMs: (await lstat(join(directory, 'killed'))).mtimeMs } : {}),
  };
}

/** Nobody is left. The record may have been written after the first look, so it is looked for once more. */
async function deadState(directory: string, launcher: string, atMs: number): Promise<ElementState> {
  const names = new Set(await readdir(directory));
  if (names.has('ended')) return endedState(directory, names);
  const name = parseProcessName(launcher);
  if (name !== undefined && (await standing(name)) === 'otherBoot') {
    return { kind: 'ended', end: { kind: 'NodeFailure', started: names.has('process') }, atMs };
  }
  if (!names.has('process')) return { kind: 'ended', end: { kind: 'LaunchFailure', started: false }, atMs };
  return { kind: 'ended', end: { kind: 'Unknown', started: true }, atMs };
}

async function endedState(directory: string, names: ReadonlySet<string>): Promise<ElementState> {
  const path = join(directory, 'ended');
  const code = /^code=(\w+)\nend\n$/.exec(await readFile(path, 'utf8'))?.[1];
  return { kind: 'ended', end: endReport(code, names), atMs: (await lstat(path)).mtimeMs };
}

function endReport(code: string | undefined, names: ReadonlySet<string>): EndReport {
  if (code === 'launch' || !names.has('process')) return { kind: 'LaunchFailure', started: false };
  if (code === undefined || !/^\d+$/.test(code)) return { kind: 'Unknown', started: true };
  const exitCode = Number(code);
  if (exitCode === 0) return { kind: 'Succeeded', exitCode, started: true };
  if (names.has('timelimit')) return { kind: 'TimeLimit', exitCode, started: true };
  if (names.has('killed')) return { kind: 'Cancelled', exitCode, started: true };
  // A shell's 128 + n may be the command's own choice; the exit mark does not know better either.
  if (exitCode > 128 && exitCode <= 192)
    return { kind: 'Signaled', signal: exitCode - 128, exitCode, started: true };
  return { kind: 'NonZeroExit', exitCode, started: true };
}
