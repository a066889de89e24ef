/**
 * The small files a job itself leaves, and what they say. They are the best evidence of how a job ended
 * (SEMANTICS 6): a scheduler forgets, the directory does not.
 */
import type { NativeId, Tag } from './backend.ts';

/** `claim → nativeId.runCount`, an atomic symbolic link made before the command runs. */
export interface ClaimMark {
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** When the link was made (epoch ms, the file server's clock). */
  readonly atMs: number;
}

export interface ExitMark {
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** Of the command, as its shell reported it: 137 is 137. */
  readonly exitCode: number;
  /** The code is one of the task's success codes and every declared output is there. The wrapper judges. */
  readonly succeeded: boolean;
  /** The command was not run, and why (its working directory is missing). */
  readonly launchFailure?: string;
  /** Names of declared outputs that were not there although the command succeeded. */
  readonly missing: readonly string[];
  readonly atMs: number;
}

/** Everything one attempt's directory says, read anew. */
export interface Marks {
  readonly claim?: ClaimMark;
  readonly exit?: ExitMark;
  /** Jobs that found the claim taken and ended without running the command. */
  readonly duplicates: readonly NativeId[];
  /** The tail of what the scheduler wrote into the job's log; empty where there is none. */
  readonly log: string;
}

/** One entry of a run's spool directory; its file name says all, so that a listing needs no open. */
export interface SpoolEntry {
  readonly fileName: string;
  readonly kind: 'started' | 'ended';
  readonly tag: Tag;
  readonly index: number;
  readonly nativeId: NativeId;
  readonly runCount: number;
  /** Present exactly when `kind` is `ended`. What the name does not tell (missing outputs) is read from the exit mark. */
  readonly exitCode?: number;
  /** Present exactly when `kind` is `ended`: as in the exit mark. */
  readonly succeeded?: boolean;
  /** Seconds resolution is enough. */
  readonly atMs?: number;
}
