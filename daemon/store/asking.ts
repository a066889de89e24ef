/**
 * The interfaces of the store over any way to bring a question to the core: a call in place, or a message to
 * the thread that holds it.
 */
import { StoreBrokenError } from './broken.ts';
import type { Core } from './core.ts';
import { isDamage } from './sqlite-errors.ts';
import type { Store } from './store.ts';
import type { StoreCare } from './store-care.ts';

type Asked = Store & StoreCare;
export type Method = keyof Asked;

/** Brings a question to the core, and its answer back. */
export type Ask = <M extends Method>(method: M, args: Parameters<Asked[M]>) => ReturnType<Asked[M]>;

export function createStore(ask: Ask): Store {
  return {
    load: () => ask('load', []),
    commit: (changes) => ask('commit', [changes]),
    findRun: (id) => ask('findRun', [id]),
    findRunByToken: (ownerUid, token) => ask('findRunByToken', [ownerUid, token]),
    listRuns: (filter) => ask('listRuns', [filter]),
    listCalls: (id) => ask('listCalls', [id]),
    listAttempts: (id, call) => ask('listAttempts', [id, call]),
    findBundle: (id) => ask('findBundle', [id]),
    listEvents: (filter) => ask('listEvents', [filter]),
    close: () => ask('close', []),
  };
}

export function createStoreCare(ask: Ask): StoreCare {
  return {
    size: () => ask('size', []),
    copyTo: (file) => ask('copyTo', [file]),
    checkpoint: () => ask('checkpoint', []),
    listOldRuns: (filter) => ask('listOldRuns', [filter]),
    countOldRuns: (endedBeforeMs) => ask('countOldRuns', [endedBeforeMs]),
    removeOldRun: (id, endedBeforeMs) => ask('removeOldRun', [id, endedBeforeMs]),
  };
}

/** The core's answer; TypeScript cannot see that a method and the arguments sent with it belong together. */
export function answer(core: Core, method: Method, args: readonly unknown[]): unknown {
  try {
    return (core[method] as (...given: readonly unknown[]) => unknown)(...args);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new StoreBrokenError(
      `The database is damaged (${String(error)}). It is left as it is: stop wfd, and put the newest backup in its ` +
        'place with `wfctl daemon restore FILE`.',
      { cause: error },
    );
  }
}
