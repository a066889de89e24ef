/**
 * The store itself, synchronous, in whatever thread calls it: takes the lock and the lease, opens the
 * database, answers. The daemon runs it in a worker (worker.ts); tests and the simulation run it in place.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Changes } from '../engine/changes.ts';
import { type Journal, openDatabase } from './database.ts';
import { isLocalFileSystem } from './file-system.ts';
import {
  type Lease,
  type LeaseCheck,
  type LeaseOptions,
  readLeaseHolder,
  replaceLease,
  takeLease,
} from './lease.ts';
import { takeLock } from './lock.ts';
import { held, OpenFailure, openErrorOf, type StoreOpenError } from './open-error.ts';
import { ensurePrivateDirectory } from './private-files.ts';
import { createQuestions, type Questions } from './read.ts';
import type { CommitResult } from './store.ts';
import { prepareCommit } from './write.ts';

export interface CoreOptions {
  /** Made if it is not there. Holds `state.db`, `lease.json` and, on a local file system, `lock.db`. */
  readonly directory: string;
  /** As written by drizzle-kit: beside the bundled program. */
  readonly migrationsFolder: string;
  /** This machine's name, as other machines know it. */
  readonly host: string;
  /** `auto`: by the kind of the directory's file system. */
  readonly journal?: 'auto' | Journal;
  /** A lease on a network file system expires after so long without a heartbeat. */
  readonly leaseMs?: number;
}

export interface Surroundings {
  readonly nowMs: () => number;
  /** Another daemon has taken the state over: nothing can be committed any more. */
  readonly onLost: (reason: string) => void;
}

export interface Core extends Questions {
  commit(changes: Changes): CommitResult;
  close(): void;
}

export type OpenedCore =
  | { readonly ok: true; readonly core: Core }
  | { readonly ok: false; readonly error: StoreOpenError };

export function openCore(options: CoreOptions, surroundings: Surroundings): OpenedCore {
  const file = join(options.directory, 'state.db');
  try {
    ensurePrivateDirectory(options.directory);
    const journal = journalFor(options);
    const claim = claimDirectory(options, journal, surroundings);
    try {
      return { ok: true, core: openClaimed(file, journal, options.migrationsFolder, claim) };
    } catch (error) {
      claim.release();
      throw error;
    }
  } catch (error) {
    return { ok: false, error: openErrorOf(error, file, options.directory) };
  }
}

/** A store that forgets everything when it is dropped, for tests and the simulation. */
export function openMemoryCore(migrationsFolder: string): Core {
  const client = openDatabase({ file: ':memory:', journal: 'local', migrationsFolder });
  return coreOf(client, UNCLAIMED);
}

/** Our right to write into the directory. */
interface Claim {
  /** Tells others, now that the database is open, and goes on telling. */
  announce(): void;
  /** Why nothing may be written now. */
  veto(): string | undefined;
  release(): void;
}

const UNCLAIMED: Claim = { announce: () => undefined, veto: () => undefined, release: () => undefined };

const LEASE_MS = 60_000;

function openClaimed(file: string, journal: Journal, migrationsFolder: string, claim: Claim): Core {
  const client = openDatabase({ file, journal, migrationsFolder });
  try {
    claim.announce();
    return coreOf(client, claim);
  } catch (error) {
    client.close();
    throw error;
  }
}

function journalFor({ journal = 'auto', directory }: CoreOptions): Journal {
  if (journal !== 'auto') return journal;
  return isLocalFileSystem(directory) ? 'local' : 'network';
}

function claimDirectory(options: CoreOptions, journal: Journal, surroundings: Surroundings): Claim {
  const lease: LeaseOptions = {
    directory: options.directory,
    host: options.host,
    pid: process.pid,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    leaseMs: options.leaseMs ?? LEASE_MS,
    nowMs: surroundings.nowMs,
  };
  return journal === 'local' ? claimByLock(lease) : claimByLease(lease, surroundings.onLost);
}

/** The lock decides; the lease only says who has it. */
function claimByLock(options: LeaseOptions): Claim {
  const lock = takeLock(join(options.directory, 'lock.db'));
  if (lock === undefined) throw new OpenFailure(held(options.directory, readLeaseHolder(options.directory)));
  let lease: Lease | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  return {
    announce: () => {
      const announced = replaceLease(options);
      lease = announced;
      heartbeat = startHeartbeat(options, () => announced.renew());
    },
    veto: () => undefined,
    release: () => {
      clearInterval(heartbeat);
      lease?.release();
      lock.release();
    },
  };
}

function claimByLease(options: LeaseOptions, onLost: (reason: string) => void): Claim {
  const taken = takeLease(options);
  if (taken.kind === 'held') throw new OpenFailure(held(options.directory, taken.holder));
  const tellIfLost = onceLost(options.directory, onLost);
  const heartbeat = startHeartbeat(options, () => tellIfLost(taken.lease.renew()));
  return {
    announce: () => undefined,
    veto: () => vetoOf(taken.lease, options.directory, tellIfLost),
    release: () => {
      clearInterval(heartbeat);
      taken.lease.release();
    },
  };
}

function startHeartbeat({ leaseMs }: LeaseOptions, beat: () => void): NodeJS.Timeout {
  return setInterval(beat, leaseMs / 3).unref();
}

function onceLost(directory: string, onLost: (reason: string) => void): (check: LeaseCheck) => void {
  let told = false;
  return (check) => {
    if (check.kind !== 'lost' || told) return;
    told = true;
    onLost(lostText(directory, check));
  };
}

function vetoOf(
  lease: Lease,
  directory: string,
  tellIfLost: (check: LeaseCheck) => void,
): string | undefined {
  const check = lease.check();
  tellIfLost(check);
  switch (check.kind) {
    case 'held':
      return undefined;
    case 'lost':
      return lostText(directory, check);
    case 'unknown':
      return `the lease on ${directory} could not be read: ${check.reason}`;
    default:
      return check satisfies never;
  }
}

function lostText(
  directory: string,
  { holder }: { readonly holder?: { readonly host: string; readonly pid: number } },
): string {
  const who =
    holder === undefined
      ? 'its lease file is gone'
      : `host ${holder.host}, pid ${holder.pid} has taken it over`;
  return `this daemon no longer holds the state in ${directory}: ${who}`;
}

function coreOf(client: Database, claim: Claim): Core {
  const commit = prepareCommit(client, () => claim.veto());
  return {
    ...createQuestions(client),
    commit: (changes) =>
      client.open ? commit(changes) : { kind: 'refused', reason: 'the store has been closed' },
    close: () => {
      if (!client.open) return;
      try {
        if (!client.memory) client.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        client.close();
        claim.release();
      }
    },
  };
}
