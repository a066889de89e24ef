/**
 * Copies of the database while the daemon works: SQLite's own copy, completed and read through in a thread of its
 * own, and only then put under its name. The copy is made beside the database and moved afterwards, so that a file
 * server that hangs holds up a backup and nothing else.
 */
import { rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CheckReport } from '../store/check.ts';
import type { Inspect } from '../store/inspector.ts';
import type { RowCounts, StoreCare } from '../store/store-care.ts';
import { backupPath, isThere, moveFile, removeOldBackups } from './backup-files.ts';

export interface BackupParts {
  readonly store: StoreCare;
  readonly inspect: Inspect;
  readonly stateDir: string;
  readonly nowMs: () => number;
  /** Free bytes where this directory lies; absent: asked of the system. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

export interface Copy {
  readonly file: string;
  readonly atMs: number;
  readonly report: CheckReport;
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export class Backups {
  private readonly parts: BackupParts;
  /** One copy at a time: each takes space, and they have one name while they are made. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(parts: BackupParts) {
    this.parts = parts;
  }

  /** One more among the others, of which `keep` stay. */
  makeNext(directory: string, keep: number): Promise<Outcome<Copy>> {
    return this.withCopy(async (copy) => {
      const made = await putAt(copy, backupPath(directory, copy.atMs));
      if (made.ok) await removeOldBackups(directory, keep);
      return made;
    });
  }

  /** Under a name of its own, which must be new. */
  makeAt(file: string): Promise<Outcome<Copy>> {
    return this.withCopy(async (copy) =>
      (await isThere(file)) ? failed(`${file} exists already; name a new file`) : putAt(copy, file),
    );
  }

  /** Reads all there is through, in a copy, since the daemon and its commits are not to wait for it. */
  check(): Promise<Outcome<CheckReport>> {
    return this.withCopy(async ({ report }) => ({ ok: true, value: report }));
  }

  private withCopy<T>(use: (copy: Copy) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const file = join(this.parts.stateDir, 'state.db.copying');
    const mine = this.last
      .then(async () => {
        const copy = await this.copyTo(file);
        return copy.ok ? await use(copy.value) : copy;
      })
      .catch((error: unknown) => failed(wordsOf(error)))
      .finally(() => removeCopy(file));
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async copyTo(file: string): Promise<Outcome<Copy>> {
    const { store, inspect, nowMs } = this.parts;
    const obstacle = await this.obstacle();
    if (obstacle !== undefined) return failed(obstacle);
    const copied = await store.copyTo(file);
    if (copied.kind === 'refused') return failed(copied.reason);
    const atMs = nowMs();
    const inspected = await inspect(file, atMs);
    if (inspected.kind === 'failed') return failed(inspected.reason);
    const { report } = inspected;
    const lacking = lackingRows(copied.rows, report.rows);
    return lacking === undefined ? { ok: true, value: { file, atMs, report } } : failed(lacking);
  }

  /** A copy that filled the disk would keep the daemon from storing anything at all. */
  private async obstacle(): Promise<string | undefined> {
    const { store, stateDir, freeBytes = freeBytesIn } = this.parts;
    const needed = (await store.size()) + RESERVE_BYTES;
    const free = await freeBytes(stateDir);
    if (free >= needed) return undefined;
    return `a copy needs ${mib(needed)} MiB in ${stateDir}, where ${mib(free)} MiB are free: free space there`;
  }
}

/** Left for what the daemon stores meanwhile. */
const RESERVE_BYTES = 16 * 1024 * 1024;

/** A damaged database is no backup: an older one is worth more, and must not be rotated away for it. */
async function putAt(copy: Copy, file: string): Promise<Outcome<Copy>> {
  const [finding] = copy.report.findings;
  if (finding !== undefined) {
    return failed(`the database is damaged (${finding}); \`wfctl daemon check\` says more`);
  }
  await moveFile(copy.file, file).catch((error: unknown) => {
    throw new Error(`the backup cannot be put into ${dirname(file)}: ${wordsOf(error)}`);
  });
  return { ok: true, value: { ...copy, file } };
}

/** The copy has one setting more: that it is one. */
function lackingRows({ settings: _, ...source }: RowCounts, copy: RowCounts): string | undefined {
  for (const [table, rows] of Object.entries(source)) {
    if (copy[table] !== rows)
      return `the copy has ${copy[table] ?? 0} rows of ${table}, the database has ${rows}`;
  }
  return undefined;
}

async function freeBytesIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

async function removeCopy(file: string): Promise<void> {
  for (const end of ['', '-journal', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}

function failed(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
