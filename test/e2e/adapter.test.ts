/** A scheduler that wfd does not know, by an adapter in a directory of its own: the example of the documentation. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callOf, DaemonUnderTest, isState } from './daemon-under-test.ts';

let daemon: DaemonUnderTest;
beforeEach(() => {
  daemon = new DaemonUnderTest();
  // What others may write to is not loaded, whatever the umask of the tests.
  mkdirSync(daemon.place('adapters/node_modules'), { recursive: true, mode: 0o755 });
  for (const file of ['queue', 'queue.mjs'])
    daemon.write(`adapters/${file}`, readFileSync(resolve('examples/backend', file), 'utf8'), 0o755);
  symlinkSync(resolve('.'), daemon.place('adapters/node_modules/wfd'));
  daemon.configure({ backend: 'toy', backends: { toy: adapter() } });
});
afterEach(() => daemon.remove());

/** An entry of the configuration. */
function adapter(changes: object = {}): object {
  const env = { PATH: `${daemon.place('adapters')}:${process.env['PATH']}`, QUEUE_SLOTS: '4' };
  const options = { directory: daemon.place('queue') };
  return { kind: 'adapter', module: './adapters/queue.mjs', poll: '0.5s', options, env, ...changes };
}

function listing(): string {
  const queue = [daemon.place('adapters/queue'), '--directory', daemon.place('queue'), 'list'] as const;
  return execFileSync(queue[0], queue.slice(1), { encoding: 'utf8' });
}

test('every job starts once, although the daemon is killed, and wfctl tells what it was asked', async () => {
  await daemon.start();
  const text = `tasks:
  count: {scatter: {n: [1, 2, 3, 4, 5, 6, 7, 8]}, run: "echo \${{ n }} >> starts; sleep 1"}
`;
  const id = await daemon.submit(daemon.write('eight.yaml', text));
  await daemon.until(id, (run) => run.callList?.some(({ status }) => status === 'Succeeded') === true);
  await daemon.killAndRestart();
  expect(await daemon.untilEnded(id)).toMatchObject({ status: 'Succeeded', backend: 'toy' });
  expect(readFileSync(daemon.place('starts'), 'utf8').trim().split('\n').toSorted().join('')).toBe(
    '12345678',
  );
  const { stdout } = await daemon.wfctl('backends', 'toy', '--json');
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({
    ...{ kind: 'queue', reachable: true, version: 'queue 1.0, no accounting', accounting: false },
    capabilities: { reconnect: true, lookUp: true, arrays: false, signals: true },
    commands: { total: { probe: 1, account: 0, unblock: 0 } },
  });
  expect(told.commands.total.observe).toBeGreaterThan(0);
  expect((await daemon.wfctl('backends')).stdout).toMatch(/^toy +reachable .* queue 1\.0/m);
});

test('an abort warns, kills, and takes back what waits', async () => {
  await daemon.start();
  const text = `tasks:
  running: {abort: {signal: USR1, grace: 2s}, run: "trap 'echo warned > warned' USR1; echo > ready; while :; do sleep 0.1 || :; done"}
  held: {resources: {options: {queue: [--hold]}}, run: echo > started}
`;
  const id = await daemon.submit(daemon.write('two.yaml', text));
  const before = await daemon.until(
    id,
    (run) => isState(run, 'running', 'running') && run.problems.length > 0,
  );
  expect(before.problems[0]?.text).toContain('`queue release` lets it go on');
  await daemon.wfctl('abort', id, '--wait');
  const run = await daemon.untilEnded(id);
  expect(run).toMatchObject({ status: 'Aborted', orphans: [] });
  expect(callOf(run, 'running').attempts[0]).toMatchObject({ cause: 'AbortedByUser', signal: null });
  expect(readFileSync(daemon.place('warned'), 'utf8')).toBe('warned\n');
  const ended = listing()
    .split('\n')
    .map((line) => line.replace(/^\d+ /, ''));
  expect(ended.toSorted()).toEqual([
    '',
    expect.stringMatching(/^ENDED - killed held\./),
    expect.stringMatching(/^ENDED \d+ killed running\./),
    'end',
  ]);
});

test('how a job ended is told apart', async () => {
  await daemon.start();
  const text = `failureMode: ContinueWhilePossible
tasks:
  code: {run: exit 3}
  late: {resources: {time: 1s}, run: sleep 60}
  signal: {run: "kill -SEGV $$"}
`;
  const run = await daemon.untilEnded(await daemon.submit(daemon.write('ends.yaml', text)));
  const causeOf = (key: string) => callOf(run, key).attempts[0];
  expect(causeOf('code')).toMatchObject({ cause: 'NonZeroExit', exitCode: 3 });
  expect(causeOf('late')).toMatchObject({ cause: 'TimeLimit' });
  expect(causeOf('signal')).toMatchObject({ cause: 'Signaled', signal: 'SEGV' });
});

test('what the scheduler could never do is refused at submit, with its place', async () => {
  await daemon.start();
  const file = daemon.write('wide.yaml', 'tasks: {a: {resources: {cpus: 8}, run: "true"}}\n');
  const { code, stderr } = await daemon.wfctl('submit', file);
  expect(code).toBe(2);
  expect(stderr).toMatch(/:1:\d+: .*'toy': a job of queue has one CPU of one node; ask for less/);
});

test('wfctl run takes it as well', async () => {
  const file = daemon.write('ok.yaml', 'tasks: {a: {run: echo done > done.txt}}\n');
  expect(await daemon.wfctl('run', file)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: Succeeded/),
  });
  expect(listing()).toMatch(/^1 ENDED 0 - a\..*\nend\n$/);
});

test('an adapter that cannot be used keeps the daemon from starting, and says where it stands', async () => {
  const wrong = { ...adapter({ options: { directory: 'queue', sloths: 2 } }) };
  const broken = daemon.write('adapters/broken.mjs', 'export const apiVersion = ;\n');
  const throwing = daemon.write(
    'adapters/throwing.cjs',
    'exports.apiVersion = 1; throw new Error("no licence");\n',
  );
  const others = { kind: 'adapter', module: broken };
  daemon.configure({ backends: { toy: wrong, broken: others, throwing: { ...others, module: throwing } } });
  daemon.spawn();
  expect(await daemon.exitCode()).toBe(2);
  const place = (column = '\\d+') => `${daemon.place('config.yaml')}:1:${column}: `;
  expect(daemon.log()).toMatch(
    new RegExp(`^wfd: ${place()}'backends.toy.options.sloths' is not known; there is: directory$`, 'm'),
  );
  expect(daemon.log()).toMatch(
    new RegExp(`^${place()}'backends.toy.options.directory' must be an absolute path$`, 'm'),
  );
  expect(daemon.log()).toMatch(
    new RegExp(
      `^${place()}'backends.broken.module' cannot be loaded: SyntaxError: .*; \`node --check ${broken}\` shows where$`,
      'm',
    ),
  );
  expect(daemon.log()).toMatch(
    new RegExp(`^${place()}'backends.throwing.module' cannot be loaded: no licence$`, 'm'),
  );
  expect(await daemon.wfctl('run', daemon.write('ok.yaml', 'tasks: {a: {run: "true"}}\n'))).toMatchObject({
    code: 2,
  });
});
