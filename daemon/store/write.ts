/**
 * One commit: everything or nothing, in one immediate transaction.
 *
 * A commit is *refused* when the place where the state lies does not take it (full, over quota, read-only,
 * locked by another program, lease lost). Anything else that goes wrong is a bug or a broken file and is
 * thrown as `StoreBrokenError`: nothing of the commit is stored either, but trying again cannot help.
 */
import type { Database } from 'better-sqlite3';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { Changes, Settings } from '../engine/changes.ts';
import { StoreBrokenError } from './broken.ts';
import {
  rowOfAttempt,
  rowOfCall,
  rowOfEvent,
  rowOfOrphan,
  rowOfRead,
  rowOfRun,
  rowOfSubmission,
} from './rows.ts';
import { attempts, bundles, calls, events, orphans, reads, runs, settings, submissions } from './schema.ts';
import { refusalReason } from './sqlite-errors.ts';
import type { CommitResult } from './store.ts';
import { prepareInsert, prepareUpsert } from './upsert.ts';

/** Why nothing may be written although the database could; undefined: it may. Asked within the transaction. */
export type Veto = () => string | undefined;

export function prepareCommit(client: Database, veto: Veto): (changes: Changes) => CommitResult {
  const write = prepareWrite(client);
  const transaction = client.transaction((changes: Changes) => {
    write(changes);
    const reason = veto();
    if (reason !== undefined) throw new Vetoed(reason);
  });
  return (changes) => {
    try {
      transaction.immediate(changes);
      return { kind: 'committed' };
    } catch (error) {
      return refusedOrThrown(error, client.name);
    }
  };
}

class Vetoed extends Error {}

function refusedOrThrown(error: unknown, file: string): CommitResult {
  if (error instanceof Vetoed) return { kind: 'refused', reason: error.message };
  const reason = refusalReason(error, file);
  if (reason !== undefined) return { kind: 'refused', reason };
  throw new StoreBrokenError(
    `The state in ${file} could not be changed, and trying again would not help: ${String(error)}. ` +
      'Nothing of this change is stored. Please report this together with the log.',
    { cause: error },
  );
}

/** Rows that others point to come first. */
function prepareWrite(client: Database): (changes: Changes) => void {
  const upsertRun = prepareUpsert(client, runs, [runs.id]);
  const upsertBundle = prepareUpsert(client, bundles, [bundles.runId]);
  const upsertCall = prepareUpsert(client, calls, [calls.runId, calls.key]);
  const upsertSubmission = prepareSubmission(client);
  const upsertAttempt = prepareUpsert(client, attempts, [attempts.runId, attempts.call, attempts.number]);
  const upsertRead = prepareUpsert(client, reads, [reads.runId, reads.id]);
  const upsertOrphan = prepareUpsert(client, orphans, [orphans.tag, orphans.call]);
  const insertEvent = prepareInsert(client, events, events.seq);
  const writeSettings = prepareSettings(client);
  return (changes) => {
    for (const run of changes.runs) upsertRun(rowOfRun(run));
    for (const bundle of changes.bundles) upsertBundle(bundle);
    for (const call of changes.calls) upsertCall(rowOfCall(call));
    for (const submission of changes.submissions) upsertSubmission(submission);
    for (const attempt of changes.attempts) upsertAttempt(rowOfAttempt(attempt));
    for (const read of changes.reads) upsertRead(rowOfRead(read));
    for (const orphan of changes.orphans) upsertOrphan(rowOfOrphan(orphan));
    writeSettings(changes.settings);
    for (const event of changes.events) insertEvent(rowOfEvent(event));
  };
}

/** A tag is used once, and its elements never change (SEMANTICS 6, exactly once). */
function prepareSubmission(client: Database): (submission: Changes['submissions'][number]) => void {
  const upsert = prepareUpsert(
    client,
    submissions,
    [submissions.tag],
    [submissions.runId, submissions.elements],
  );
  return (submission) => {
    if (upsert(rowOfSubmission(submission))) return;
    throw new Error(`submission ${submission.tag} is stored already, for another run or with other elements`);
  };
}

function prepareSettings(client: Database): (changed: Settings) => void {
  const upsert = prepareUpsert(client, settings, [settings.name]);
  const remove = drizzle(client)
    .delete(settings)
    .where(eq(settings.name, sql.placeholder('name')))
    .prepare();
  return (changed) => {
    for (const [name, value] of Object.entries(changed)) {
      if (value === null) remove.run({ name });
      else upsert({ name, value });
    }
  };
}
