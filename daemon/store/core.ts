/**
 * The store itself, synchronous, in whatever thread calls it: takes the lock and the lease, opens the
 * database, answers. The daemon runs it in a worker (worker.ts); tests and the simulation run it in place.
 */
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Changes } from '../engine/changes.ts';
import { type CareWork, createCareWork } from './care-work.ts';
import { type Claim, claimDirectory, journalFor, UNCLAIMED } from './claim.ts';
import { type DatabaseOptions, type Journal, openDatabase } from './database.ts';
import { openErrorOf, type StoreOpenError } from './open-error.ts';
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

export interface Core extends Questions, CareWork {
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
    const { journal: wanted = 'auto', migrationsFolder, ...rest } = options;
    const journal = journalFor(options.directory, wanted);
    const claim = claimDirectory({ ...rest, ...surroundings, journal });
    try {
      const { nowMs } = surroundings;
      return { ok: true, core: openClaimed({ file, journal, migrationsFolder, nowMs }, claim) };
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

function openClaimed(options: DatabaseOptions, claim: Claim): Core {
  const client = openDatabase(options);
  try {
    claim.announce();
    return coreOf(client, claim);
  } catch (error) {
    client.close();
    throw error;
  }
}

function coreOf(client: Database, claim: Claim): Core {
  const veto = () => claim.veto();
  const commit = prepareCommit(client, veto);
  return {
    ...createQuestions(client),
    ...createCareWork(client, veto),
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
