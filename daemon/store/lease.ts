/**
 * The lease on a state directory: a file that says which daemon works on it. On a network file system it is
 * the lock, taken over only once it has expired; on a local one it only tells people (see lock.ts).
 *
 * Its age is measured by the file server alone, as the difference between the modification times of two
 * files, so that clocks that disagree take nothing from a living daemon. A heartbeat is written into the
 * very file that was found to be ours: a lease that has meanwhile been replaced cannot be overwritten.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Who works on the state. Times are ISO 8601, for people. */
export interface LeaseHolder {
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  readonly startedAt: string;
  readonly heartbeatAt: string;
}

export type LeaseCheck =
  | { readonly kind: 'held' }
  /** Gone or replaced. It does not come back. */
  | { readonly kind: 'lost'; readonly holder?: LeaseHolder }
  /** The file could not be read or written just now. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Lease {
  check(): LeaseCheck;
  /** Writes a heartbeat. */
  renew(): LeaseCheck;
  release(): void;
}

export interface LeaseOptions {
  readonly directory: string;
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  /** A lease without a heartbeat for so long has expired. */
  readonly leaseMs: number;
  readonly nowMs: () => number;
}

export type LeaseTaken =
  | { readonly kind: 'taken'; readonly lease: Lease }
  | { readonly kind: 'held'; readonly holder?: LeaseHolder };

export function takeLease(options: LeaseOptions): LeaseTaken {
  const own = newRecord(options);
  const candidate = `${leaseFile(options.directory)}.${own.nonce}`;
  writeSynced(candidate, own);
  try {
    return contend(options, own, candidate);
  } finally {
    rmSync(candidate, { force: true });
  }
}

/** For whoever holds the local lock: what stands there was left by a process that has died. */
export function replaceLease(options: LeaseOptions): Lease {
  const own = newRecord(options);
  const candidate = `${leaseFile(options.directory)}.${own.nonce}`;
  writeSynced(candidate, own);
  renameSync(candidate, leaseFile(options.directory));
  return leaseOf(options, own);
}

export function readLeaseHolder(directory: string): LeaseHolder | undefined {
  return readRecord(leaseFile(directory));
}

interface LeaseRecord extends LeaseHolder {
  /** Tells this lease from every other one. */
  readonly nonce: string;
  /** So that others know when it has expired. */
  readonly leaseMs: number;
}

function leaseFile(directory: string): string {
  return join(directory, 'lease.json');
}

function newRecord({ host, pid, bootId, leaseMs, nowMs }: LeaseOptions): LeaseRecord {
  const now = new Date(nowMs()).toISOString();
  return { host, pid, bootId, startedAt: now, heartbeatAt: now, nonce: randomUUID(), leaseMs };
}

/** A few rounds: what is in the way may go while we look. */
function contend(options: LeaseOptions, own: LeaseRecord, candidate: string): LeaseTaken {
  const file = leaseFile(options.directory);
  for (let round = 0; round < 4; round += 1) {
    if (createdExclusively(candidate, file, own)) return { kind: 'taken', lease: leaseOf(options, own) };
    if (!mayReplace(file, candidate, options)) return heldBy(readRecord(file));
    if (!createdExclusively(candidate, `${file}.takeover`, own)) {
      if (!mayReplace(`${file}.takeover`, candidate, options)) return heldBy(readRecord(`${file}.takeover`));
      rmSync(`${file}.takeover`, { force: true });
    } else if (replacedOnce(file, candidate, options, own)) {
      return { kind: 'taken', lease: leaseOf(options, own) };
    }
  }
  return heldBy(readRecord(file));
}

function heldBy(holder: LeaseHolder | undefined): LeaseTaken {
  return { kind: 'held', ...(holder === undefined ? {} : { holder }) };
}

/** Only one process at a time comes here; the lease is judged anew, as it may have changed before. */
function replacedOnce(file: string, candidate: string, options: LeaseOptions, own: LeaseRecord): boolean {
  try {
    if (!mayReplace(file, candidate, options)) return false;
    linkOrCopy(candidate, `${candidate}.next`, own);
    renameSync(`${candidate}.next`, file);
    return readRecord(file)?.nonce === own.nonce;
  } finally {
    rmSync(`${file}.takeover`, { force: true });
    rmSync(`${candidate}.next`, { force: true });
  }
}

/** Has the lease in `file` expired, or has its process certainly died? `candidate` was written just now. */
function mayReplace(file: string, candidate: string, options: LeaseOptions): boolean {
  const written = modifiedMs(file);
  if (written === undefined) return true;
  if ((modifiedMs(candidate) ?? 0) - written > options.leaseMs) return true;
  const record = readRecord(file);
  if (record === undefined || record.host !== options.host) return false;
  return record.bootId !== options.bootId || !isAlive(record.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

function leaseOf(options: LeaseOptions, own: LeaseRecord): Lease {
  const file = leaseFile(options.directory);
  let lost: LeaseCheck | undefined;
  const guarded = (look: () => LeaseCheck): LeaseCheck => {
    if (lost !== undefined) return lost;
    const found = withoutStaleHandle(look);
    if (found.kind === 'lost') lost = found;
    return found;
  };
  return {
    check: () => guarded(() => compare(own, readFileSync(file, 'utf8'))),
    renew: () => guarded(() => writeHeartbeat(file, own, options.nowMs())),
    release: () => {
      if (readRecord(file)?.nonce === own.nonce) rmSync(file, { force: true });
    },
  };
}

function compare(own: LeaseRecord, text: string): LeaseCheck {
  const found = parseRecord(text);
  if (found?.nonce === own.nonce) return { kind: 'held' };
  return { kind: 'lost', ...(found === undefined ? {} : { holder: found }) };
}

/** Of the same length as what it replaces, so that a reader finds either one. */
function writeHeartbeat(file: string, own: LeaseRecord, nowMs: number): LeaseCheck {
  const opened = openSync(file, constants.O_RDWR);
  try {
    const found = compare(own, readFileSync(opened, 'utf8'));
    if (found.kind !== 'held') return found;
    writeSync(opened, textOf({ ...own, heartbeatAt: new Date(nowMs).toISOString() }), 0);
    fsyncSync(opened);
    return found;
  } finally {
    closeSync(opened);
  }
}

/** NFS answers ESTALE once when a file was replaced since it was last looked at. */
function withoutStaleHandle(look: () => LeaseCheck): LeaseCheck {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) !== 'ESTALE') return failedLook(error);
  }
  try {
    return look();
  } catch (error) {
    return failedLook(error);
  }
}

function failedLook(error: unknown): LeaseCheck {
  if (errorCode(error) === 'ENOENT') return { kind: 'lost' };
  return { kind: 'unknown', reason: String(error) };
}

/** Atomic also on NFS. A link that was made although the reply was lost reads as ours. */
function createdExclusively(candidate: string, file: string, own: LeaseRecord): boolean {
  try {
    linkOrCopy(candidate, file, own);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return readRecord(file)?.nonce === own.nonce;
  }
}

/** Some file systems (CIFS, some FUSE) have no hard links. */
function linkOrCopy(candidate: string, file: string, own: LeaseRecord): void {
  try {
    linkSync(candidate, file);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
    writeSynced(file, own);
  }
}

function writeSynced(file: string, record: LeaseRecord): void {
  writeFileSync(file, textOf(record), { flag: 'wx', mode: 0o600, flush: true });
}

function textOf(record: LeaseRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

function readRecord(file: string): LeaseRecord | undefined {
  try {
    return parseRecord(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function parseRecord(text: string): LeaseRecord | undefined {
  try {
    const record: Partial<LeaseRecord> | null = JSON.parse(text);
    if (typeof record?.nonce !== 'string' || typeof record.pid !== 'number') return undefined;
    return record as LeaseRecord;
  } catch {
    return undefined;
  }
}

function modifiedMs(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
