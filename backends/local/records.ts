/**
 * Local jobs on disk: the whole memory of the local backend, so that a restarted daemon knows what the last
 * one knew.
 *
 *   <root>/active/<tag>/request            what was submitted (JSON)
 *   <root>/active/<tag>/<index>/launcher   link to the name of the process that started it, or `cancelled`
 *   <root>/active/<tag>/<index>/process    link to the name of the job's first process, leader of its group
 *   <root>/active/<tag>/<index>/killed     we asked it to end, first at this time
 *   <root>/active/<tag>/<index>/timelimit  its time was over
 *   <root>/active/<tag>/<index>/ended      how it ended
 *   <root>/new/<tag>/                      a record that is being made
 *   <root>/ended/<tag>/                    the same, moved here when nobody will list it any more
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { NativeId, Tag } from '../backend.ts';

const requestSchema = z.object({
  elements: z.int().positive(),
  cpus: z.int().nonnegative(),
  memoryMiB: z.number().nonnegative(),
  timeSeconds: z.number().positive().exactOptional(),
  priority: z.number(),
  submittedAtMs: z.number(),
  script: z.string(),
  log: z.string(),
  workdir: z.string(),
  umask: z.int(),
});
export type LocalRequest = Readonly<z.infer<typeof requestSchema>>;

export interface LocalRecord {
  readonly tag: Tag;
  readonly directory: string;
  readonly request: LocalRequest;
}

/** The id of an element follows from its tag: so a submit has no reply that could be lost. */
export function nativeIdOf({ tag, request }: LocalRecord, index: number): NativeId {
  return (request.elements === 1 ? tag : `${tag}[${index}]`) as NativeId;
}

export function splitNativeId(nativeId: NativeId): { readonly tag: Tag; readonly index: number } {
  const { tag = nativeId, index = '0' } = /^(?<tag>.+)\[(?<index>\d+)\]$/.exec(nativeId)?.groups ?? {};
  return { tag: tag as Tag, index: Number(index) };
}

export function elementDirectory(record: LocalRecord, index: number): string {
  return join(record.directory, String(index));
}

/** The record appears whole or not at all. A tag that is there already is the same submission, made twice. */
export async function createRecord(root: string, tag: Tag, request: LocalRequest): Promise<void> {
  const whole = join(root, 'new', tag);
  await rm(whole, { recursive: true, force: true });
  await mkdir(join(root, 'active'), { recursive: true, mode: 0o700 });
  for (let index = 0; index < request.elements; index++) {
    await mkdir(join(whole, String(index)), { recursive: true, mode: 0o700 });
  }
  await writeFile(join(whole, 'request'), JSON.stringify(request));
  if ((await findRecord(root, tag)) === undefined) await rename(whole, join(root, 'active', tag));
  else await rm(whole, { recursive: true, force: true });
}

export async function listActive(root: string): Promise<readonly LocalRecord[]> {
  const tags = await namesIn(join(root, 'active'));
  const records = await Promise.all(tags.map((tag) => readRecord(join(root, 'active', tag), tag as Tag)));
  return records.filter((record) => record !== undefined);
}

export async function findRecord(root: string, tag: Tag): Promise<LocalRecord | undefined> {
  return (await readRecord(join(root, 'active', tag), tag)) ?? readRecord(join(root, 'ended', tag), tag);
}

/** The time of the move is the time from which it is kept. */
export async function archive(root: string, { tag, directory }: LocalRecord): Promise<void> {
  const now = new Date();
  await mkdir(join(root, 'ended'), { recursive: true, mode: 0o700 });
  await utimes(directory, now, now);
  await rename(directory, join(root, 'ended', tag));
}

/** Ended jobs that are old enough, and what a submit that was cut off left behind. */
export async function removeBefore(root: string, timeMs: number): Promise<void> {
  for (const folder of ['ended', 'new']) {
    for (const tag of await namesIn(join(root, folder))) {
      const directory = join(root, folder, tag);
      if ((await stat(directory)).mtimeMs < timeMs) await rm(directory, { recursive: true, force: true });
    }
  }
}

async function readRecord(directory: string, tag: Tag): Promise<LocalRecord | undefined> {
  try {
    const request = requestSchema.parse(JSON.parse(await readFile(join(directory, 'request'), 'utf8')));
    return { tag, directory, request };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
