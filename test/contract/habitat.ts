/**
 * Where the contract suite is run: one backend, the place where its jobs live, and what this scheduler cannot do.
 * Whatever a habitat denies is checked as well: a denial is a statement, not a way out.
 */
import type { Backend, CommandPurpose, EndKind, Owner, Resources } from '../../backends/backend.ts';

export interface Habitat {
  readonly backend: Backend;
  /** The same scheduler as the next daemon finds it: an adapter that has seen nothing yet. */
  again(changes?: { readonly commandTimeoutMs: number }): Backend;
  readonly owner: Owner;
  /** Absolute; the owner can write there and the jobs see it. */
  readonly directory: string;
  /** Variables that the site's configuration gives to jobs. `SITE_ENV` where there is such a setting. */
  readonly siteEnv: Readonly<Record<string, string>>;
  /** What `check` refuses, so that no command runs at all. */
  readonly impossible: Resources | 'nothing';
  /** What passes `check` and is refused by the scheduler itself, for good. */
  readonly refused: Resources | 'nothing';
  readonly waiting: Waiting;
  /** Absent: this scheduler never leaves a job in an error from which it can be told to try again. */
  readonly stuck?: Stuck;
  /** As what the end of a job with exit code 0 is reported, where that proves no success. Absent: `Succeeded`. */
  readonly succeeded?: EndKind;
  /** As what the end of a killed job is reported: not every scheduler says who killed it. */
  readonly killed: EndKind;
  /** No trace is left of a job that was ended before it started. */
  readonly forgetsUnstarted: boolean;
  /** Do the limits of the submitting process stay out of the job? */
  readonly dropsLimits: boolean;
  readonly costs: Costs;
  readonly spoiler: Spoiler | 'runs no commands';
  close(): Promise<void>;
}

/** How a job is kept from starting. */
export interface Waiting {
  readonly resources: Resources;
  /** A job of this size runs before it, and leaves it no room. */
  readonly behind?: Resources;
  /** Does the scheduler say that somebody must act before it starts? */
  readonly blocked: boolean;
}

/** A job that the scheduler gives up on for a while: at its first run the script leaves it in error, or the request does. */
export interface Stuck {
  readonly script: string;
  readonly resources?: Resources;
}

/**
 * How many commands it may take, at most, for up to a thousand jobs: the promise "in bulk". `each`: one for every
 * job, which only a scheduler that cannot be asked in bulk may say.
 */
export type Costs = Readonly<Record<'observe' | 'account' | 'abort', number | 'each'>>;

/**
 * `killed`: the command does its work and is killed before it says so. `mute`: it says nothing, and ends well.
 * `garbled`: it says what nobody understands. `cut`: the last bytes are missing. `failed`: exit code 1, after
 * nothing was done. `hanging`: it does its work and never ends.
 */
export type Spoilt = 'killed' | 'mute' | 'garbled' | 'cut' | 'failed' | 'hanging';

/** Stands between the adapter and its scheduler. */
export interface Spoiler {
  /** While `work` is done, the commands of this purpose answer like this. */
  spoil<T>(purpose: CommandPurpose, how: Spoilt, work: () => Promise<T>): Promise<T>;
}

/** Nothing in it may be taken for syntax by a shell, a scheduler or a configuration. */
export const SITE_ENV = { WF_SITE: `-a "b", 'c' $HOME: [d] {e} \\f; g=h % é *` } as const;
