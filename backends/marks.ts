/**
 * The small files a job itself leaves, and what they say. They are the best evidence of how a job ended
 * (SEMANTICS 6): a scheduler forgets, the directory does not.
 *
 * Parsing is forgiving: on a network file system a mark may be seen empty or half. Then it is `undefined`,
 * "not there yet", and is read again later. The writer of all marks is the shell text in job-wrapper.ts.
 */
import type { NativeId, Tag } from './backend.ts';

/** `claim → nativeId.runCount`, an atomic symbolic link made before the command runs. */
export interface ClaimMark {
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** When the link was made (epoch ms, the file server's clock). */
  readonly atMs: number;
}

export interface ExitMark {
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** Of the command, as its shell reported it: 137 is 137. */
  readonly exitCode: number;
  /** The code is one of the task's success codes and every declared output is there. The wrapper judges. */
  readonly succeeded: boolean;
  /** The command was not run, and why (its working directory is missing). */
  readonly launchFailure?: string;
  /** Names of declared outputs that were not there although the command succeeded. */
  readonly missing: readonly string[];
  readonly atMs: number;
}

/** Everything one attempt's directory says, read anew. */
export interface Marks {
  readonly claim?: ClaimMark;
  /** The daemon has taken the claim: no job will ever run this attempt. */
  readonly revoked?: true;
  readonly exit?: ExitMark;
  /** Jobs that found the claim taken and ended without running the command. */
  readonly duplicates: readonly NativeId[];
  /** The tail of what the scheduler wrote into the job's log; empty where there is none. */
  readonly log: string;
}

/** One entry of a run's spool directory; its file name says all, so that a listing needs no open. */
export interface SpoolEntry {
  readonly fileName: string;
  readonly kind: 'started' | 'ended';
  readonly tag: Tag;
  readonly index: number;
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** Present exactly when `kind` is `ended`. What the name does not tell (missing outputs) is read from the exit mark. */
  readonly exitCode?: number;
  /** Present exactly when `kind` is `ended`: as in the exit mark. */
  readonly succeeded?: boolean;
  /** Seconds resolution is enough. */
  readonly atMs?: number;
}

/** The claim's link text where the daemon has taken it; no scheduler has such an id. */
export const REVOKED = 'wfd-revoked.0';

/** The claim's link text, `nativeId.runCount`. A native id may hold dots itself (`4711.3`). */
export function parseClaim(target: string, atMs: number): ClaimMark | undefined {
  const { native, count } = /^(?<native>.+)\.(?<count>\d{1,9})$/.exec(target)?.groups ?? {};
  if (native === undefined || count === undefined) return undefined;
  return { nativeId: native as NativeId, runCount: Number(count), atMs };
}

/** Lines `key=value`, the last one `end`: without it the rest of the text is still on its way. */
export function parseExitMark(text: string, atMs: number): ExitMark | undefined {
  if (!text.endsWith('\nend\n')) return undefined;
  const fields = text.split('\n').map(splitField);
  const values = (key: string) => fields.filter((field) => field.key === key).map((field) => field.value);
  const [native] = values('native');
  const runCount = wholeNumber(values('count')[0]);
  const exitCode = wholeNumber(values('code')[0]);
  if (!native || runCount === undefined || exitCode === undefined) return undefined;
  const launch = values('launch')[0];
  return {
    nativeId: native as NativeId,
    runCount,
    exitCode,
    succeeded: values('succeeded')[0] === '1',
    missing: values('missing').map(decodeMarkWord),
    ...(launch === undefined ? {} : { launchFailure: decodeMarkWord(launch) }),
    atMs,
  };
}

/** `S,tag,index,nativeId,runCount` or `E,tag,index,nativeId,runCount,code,s|f`; anything else is not ours. */
export function parseSpoolName(fileName: string): SpoolEntry | undefined {
  const [letter, tag, index, native, count, code, judged, ...rest] = fileName.split(',');
  const element = wholeNumber(index);
  const runCount = wholeNumber(count);
  if (!tag || element === undefined || !native || runCount === undefined || rest.length > 0) return undefined;
  const base = { fileName, tag: tag as Tag, index: element, nativeId: native as NativeId, runCount };
  if (letter === 'S' && code === undefined) return { ...base, kind: 'started' };
  const exitCode = wholeNumber(code);
  if (letter !== 'E' || exitCode === undefined || (judged !== 's' && judged !== 'f')) return undefined;
  return { ...base, kind: 'ended', exitCode, succeeded: judged === 's' };
}

/** `duplicate.<nativeId>`, left by a job that found the claim taken. */
export function parseDuplicateName(fileName: string): NativeId | undefined {
  const native = /^duplicate\.(.+)$/.exec(fileName)?.[1];
  return native as NativeId | undefined;
}

/** Any text as one word that the shell neither splits nor expands: letters, digits, `_ . - %`. */
export function encodeMarkWord(text: string): string {
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd'); // half a character makes encodeURIComponent throw
  return encodeURIComponent(wellFormed).replace(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

function decodeMarkWord(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word; // written by another hand; shown as it is
  }
}

function splitField(line: string): { readonly key: string; readonly value: string } {
  const at = line.indexOf('=');
  return { key: line.slice(0, Math.max(at, 0)), value: line.slice(at + 1) };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
