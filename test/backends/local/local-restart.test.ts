/** A process with a local backend in it is killed; another one finds everything again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NativeId } from '../../../backends/backend.ts';
import { jobs, makePlace, OWNER, type Place, until } from './local-fixture.ts';

let local: Place;
let program = '';

beforeEach(() => {
  local = makePlace();
  program = local.path('daemon.mjs');
  const entryPoint = join(import.meta.dirname, '../../../backends/local/local.ts');
  buildSync({
    entryPoints: [entryPoint],
    outfile: local.path('local.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterEach(() => local.remove());

/** Submits the requests one after another, with the settings of the place, and then stays. */
function startDaemon(requests: readonly object[]): ChildProcess {
  const settings = { cpus: 2, memoryMiB: 1000, graceSeconds: 0.2, stateDir: local.path('state') };
  writeFileSync(
    program,
    `import { createLocal } from './local.mjs';
    const backend = createLocal('local', ${JSON.stringify(settings)});
    for (const request of ${JSON.stringify(requests)}) await backend.submit(request);
    console.log('submitted');
    setInterval(() => backend.observe(${JSON.stringify(OWNER)}), 20);`,
  );
  return spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function kill(daemon: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    daemon.once('exit', () => resolve());
    daemon.kill('SIGKILL');
  });
}

test('jobs go on when the daemon is killed, and are found with their exit codes', async () => {
  const finish = local.path('finish');
  const text = `while [ ! -e ${finish} ]; do sleep 0.05; done; exit 7`;
  const daemon = startDaemon([
    local.request('a', text),
    local.request('b', text),
    local.request('c', 'exit 8'),
  ]);
  await new Promise((resolve) => daemon.stdout?.once('data', resolve));
  await kill(daemon);
  await local.running('a');
  await local.running('b');
  expect(await local.job('c')).toMatchObject({ state: 'queued' });
  writeFileSync(finish, '');
  expect(await local.end('a')).toMatchObject({ kind: 'NonZeroExit', exitCode: 7 });
  expect(await local.end('b')).toMatchObject({ kind: 'NonZeroExit', exitCode: 7 });
  expect(await local.end('c')).toMatchObject({ kind: 'NonZeroExit', exitCode: 8 });
});

test('a job of a killed daemon can be ended by the next one', async () => {
  const daemon = startDaemon([local.request('a', 'exec sleep 60')]);
  await new Promise((resolve) => daemon.stdout?.once('data', resolve));
  await kill(daemon);
  await local.running('a');
  await local.backend.abort(OWNER, ['a' as NativeId], { kind: 'kill' });
  expect(await local.end('a')).toMatchObject({ kind: 'Cancelled', exitCode: 143 });
});

test('killed after any number of submits: each job that is on record runs exactly once', async () => {
  const tags = Array.from({ length: 12 }, (_, n) => `job${n}`);
  const requests = tags.map((tag) => local.request(tag, `echo ran >>${local.path(`${tag}.ran`)}`));
  for (const count of [1, 5, 9]) {
    const daemon = startDaemon(requests);
    const active = join(local.record('job0'), '..');
    await until(async () =>
      expect(existsSync(active) ? readdirSync(active).length : 0).toBeGreaterThanOrEqual(count),
    );
    await kill(daemon);
  }
  const recorded = (await jobs(local.backend)).map((job) => job.tag);
  for (const tag of recorded) expect((await local.end(tag)).kind).toBe('Succeeded');
  for (const tag of recorded) expect(readFileSync(local.path(`${tag}.ran`), 'utf8')).toBe('ran\n');
  expect(recorded.length).toBeGreaterThanOrEqual(9);
});

test('two daemons that look at the same records start each job once', async () => {
  const other = local.restarted();
  const tags = Array.from({ length: 10 }, (_, n) => `job${n}`);
  for (const tag of tags) await local.submit(tag, `echo ran >>${local.path(`${tag}.ran`)}`);
  await until(async () => expect((await jobs(other)).every((job) => job.state === 'ended')).toBe(true));
  for (const tag of tags) expect(readFileSync(local.path(`${tag}.ran`), 'utf8')).toBe('ran\n');
});
