/**
 * The right to write into a state directory, which one process has at a time: the daemon while it runs, or
 * `wfctl daemon restore` while none does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from './database.ts';
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
import { held, OpenFailure } from './open-error.ts';

export interface ClaimOptions {
  readonly directory: string;
  /** This machine's name, as other machines know it. */
  readonly host: string;
  readonly journal: Journal;
  /** A lease on a network file system expires after so long without a heartbeat. */
  readonly leaseMs?: number;
  readonly nowMs: () => number;
  /** Somebody else has taken the directory over. */
  readonly onLost: (reason: string) => void;
}

export interface Claim {
  /** Tells others, now that the database is open, and goes on telling. */
  announce(): void;
  /** Why nothing may be written now. */
  veto(): string | undefined;
  release(): void;
}

export const UNCLAIMED: Claim = {
  announce: () => undefined,
  veto: () => undefined,
  release: () => undefined,
};

const LEASE_MS = 60_000;

/** `auto`: by the kind of the directory's file system. */
export function journalFor(directory: string, journal: 'auto' | Journal): Journal {
  if (journal !== 'auto') return journal;
  return isLocalFileSystem(directory) ? 'local' : 'network';
}

/** Throws `OpenFailure` where another process has it. */
export function claimDirectory(options: ClaimOptions): Claim {
  const lease: LeaseOptions = {
    directory: options.directory,
    host: options.host,
    pid: process.pid,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    leaseMs: options.leaseMs ?? LEASE_MS,
    nowMs: options.nowMs,
  };
  return options.journal === 'local' ? claimByLock(lease) : claimByLease(lease, options.onLost);
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
