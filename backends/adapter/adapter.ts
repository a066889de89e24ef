/**
 * What a module of the site must export to stand for a scheduler that we do not know.
 * docs/writing-a-backend.md explains it to those who write one.
 */
import type { BatchScheduler, BatchSettings } from '../batch-driver.ts';

/** The module's exports. */
export interface Adapter {
  /** Of this interface. One that is not compatible will have another number, and is refused at the start. */
  readonly apiVersion: 1;
  /** Used where the site says nothing; what is absent here, too, is the driver's to choose. */
  readonly defaults?: AdapterDefaults;
  /** What is wrong with the site's `options`. Absent: nothing can be. */
  checkOptions?(options: AdapterOptions): readonly OptionMistake[];
  createScheduler(site: Site): BatchScheduler;
}

export type AdapterDefaults = Partial<Omit<BatchSettings, 'env'>>;

/** `options` of the backend in the configuration, as they are written there. */
export type AdapterOptions = Readonly<Record<string, unknown>>;

export interface OptionMistake {
  /** The key below `options`; absent: they are wrong as a whole. */
  readonly option?: string;
  /** A whole sentence after the key's name: `must be an absolute path`. */
  readonly message: string;
}

/** What the site says about one backend. */
export interface Site {
  /** The backend's name. */
  readonly name: string;
  readonly options: AdapterOptions;
  /** Variables for commands and jobs. Commands get them by themselves, jobs by `ownVariables` where need be. */
  readonly env: Readonly<Record<string, string>>;
}
