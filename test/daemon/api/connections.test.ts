import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessInUserMode } from '../../../daemon/api/access.ts';
import { readPeerCredentials } from '../../../daemon/api/peer-credentials.ts';
import { prepareSocketPath, SocketRefused } from '../../../daemon/api/socket-file.ts';
import { ask, type Served, serveFake } from './api-fixture.ts';
import { ME } from './fake-engine.ts';

let served: Served;
beforeEach(async () => {
  served = await serveFake();
});
afterEach(async () => {
  await served.close();
});

const stillServes = async () => expect((await ask(served.socket, 'GET', '/v1/daemon')).status).toBe(200);

describe('junk', () => {
  test('10 MB of noise gets one answer that says what this is, and the daemon goes on', async () => {
    const reply = await send(Buffer.concat([Buffer.from('noise '), randomBytes(10 * 1024 * 1024)]));
    expect(reply).toMatch(/^HTTP\/1.1 400 /);
    expect(reply).toMatch(/this is not an HTTP request/);
    await stillServes();
  });

  test('10 MB of noise as the body of a submit is no JSON', async () => {
    const body = randomBytes(5 * 1024 * 1024).toString('hex');
    expect(await ask(served.socket, 'POST', '/v1/runs', body)).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_REQUEST' } },
    });
    await stillServes();
  });

  test('more than a route may carry is refused by its size', async () => {
    const body = JSON.stringify({ reason: 'x'.repeat(2 * 1024 * 1024) });
    const reply = await ask(served.socket, 'POST', '/v1/runs/1/hold', body).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    // The daemon answers without reading to the end: a client that is still writing may see a broken pipe.
    if (typeof reply === 'string') expect(['EPIPE', 'ECONNRESET']).toContain(reply);
    else expect(reply).toMatchObject({ status: 413, body: { error: { code: 'REQUEST_TOO_LARGE' } } });
    await stillServes();
  });

  test('a body that is not announced as JSON is refused with what to send', async () => {
    const reply = await ask(served.socket, 'POST', '/v1/runs', 'a=1', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(reply).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/application\/json/) } },
    });
  });

  test('peers that hang up at once leave nothing behind', async () => {
    for (let i = 0; i < 50; i++) connect(served.socket).end().destroy();
    await stillServes();
    expect(served.errors).toEqual([]);
  });

  function send(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(served.socket);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(text));
      socket.write(bytes);
    });
  }
});

describe('peers', () => {
  test('the kernel tells our own uid, gid and pid', async () => {
    const server = createServer();
    const path = join(dirname(served.socket), 'peer.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const credentials = new Promise((resolve) =>
      server.once('connection', (socket) => resolve(readPeerCredentials(socket))),
    );
    const socket = connect(path);
    expect(await credentials).toEqual({ uid: process.getuid?.(), gid: process.getgid?.(), pid: process.pid });
    socket.destroy();
    server.close();
  });

  test.runIf(process.getuid?.() === 0)(
    'another user is refused by name, even where the file lets them in',
    async () => {
      chmodSync(dirname(dirname(served.socket)), 0o755);
      chmodSync(dirname(served.socket), 0o755);
      chmodSync(served.socket, 0o666);
      const script = `require('node:http').get({ socketPath: process.argv[1], path: '/v1/runs' }, async (r) => {
      let text = ''; for await (const c of r) text += c; process.stdout.write(r.statusCode + ' ' + text);
    })`;
      const { stdout } = await promisify(execFile)('setpriv', [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        '-e',
        script,
        served.socket,
      ]);
      expect(stdout).toMatch(/^403 .*NOT_ALLOWED.*this daemon belongs to ada/);
    },
  );

  test('nobody is answered whom the system does not name', async () => {
    const strict = await serveFake({
      access: { ...accessInUserMode(ME), identify: () => Promise.reject(new Error('no such user')) },
    });
    expect(await ask(strict.socket, 'GET', '/v1/daemon')).toMatchObject({
      status: 403,
      body: { error: { code: 'NOT_ALLOWED' } },
    });
    await strict.close();
  });
});

describe('the socket file', () => {
  test('only its owner can reach it', () => {
    expect(lstatSync(served.socket).mode & 0o777).toBe(0o600);
    expect(lstatSync(dirname(served.socket)).mode & 0o777).toBe(0o700);
  });

  test('a live one is refused by name', async () => {
    await expect(prepareSocketPath(served.socket)).rejects.toThrow(
      `another daemon answers on ${served.socket}`,
    );
    await stillServes();
  });

  test('a stale one makes way; a file that is no socket does not; a path that is too long is told', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'wfd-socket-'));
    const stale = join(directory, 'stale.sock');
    await leaveStaleSocket(stale);
    await prepareSocketPath(stale);
    expect(lstatSync(stale, { throwIfNoEntry: false })).toBeUndefined();
    writeFileSync(stale, 'precious');
    await expect(prepareSocketPath(stale)).rejects.toThrow(/is not a socket; it is left alone/);
    await expect(prepareSocketPath(join(directory, 'x'.repeat(120)))).rejects.toThrow(SocketRefused);
    rmSync(directory, { recursive: true });
  });

  test('a socket that systemd made is listened on by its descriptor, and is still there afterwards', async () => {
    const directory = mkdtempSync(join(mkdirTmp(), 'api-'));
    const program = join(directory, 'activated.mjs');
    const entry = join(import.meta.dirname, 'programs/activated.ts');
    await build({
      entryPoints: [entry],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    const path = join(dirname(served.socket), 'systemd.sock');
    const pid = await startActivated(program, path);
    expect((await ask(path, 'GET', '/v1/daemon')).body).toMatchObject({ pid, state: 'serving' });
    process.kill(pid, 'SIGTERM');
    const silence = () => ask(path, 'GET', '/v1/daemon').catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(silence).toBe('ECONNREFUSED');
    rmSync(directory, { recursive: true });
  });

  /** Inside the repository, so that the program finds its packages. */
  function mkdirTmp(): string {
    const directory = join(process.cwd(), '.tmp');
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** Makes the socket, hands it on as descriptor 3 and goes; what connects meanwhile waits in the queue. */
  async function startActivated(program: string, path: string): Promise<number> {
    const launcher = `
      const server = require('node:net').createServer().listen(process.argv[2], () => {
        const stdio = ['ignore', 'ignore', 'ignore', server._handle.fd];
        const child = require('node:child_process').spawn(process.execPath, [process.argv[1]], { stdio, detached: true });
        process.stdout.write(String(child.pid), () => process.exit(0));
      });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', launcher, program, path]);
    return Number(stdout);
  }

  /** A process that is killed cannot unlink its socket. */
  async function leaveStaleSocket(path: string): Promise<void> {
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await promisify(execFile)(process.execPath, ['-e', script, path]).catch(() => undefined);
    expect(lstatSync(path).isSocket()).toBe(true);
  }
});

describe('streams of events', () => {
  test('begin with what has been, go on as it happens, and are resumed where they ended', async () => {
    served.fake.add();
    served.fake.emit({ runId: 1, text: 'one' });
    served.fake.emit({ runId: 2, text: 'of another run' });
    const first = await openStream('/v1/runs/1/events');
    expect(await first.next()).toMatchObject({ seq: 1, text: 'one' });
    served.fake.emit({ runId: 1, text: 'three' });
    expect(await first.next()).toMatchObject({ seq: 3, text: 'three' });
    first.hangUp();
    served.fake.emit({ runId: 1, text: 'four' });
    const second = await openStream('/v1/runs/1/events', { 'last-event-id': '3' });
    expect(await second.next()).toMatchObject({ seq: 4, text: 'four' });
    second.hangUp();
  });

  test('of a run that is not there are refused', async () => {
    const reply = await ask(served.socket, 'GET', '/v1/runs/9/events', undefined, {
      accept: 'text/event-stream',
    });
    expect(reply).toMatchObject({ status: 404, body: { error: { code: 'RUN_NOT_FOUND' } } });
  });

  test('as JSON are pages', async () => {
    served.fake.emit({ text: 'one' });
    served.fake.emit({ text: 'two' });
    expect((await ask(served.socket, 'GET', '/v1/events?after=1')).body).toMatchObject({
      events: [{ seq: 2, runId: null }],
    });
  });
});

describe('going', () => {
  test('requests in flight are answered, streams are told, and no new connection is taken', async () => {
    served.fake.add();
    const gate = served.fake.pauseWishes();
    const stream = await openStream('/v1/events');
    const submit = ask(served.socket, 'POST', '/v1/runs', {
      bundle: { language: 'native', fileName: 'w', source: '', files: {}, inputs: {} },
      submitDir: '/',
      umask: 0,
    });
    await expect.poll(() => served.fake.wishes).toEqual(['submit']);
    served.api.unbind();
    const finished = served.api.finishRequests(10_000);
    await expect(ask(served.socket, 'GET', '/v1/daemon')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await stream.next()).toBe('bye');
    gate.letGo();
    expect(await submit).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await finished).toBe(true);
  });

  test('a wish that comes after the goodbye is sent to the next daemon', async () => {
    const socket = connect(served.socket);
    await once(socket, 'connect');
    await stillServes();
    served.api.unbind();
    socket.write('POST /v1/runs/1/hold HTTP/1.1\r\nhost: wfd\r\ncontent-length: 0\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 503 (?:.|\s)*"code":"DRAINING"/);
    expect(served.fake.wishes).toEqual([]);
  });

  test('what is not answered in time is cut off', async () => {
    const gate = served.fake.pauseWishes();
    const submit = ask(served.socket, 'POST', '/v1/runs', {
      bundle: { language: 'native', fileName: 'w', source: '', files: {}, inputs: {} },
      submitDir: '/',
      umask: 0,
    }).catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(() => served.fake.wishes).toEqual(['submit']);
    served.api.unbind();
    expect(await served.api.finishRequests(20)).toBe(false);
    await Promise.all([served.api.close(), submit.then((code) => expect(code).toBe('ECONNRESET'))]);
    gate.letGo();
  });
});

interface Stream {
  /** The next event; `bye` when the daemon says so. */
  next(): Promise<unknown>;
  hangUp(): void;
}

async function openStream(path: string, headers: Record<string, string> = {}): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({
      socketPath: served.socket,
      path,
      agent: false,
      headers: { accept: 'text/event-stream', ...headers },
    })
      .once('response', resolve)
      .once('error', reject)
      .end();
  });
  const blocks = blocksOf(response);
  return {
    async next() {
      const { value = '' } = await blocks.next();
      if (value.startsWith('event: bye')) return 'bye';
      return JSON.parse(value.slice(value.indexOf('data: ') + 'data: '.length));
    },
    hangUp: () => response.destroy(),
  };
}

async function* blocksOf(response: IncomingMessage): AsyncGenerator<string, string> {
  let rest = '';
  for await (const chunk of response) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks;
  }
  return '';
}
