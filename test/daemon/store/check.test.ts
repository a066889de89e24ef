/** Reading a database through: what is found, and that looking changes nothing. */
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../../daemon/store/inspect.ts';
import { inspectInThread } from '../../../daemon/store/inspector.ts';
import {
  bundled,
  HOST,
  MIGRATIONS,
  opened,
  REPOSITORY,
  temporaryDirectory,
  usedDirectory,
} from './places.ts';

const VERSION = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql')).length;

function look(file: string) {
  return inspect({ file, migrationsFolder: MIGRATIONS });
}

test('a sound database: its version, rows and size', async () => {
  const file = join(await usedDirectory(), 'state.db');
  const before = readFileSync(file);

  expect(look(file)).toEqual({
    kind: 'read',
    report: {
      findings: [],
      version: VERSION,
      rows: {
        ...{ runs: 1, bundles: 1, calls: 200, attempts: 0, events: 0 },
        ...{ submissions: 0, reads: 0, orphans: 0, settings: 0 },
      },
      bytes: statSync(file).size,
    },
  });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('one in which a run is missing: every row that belonged to it is named', async () => {
  const file = join(await usedDirectory(), 'state.db');
  const client = new Database(file);
  client.pragma('foreign_keys = OFF');
  client.exec('delete from runs');
  client.close();

  const looked = look(file);

  const findings = looked.kind === 'read' ? looked.report.findings : [];
  expect(findings).toHaveLength(100);
  expect(findings).toContain('row 1 of calls belongs to no row of runs');
});

test('an index that disagrees with its table', async () => {
  const file = join(await usedDirectory(), 'state.db');
  const client = new Database(file);
  client.unsafeMode();
  client.pragma('writable_schema = ON');
  client.exec(
    "update sqlite_schema set sql = replace(sql, '`role`,`status`', '`status`,`role`') where name = 'calls_by_status'",
  );
  client.close();

  const looked = look(file);
  expect(looked.kind === 'read' && looked.report.findings.join('\n')).toMatch(/calls_by_status/);
});

describe('a file that is none of ours, or not whole', () => {
  test.each<[string, (file: string) => void, RegExp]>([
    ['not there', () => undefined, /could not be opened/],
    [
      'of another program',
      (file) => new Database(file).exec('create table songs (title text)').close(),
      /some other program/,
    ],
  ])('%s', (_, make, words) => {
    const file = join(temporaryDirectory(), 'state.db');
    make(file);
    const looked = look(file);
    expect(looked).toMatchObject({ kind: 'failed', reason: expect.stringMatching(words) });
    expect(looked.kind === 'failed' && looked.reason).toContain(file);
  });

  test('text', () => {
    const file = join(temporaryDirectory(), 'state.db');
    writeFileSync(file, 'run 17: Succeeded\n'.repeat(1_000));
    for (const madeAtMs of [{}, { madeAtMs: 1 }]) {
      expect(inspect({ file, migrationsFolder: MIGRATIONS, ...madeAtMs })).toMatchObject({
        kind: 'read',
        report: { findings: ['SqliteError: file is not a database'] },
      });
    }
  });

  test('overwritten in the middle', async () => {
    const file = join(await usedDirectory(), 'state.db');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8_192);
    writeFileSync(file, bytes);
    const looked = look(file);
    expect(looked.kind === 'read' && looked.report.findings.length).toBeGreaterThan(0);
  });
});

test('a daemon that works on it in local mode is not disturbed; in network mode nobody else may look', async () => {
  const local = await usedDirectory();
  opened(local, { journal: 'local' });
  expect(look(join(local, 'state.db'))).toMatchObject({ kind: 'read', report: { findings: [] } });

  const network = await usedDirectory();
  opened(network, { journal: 'network' });
  expect(look(join(network, 'state.db'))).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining(`Another daemon works on the state in ${network}: host ${HOST}`),
  });
});

test('in a thread of its own', async () => {
  const directory = await usedDirectory();
  const worker = await bundled('daemon/store/inspect-worker.ts', directory);
  const look = inspectInThread(worker, MIGRATIONS);

  expect(await look(join(directory, 'state.db'))).toMatchObject({ kind: 'read', report: { findings: [] } });

  const copy = join(directory, 'copy.db');
  copyFileSync(join(directory, 'state.db'), copy);
  expect(await look(copy, 1_000)).toMatchObject({ kind: 'read', report: { rows: { settings: 1 } } });
  const broken = inspectInThread(join(REPOSITORY, 'nowhere.cjs'), MIGRATIONS);
  expect(await broken(copy)).toMatchObject({ kind: 'failed', reason: expect.stringContaining(copy) });
});
