/**
 * Opens the store in a thread of its own, so that no sync of the disk ever blocks the daemon's loop. Loads
 * neither SQLite nor drizzle into the main thread.
 */
import { Worker } from 'node:worker_threads';
import { type Ask, createStore } from './asking.ts';
import { StoreBrokenError } from './broken.ts';
import type { CoreOptions } from './core.ts';
import type { Message, Question, WorkerOptions } from './messages.ts';
import type { StoreOpenError } from './open-error.ts';
import type { Store } from './store.ts';

export interface OpenStoreOptions extends CoreOptions {
  /** The bundled worker.ts: `store-worker.cjs` beside the program. */
  readonly workerPath: string;
  /** Another daemon has taken the state over: every commit is refused from now on. */
  readonly onLost: (reason: string) => void;
}

export type OpenedStore =
  | { readonly ok: true; readonly store: Store }
  | { readonly ok: false; readonly error: StoreOpenError };

export function openStore({ workerPath, onLost, ...options }: OpenStoreOptions): Promise<OpenedStore> {
  const thread = new Worker(workerPath, { workerData: options satisfies WorkerOptions });
  const pending = new Map<number, Pending>();
  return new Promise((resolve, reject) => {
    const store = createStore(askingThread(thread, pending));
    thread.on('message', (message: Message) => {
      if (message.kind === 'opened') resolve({ ok: true, store });
      else if (message.kind === 'notOpened') resolve({ ok: false, error: message.error });
      else if (message.kind === 'lost') onLost(message.reason);
      else settle(pending, message);
    });
    const end = (cause: unknown): void => {
      const error = new StoreBrokenError(
        `The thread that holds the state in ${options.directory} has ended.`,
        { cause },
      );
      reject(error);
      for (const [id, { reject: refuse }] of pending) {
        pending.delete(id);
        refuse(error);
      }
    };
    thread.on('error', end);
    thread.on('exit', end);
  });
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** After `close` nothing is sent any more; what was sent before it is still answered. */
function askingThread(thread: Worker, pending: Map<number, Pending>): Ask {
  let lastId = 0;
  let closed: Promise<unknown> | undefined;
  const send = (method: Question['method'], args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      pending.set(lastId, { resolve, reject });
      thread.postMessage({ id: lastId, method, args } satisfies Question);
    });
  const ask = (method: Question['method'], args: readonly unknown[]): Promise<unknown> => {
    if (method === 'close') {
      closed ??= closeThread(thread, send);
      return closed;
    }
    if (closed === undefined) return send(method, args);
    if (method === 'commit') return Promise.resolve({ kind: 'refused', reason: 'the store has been closed' });
    return Promise.reject(new StoreBrokenError('The store has been closed.'));
  };
  return ask as Ask;
}

async function closeThread(
  thread: Worker,
  send: (method: 'close', args: readonly unknown[]) => Promise<unknown>,
): Promise<void> {
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  await send('close', []);
  await ended;
}

function settle(pending: Map<number, Pending>, message: Extract<Message, { readonly id: number }>): void {
  const waiting = pending.get(message.id);
  pending.delete(message.id);
  if (message.kind === 'answer') waiting?.resolve(message.value);
  else waiting?.reject(message.broken ? new StoreBrokenError(message.message) : new Error(message.message));
}
