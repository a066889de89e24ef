/** What the main thread and the store's thread say to each other. */
import type { Method } from './asking.ts';
import type { CoreOptions } from './core.ts';
import type { StoreOpenError } from './open-error.ts';

/** Given to the thread as its `workerData`. */
export type WorkerOptions = CoreOptions;

export interface Question {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type Message =
  /** The first one, always. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'notOpened'; readonly error: StoreOpenError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly broken: boolean }
  | { readonly kind: 'lost'; readonly reason: string };
