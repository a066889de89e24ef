/** The store without a thread of its own, for tests and the simulation: it blocks whoever asks. */
import { type Ask, answer, createStore, createStoreCare } from './asking.ts';
import { type Core, type CoreOptions, openCore, openMemoryCore, type Surroundings } from './core.ts';
import type { OpenedStore } from './open-store.ts';
import type { Store } from './store.ts';

export function createInThreadStore(options: CoreOptions, surroundings: Surroundings): OpenedStore {
  const opened = openCore(options, surroundings);
  if (!opened.ok) return opened;
  const ask = asking(opened.core);
  return { ok: true, store: createStore(ask), care: createStoreCare(ask) };
}

export function createMemoryStore(migrationsFolder: string): Store {
  return createStore(asking(openMemoryCore(migrationsFolder)));
}

function asking(core: Core): Ask {
  return (async (method, args) => answer(core, method, args)) as Ask;
}
