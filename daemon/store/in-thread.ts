/** The store without a thread of its own, for tests and the simulation: it blocks whoever asks. */
import { type Ask, answer, createStore } from './asking.ts';
import { type Core, type CoreOptions, openCore, openMemoryCore, type Surroundings } from './core.ts';
import type { OpenedStore } from './open-store.ts';
import type { Store } from './store.ts';

export function createInThreadStore(options: CoreOptions, surroundings: Surroundings): OpenedStore {
  const opened = openCore(options, surroundings);
  return opened.ok ? { ok: true, store: storeOf(opened.core) } : opened;
}

export function createMemoryStore(migrationsFolder: string): Store {
  return storeOf(openMemoryCore(migrationsFolder));
}

function storeOf(core: Core): Store {
  return createStore((async (method, args) => answer(core, method, args)) as Ask);
}
