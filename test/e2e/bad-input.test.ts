/** Whatever is given to it: one clear error with the documented exit code, and the daemon goes on. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { hasUser } from './people.ts';

const OK = 'name: ok\ntasks: {a: {run: "true"}}\n';
const MIB = 1024 * 1024;

describe('a daemon that is asked nonsense', () => {
  const daemon = new DaemonUnderTest(hasUser('wfalice') ? { user: 'wfalice' } : {});
  beforeAll(() => daemon.start());
  afterAll(() => daemon.remove());
  afterEach(async () => {
    const { code, stdout } = await daemon.wfctl('list', '--json');
    expect({ code, runs: JSON.parse(stdout) }).toEqual({ code: 0, runs: [] });
  });

  test.each([
    ['an unknown key', 'name: x\ntasks: {a: {run: "true", retrys: 3}}\n', /:2:26: .*retrys.*retries/s],
    ['a cycle', 'name: x\ntasks:\n  a: {needs: b, run: x}\n  b: {needs: a, run: x}\n', /in a circle/],
    [
      'a task that is not there',
      'name: x\ntasks: {alpha: {run: x}, b: {needs: alpa, run: x}}\n',
      /alpa.*alpha/s,
    ],
    ['a missing input', 'name: x\ninputs: {reference: null}\ntasks: {a: {run: x}}\n', /reference/],
    ['time without a unit', 'name: x\ntasks: {a: {resources: {time: 30}, run: x}}\n', /30.*minutes|unit/s],
    ['memory in a wrong unit', 'name: x\ntasks: {a: {resources: {memory: 4X}, run: x}}\n', /4X/],
    ['a wrong expression', `name: x\ntasks: {a: {run: "echo \${{ inputs.nope }}"}}\n`, /nope/],
    ['no YAML', 'name: [\n', /:\d+:\d+: /],
    [
      'a file of lines that is not there',
      'name: x\ninputs: {s: {linesOf: no.txt}}\ntasks: {a: {run: x}}\n',
      /no\.txt/,
    ],
    ['GPUs where there are none', 'name: x\ntasks: {a: {resources: {gpus: 1}, run: x}}\n', /:2:31: .*GPUs/],
    ['a task on no backend', 'name: x\ntasks: {a: {backend: lcoal, run: x}}\n', /:2:22: .*'local'/],
  ])('%s', async (_name, text, says) => {
    const file = daemon.write('bad.yaml', text);
    const { code, stdout, stderr } = await daemon.wfctl('submit', file, '--backend', 'local');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['no command', [], 2, /no command given/],
    ['an unknown command', ['sumbit', 'x.yaml'], 2, /submit/],
    ['an unknown option', ['list', '--colour'], 2, /colour/],
    ['no run id', ['status', 'seventeen'], 2, /not a run id/],
    ['a run that is not there', ['status', '99'], 3, /99/],
    ['abort of a run that is not there', ['abort', '99'], 3, /99/],
    ['a file that is not there', ['submit', 'nothing.yaml'], 2, /nothing\.yaml/],
    ['a directory', ['submit', '/tmp'], 2, /\/tmp/],
    ['an unknown backend', ['submit', 'ok.yaml', '--backend', 'slrum'], 2, /slrum.*local/s],
    ['an unknown input', ['submit', 'ok.yaml', '--input', 'a=1'], 2, /"?a"?/],
    ['an unknown failure mode', ['submit', 'ok.yaml', '--failure-mode', 'Never'], 2, /NoNewCalls/],
  ] as const)('%s', async (_name, words, exitCode, says) => {
    daemon.write('ok.yaml', OK);
    const { code, stdout, stderr } = await daemon.wfctl(...words);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(says);
  });

  test.runIf(hasUser('wfalice'))('an unreadable file, and a directory that cannot be written', async () => {
    const file = daemon.write('secret.yaml', OK);
    chmodSync(file, 0);
    const unreadable = await daemon.wfctl('submit', file);
    expect(unreadable).toMatchObject({ code: 2, stderr: expect.stringMatching(/secret\.yaml.*permission/i) });
    daemon.write('ok.yaml', OK);
    mkdirSync(daemon.place('closed'), { mode: 0o755 });
    const words = [`${process.cwd()}/dist/wfctl`, 'submit', daemon.place('ok.yaml'), '--backend', 'local'];
    const refused = await daemon.speak(words, daemon.place('closed'));
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/closed.*permission/is);
  });

  test('ten megabytes of junk', async () => {
    const answer = await junk(daemon.socket, randomBytes(10 * MIB));
    expect(answer).toMatch(/^(HTTP\/1\.1 400 |$)/);
    const headed = await junk(
      daemon.socket,
      Buffer.concat([Buffer.from('GET /'), Buffer.alloc(10 * MIB, 'x')]),
    );
    expect(headed).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });

  test.each([
    ['ten megabytes that are no JSON', Buffer.alloc(10 * MIB, 'x'), 400, 'INVALID_REQUEST'],
    ['an unknown key', Buffer.from('{"bundel": {}}'), 400, 'INVALID_REQUEST'],
  ])('a request body of %s', async (_name, body, status, code) => {
    const answer = await post(daemon.socket, body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(code);
  });

  test('a request body of more than it takes is refused before it is sent', async () => {
    const answer = await post(daemon.socket, Buffer.from('{'), 70 * MIB);
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('REQUEST_TOO_LARGE');
  });
});

describe('a daemon that cannot start', () => {
  let daemon: DaemonUnderTest;
  afterEach(() => daemon.remove());

  test('a second one on the same state is told where the first one runs', async () => {
    daemon = new DaemonUnderTest();
    await daemon.start();
    const first = JSON.parse((await daemon.wfctl('daemon', 'status', '--json')).stdout);
    const wfd = `${process.cwd()}/dist/wfd`;
    const onState = await daemon.speak([wfd, '--socket', daemon.place('other.sock')]);
    expect(onState).toMatchObject({ code: 2, stderr: expect.stringContaining(`pid ${first.pid}`) });
    expect(onState.stderr).toContain(first.host);
    const onSocket = await daemon.speak([wfd, '--state', daemon.place('other')]);
    expect(onSocket).toMatchObject({ code: 2, stderr: expect.stringContaining('wfd.sock') });
    expect((await daemon.wfctl('list')).code).toBe(0);
  });

  test('a damaged database is named and left as it is', async () => {
    daemon = new DaemonUnderTest();
    mkdirSync(daemon.stateDirectory, { mode: 0o700 });
    const file = `${daemon.stateDirectory}/state.db`;
    const junk = randomBytes(100_000);
    writeFileSync(file, junk);
    daemon.spawn();
    expect(await daemon.exitCode()).toBe(2);
    expect(daemon.log()).toContain(`${file} is damaged`);
    expect(readFileSync(file).equals(junk)).toBe(true);
    const unreachable = await daemon.wfctl('list');
    expect(unreachable).toMatchObject({ code: 69, stdout: '', stderr: expect.stringContaining('no daemon') });
  });

  test('the database of a newer version is refused', async () => {
    daemon = new DaemonUnderTest();
    await daemon.start();
    await daemon.stop();
    const database = new Database(`${daemon.stateDirectory}/state.db`);
    database
      .prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)')
      .run('later', Date.now() * 2);
    database.close();
    daemon.spawn();
    expect(await daemon.exitCode()).toBe(2);
    expect(daemon.log()).toContain('written by a newer wfd');
  });

  test('every mistake of a configuration is reported', async () => {
    daemon = new DaemonUnderTest({ config: { failuremode: 'x', retries: { delay: 5 } } });
    daemon.spawn();
    expect(await daemon.exitCode()).toBe(2);
    expect(daemon.log()).toMatch(/config\.yaml:1:\d+: .*failuremode.*failureMode/s);
    expect(daemon.log()).toMatch(/delay/);
  });
});

/** What comes back before the connection ends; the daemon may close it as soon as it has seen enough. */
function junk(socket: string, bytes: Buffer): Promise<string> {
  return new Promise((settle) => {
    let answer = '';
    const connection = connect(socket);
    connection.on('data', (data) => {
      answer += data.toString('latin1');
    });
    connection.on('error', () => undefined); // EPIPE: it has not read to the end
    connection.on('close', () => settle(answer));
    connection.end(bytes);
  });
}

/** `length` is what the request announces. */
function post(
  socket: string,
  body: Buffer,
  length = body.length,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((settle, fail) => {
    const headers = { 'content-type': 'application/json', 'content-length': length };
    const sent = request({ socketPath: socket, method: 'POST', path: '/v1/runs', headers }, (answer) => {
      let text = '';
      answer.on('data', (data) => {
        text += data;
      });
      answer.on('end', () => {
        settle({ status: answer.statusCode ?? 0, text });
        sent.destroy();
      });
    });
    sent.on('error', fail);
    sent.write(body);
    if (length === body.length) sent.end();
  });
}
