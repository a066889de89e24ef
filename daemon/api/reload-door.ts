/** What the API asks of a reload of the configuration (daemon/lifecycle/reload.ts). The API checks who may ask. */
import type { Answer } from './engine-door.ts';

export interface Reloaded {
  /** The file that was read; absent where there is none. */
  readonly file?: string;
  /** Keys that have changed and are in force now. */
  readonly inForce: readonly string[];
  /** Keys that have changed and wait for a restart. */
  readonly afterRestart: readonly string[];
}

/** Refusals: INVALID_CONFIG, with every mistake; nothing has changed then. */
export type Reload = () => Promise<Answer<Reloaded>>;
