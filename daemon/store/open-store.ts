/**
 * Opens the store in a thread of its own, so that no sync of the disk ever blocks the daemon's loop. Loads
 * neither SQLite nor drizzle into the main thread.
 */
import { Worker } from 'node:worker_threads';
import { type Ask, createStore, createStoreCare } from './asking.ts';
import { StoreBrokenError } from './broken.ts';
import type { CoreOptions } from './core.ts';
import type { Message, Question, WorkerOptions } from './messages.ts';
import type { StoreOpenError } from './open-error.ts';
import type { Store } from './store.ts';
import type { StoreCare } from './store-care.ts';

export interface OpenStoreOptions extends CoreOptions {
  /** The bundled worker.ts: `store-worker.cjs` beside the program. */
  readonly workerPath: string;
  /** Another daemon has taken the state over: every commit is refused from now on. */
  readonly onLost: (reason: string) => void;
}

export type OpenedStore =
  | { readonly ok: true; readonly store: Store; readonly care: StoreCare }
  | { readonly ok: false; readonly error: StoreOpenError };

export function openStore({ workerPath, onLost, ...options }: OpenStoreOptions): Promise<OpenedStore> {
  const worker = new Worker(workerPath, { workerData: options satisfies WorkerOptions });
  const thread: Thread = { worker, pending: new Map() };
  return new Promise((resolve, reject) => {
    const ask = askingThread(thread);
    worker.on('message', (message: Message) => {
      if (message.kind === 'opened')
        resolve({ ok: true, store: createStore(ask), care: createStoreCare(ask) });
      else if (message.kind === 'notOpened') resolve({ ok: false, error: message.error });
      else if (message.kind === 'lost') onLost(message.reason);
      else settle(thread, message);
    });
    const end = (cause: unknown): void => {
      reject(
        endThread(
          thread,
          `The thread that holds the state in ${options.directory} has ended (${String(cause)}).`,
        ),
      );
    };
    worker.on('error', end);
    worker.on('exit', (code) => end(`exit code ${code}`));
  });
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >;
  /** It answers nothing any more. */
  ended?: StoreBrokenError;
}

function endThread(thread: Thread, message: string): StoreBrokenError {
  thread.ended ??= new StoreBrokenError(message);
  for (const { reject } of thread.pending.values()) reject(thread.ended);
  thread.pending.clear();
  return thread.ended;
}

/** After `close` nothing is sent any more; what was sent before it is still answered. */
function askingThread(thread: Thread): Ask {
  const send = sendingTo(thread);
  let closed: Promise<unknown> | undefined;
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

type Send = (method: Question['method'], args: readonly unknown[]) => Promise<unknown>;

function sendingTo(thread: Thread): Send {
  let lastId = 0;
  return (method, args) =>
    new Promise((resolve, reject) => {
      if (thread.ended !== undefined) return reject(thread.ended);
      lastId += 1;
      thread.pending.set(lastId, { resolve, reject });
      thread.worker.postMessage({ id: lastId, method, args } satisfies Question);
    });
}

async function closeThread(thread: Thread, send: Send): Promise<void> {
  const ended = new Promise((resolve) => thread.worker.once('exit', resolve));
  await send('close', []);
  await ended;
}

function settle({ pending }: Thread, message: Extract<Message, { readonly id: number }>): void {
  const waiting = pending.get(message.id);
  pending.delete(message.id);
  if (message.kind === 'answer') waiting?.resolve(message.value);
  else waiting?.reject(message.broken ? new StoreBrokenError(message.message) : new Error(message.message));
}
