/**
 * The thread that holds the database: entry of a worker, bundled as a file of its own. Questions are answered
 * one after the other in the order they came, but for a copy, which takes its time beside them; after `close`
 * the thread ends.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { answer } from './asking.ts';
import { StoreBrokenError } from './broken.ts';
import { type Core, openCore } from './core.ts';
import type { Message, Question, WorkerOptions } from './messages.ts';

if (parentPort === null)
  throw new Error('The store worker is started by wfd; it is not a program of its own.');
serve(parentPort, workerData);

function serve(port: MessagePort, options: WorkerOptions): void {
  const say = (message: Message): void => port.postMessage(message);
  const opened = openCore(options, { nowMs: Date.now, onLost: (reason) => say({ kind: 'lost', reason }) });
  if (!opened.ok) {
    say({ kind: 'notOpened', error: opened.error });
    return;
  }
  port.on('message', async (question: Question) => {
    say(await reply(opened.core, question));
    if (question.method === 'close') port.close();
  });
  say({ kind: 'opened' });
}

async function reply(core: Core, { id, method, args }: Question): Promise<Message> {
  try {
    return { kind: 'answer', id, value: await answer(core, method, args) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', id, message, broken: error instanceof StoreBrokenError };
  }
}
