/**
 * A daemon of the same user on another login node: named, not doubled, and gone to by ssh. The other host is played by
 * an `ssh` that runs the command here, with a socket on which a daemon answers.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Served, serveFake } from '../daemon/api/api-fixture.ts';
import { createFake } from '../daemon/api/fake-engine.ts';
import { buildWfctl, type Ended, type Wfctl } from './wfctl-fixture.ts';

let wfctl: Wfctl;
let served: Served;
/** Each test has a state, and what an `ssh` was given, of its own. */
let place: string;
let count = 0;

beforeAll(async () => {
  wfctl = await buildWfctl(['config.cjs']);
  served = await serveFake({}, { socket: join(wfctl.directory, 'there.sock'), fake: createFake() });
  // A daemon that is started tells of it.
  script(join(dirname(wfctl.program), 'wfd'), 'touch "$WFD_STATE_DIR/started"; exit 3');
});
afterAll(async () => {
  await served.close();
  wfctl.remove();
});
beforeEach(() => {
  place = join(wfctl.directory, `place-${count++}`);
  mkdirSync(join(place, 'state'), { recursive: true });
  mkdirSync(join(place, 'bin'));
});

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

interface Lease {
  readonly silentMs?: number;
  readonly leaseMs?: number;
  readonly host?: string;
}

function writeLease({ silentMs = 12_000, leaseMs = 60_000, host = 'login1' }: Lease = {}): void {
  const heartbeatAt = new Date(Date.now() - silentMs).toISOString();
  const lease = { host, pid: 4711, bootId: 'x', startedAt: heartbeatAt, heartbeatAt, nonce: 'n', leaseMs };
  writeFileSync(join(place, 'state/lease.json'), JSON.stringify(lease));
}

/** What it was given, each word ended by a NUL. */
const RECORD = 'printf \'%s\\0\' "$@" > "$PLACE/ssh"; cat > "$PLACE/stdin"';
/** Over there the lease is that of a daemon of that host, and its socket is there. */
const RUN_HERE = `${RECORD}; while [ "$1" != -- ]; do shift; done; shift 2; rm -f "$PLACE/state/lease.json"; exec sh -c "$(printf '%s' "$*" | sed "s#'wfctl'#env 'WFD_SOCKET=$THERE' 'wfctl'#")"`;

function asked(): string[] | undefined {
  const file = join(place, 'ssh');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0').slice(0, -1) : undefined;
}

interface Surroundings {
  readonly config?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

function surroundings(): Record<string, string> {
  return {
    PATH: [join(place, 'bin'), dirname(wfctl.program), process.env['PATH']].join(':'),
    WFD_STATE_DIR: join(place, 'state'),
    PLACE: place,
    THERE: served.socket,
    ...(existsSync(join(place, 'config.yaml')) && { WFD_CONFIG: join(place, 'config.yaml') }),
  };
}

function run(words: readonly string[], { config, cwd, env }: Surroundings = {}): Promise<Ended> {
  if (config !== undefined) writeFileSync(join(place, 'config.yaml'), config);
  return wfctl.run(words, { env: { ...surroundings(), ...env }, ...(cwd !== undefined && { cwd }) });
}

const SSH = 'client: {remote: ssh}';

describe('named, and not doubled', () => {
  test('says where, since when nothing was heard, and what to do', async () => {
    writeLease();
    const { code, stderr } = await run(['status', '17', '--calls'], { cwd: '/usr' });
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /^wfctl: your daemon runs on login1, pid 4711 \(last sign of life 1[23] s ago\), not here\n/,
    );
    expect(stderr).toContain("ssh login1 'cd /usr && wfctl status 17 --calls'\n");
    expect(stderr).toContain('client: {remote: ssh}');
    expect(stderr).toContain('wfctl service move');
    expect(asked()).toBeUndefined();
  });

  test.each([[['list', '--start']], [['daemon', 'start']]])('%j starts nothing', async (words) => {
    writeLease();
    expect(await run(words)).toMatchObject({ code: 69, stderr: expect.stringMatching('runs on login1') });
    expect(existsSync(join(place, 'state/started'))).toBe(false);
  });

  test('a socket that its daemon left in the common directory is not waited for', async () => {
    writeLease();
    const stale = join(place, 'state/wfd.sock');
    const made = await serveFake({}, { socket: stale, fake: createFake() });
    renameSync(stale, `${stale}.kept`);
    await made.close();
    renameSync(`${stale}.kept`, stale);
    expect((await run(['list'])).stderr).toMatch('runs on login1');
  });

  test.each([
    ['expired', { silentMs: 150_000 }, /no daemon answers/],
    ['of a long lease', { silentMs: 150_000, leaseMs: 600_000 }, /runs on login1/],
  ])('a lease that is %s', async (_, lease, message) => {
    writeLease(lease);
    expect((await run(['list'])).stderr).toMatch(message);
  });

  test('where one answers here, no lease is looked at', async () => {
    writeLease();
    expect(await run(['list', '--socket', served.socket])).toMatchObject({ code: 0 });
  });
});

describe('client.remote: ssh', () => {
  test('runs itself there: same words, same directory, its output and exit code', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), RUN_HERE);
    const cwd = join(place, "it's; a $(directory)");
    mkdirSync(cwd);
    const missing = await run(['status', '999', '--json'], { config: SSH, cwd });
    expect(missing.code).toBe(3);
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'RUN_NOT_FOUND' } });
    const [dashes, host, line, ...more] = asked() ?? [];
    expect([dashes, host, more]).toEqual(['--', 'login1', []]);
    expect(line).toContain(`cd '${cwd.replace("'", "'\\''")}' || exit 69; exec 'env'`);
    expect(line).toMatch(/'wfctl' 'status' '999' '--json'$/);
    expect(line).toContain(`'WFD_STATE_DIR=${join(place, 'state')}'`);
  });

  test('words stay words, whatever is in them', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), 'while [ "$1" != -- ]; do shift; done; shift 2; exec sh -c "$*"');
    script(join(place, 'bin/wfctl'), 'printf \'%s\\0\' "$@" > "$PLACE/words"');
    const words = ['hold', '9', '--reason', 'a "b" $c `d`; \'e\'\n#f *\\g'];
    expect(await run(words, { config: SSH })).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(place, 'words'), 'utf8').split('\0').slice(0, -1)).toEqual(words);
  });

  test('the command and its options are those of the configuration', async () => {
    writeLease();
    script(join(place, 'bin/hop'), `${RECORD}; exit 7`);
    const config = 'client: {remote: ssh, sshCommand: [hop, -o, BatchMode=yes]}';
    expect((await run(['list'], { config })).code).toBe(7);
    expect(asked()?.slice(0, 4)).toEqual(['-o', 'BatchMode=yes', '--', 'login1']);
  });

  test('no terminal is asked for where ours is none, and no input is read to its end', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), RECORD);
    const loop = 'for id in 1 2 3; do echo $id; done | while read id; do wfctl list; echo read $id; done';
    writeFileSync(join(place, 'config.yaml'), SSH);
    const { stdout } = await wfctl.runProgram('/bin/sh', ['-c', loop], { env: surroundings() });
    expect(stdout).toBe('read 1\nread 2\nread 3\n');
    expect(asked()).not.toContain('-t');
  });

  test.each([
    ['wfctl list', true, false],
    ['wfctl abort --all | cat', false, true],
  ])(
    'at a terminal, `%s`: a terminal there too %s, no questions there %s',
    async (line, terminal, mustNotAsk) => {
      writeLease();
      script(join(place, 'bin/ssh'), 'printf \'%s\\0\' "$@" > "$PLACE/ssh"');
      writeFileSync(join(place, 'config.yaml'), SSH);
      await wfctl.runProgram('script', ['-qec', line, '/dev/null'], { env: surroundings() });
      expect(asked()?.includes('-t')).toBe(terminal);
      expect(asked()?.at(-1)?.includes('WFCTL_MUST_NOT_ASK')).toBe(mustNotAsk);
    },
  );

  test('a question that cannot be asked is not taken for answered', async () => {
    const words = ['abort', '--all', '--socket', served.socket];
    const refused = await run(words, { env: { WFCTL_MUST_NOT_ASK: '1' } });
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('add --yes') });
    expect(served.fake.wishes.filter((wish) => wish.startsWith('abort'))).toEqual([]);
  });

  test('ssh that cannot get there', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), 'echo "Permission denied (publickey)." >&2; exit 255');
    const { code, stderr } = await run(['list'], { config: SSH });
    expect(code).toBe(69);
    expect(stderr).toMatch(/Permission denied.*\n.*runs on login1.*; ssh login1 failed/);
  });

  test('no ssh at all', async () => {
    writeLease();
    const { code, stderr } = await run(['list'], {
      config: 'client: {remote: ssh, sshCommand: [no-such-ssh]}',
    });
    expect(code).toBe(69);
    expect(stderr).toMatch(/no-such-ssh cannot be started/);
  });

  test('a command that came from another host is not sent on', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), RECORD);
    const { code, stderr } = await run(['list'], { config: SSH, env: { WFCTL_SENT_BY: 'login2' } });
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /login2 sent this command to .*, but here it seems that your daemon runs on login1/,
    );
    expect(asked()).toBeUndefined();
  });

  test('a configuration with mistakes sends nobody anywhere', async () => {
    writeLease();
    script(join(place, 'bin/ssh'), RECORD);
    expect((await run(['list'], { config: `${SSH}\nlog: 7` })).code).toBe(69);
    expect(asked()).toBeUndefined();
  });

  test('a submit whose daemon goes away meanwhile is not made a second time', async () => {
    script(join(place, 'bin/ssh'), RECORD);
    const socket = join(place, 'state/wfd.sock');
    const here = await serveFake({}, { socket, fake: createFake() });
    const file = join(place, 'w.yaml');
    writeFileSync(file, 'name: w\ntasks:\n  a: {run: "true"}\n');
    const submitted = run(['submit', file, '--wait'], { config: SSH });
    await expect.poll(() => here.fake.wishes, { timeout: 20_000 }).toContain('submit');
    writeLease();
    await here.close();
    expect(await submitted).toMatchObject({ code: 69, stderr: expect.stringMatching('runs on login1') });
    expect(asked()).toBeUndefined();
  });
});
