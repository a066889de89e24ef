/** A real API on a real Unix socket in a directory of its own, in front of the fake engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessInUserMode } from '../../../daemon/api/access.ts';
import { type Api, type ApiParts, createApi } from '../../../daemon/api/server.ts';
import { createFakeCare, type FakeCare } from './fake-care.ts';
import { createFake, type Fake, ME, T0 } from './fake-engine.ts';

export interface Served {
  readonly fake: Fake;
  readonly care: FakeCare;
  readonly api: Api;
  readonly socket: string;
  readonly errors: unknown[];
  close(): Promise<void>;
}

export async function serveFake(
  parts: Partial<ApiParts> = {},
  at?: { socket: string; fake: Fake },
): Promise<Served> {
  const directory = at === undefined ? mkdtempSync(join(tmpdir(), 'wfd-api-')) : undefined;
  const socket = at?.socket ?? join(directory ?? '', 'run', 'wfd.sock');
  const fake = at?.fake ?? createFake();
  const care = createFakeCare();
  const errors: unknown[] = [];
  const api = await createApi({
    care,
    engine: fake.engine,
    store: fake.store,
    identity: { version: '1.2.3', host: 'login1', pid: process.pid, uid: ME.uid, startedAtMs: T0 },
    access: accessInUserMode(ME),
    reload: async () => ({ ok: true, value: { inForce: [], afterRestart: [] } }),
    logError: (error) => errors.push(error),
    ...parts,
  });
  await api.listen({ kind: 'path', path: socket });
  return {
    fake,
    care,
    api,
    socket,
    errors,
    async close() {
      await api.close();
      if (directory !== undefined) rmSync(directory, { recursive: true });
    },
  };
}

export interface Reply<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** One request, with whatever body and headers a client might send. */
export function ask<T = unknown>(
  socket: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const type = payload === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath: socket,
      method,
      path,
      agent: false,
      headers: { ...type, ...headers },
    });
    sent.once('error', reject);
    sent.once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers });
    });
    sent.end(payload);
  });
}
