/** Why a store could not be opened. Each message says what, where, and what to do instead. */
import { type LeaseHolder, readLeaseHolder } from './lease.ts';
import { isDamage, isLocked, isNoSpace, refusalReason } from './sqlite-errors.ts';

export type StoreOpenError =
  /** Another daemon works on the same state. */
  | { readonly kind: 'held'; readonly holder?: LeaseHolder; readonly message: string }
  /** May pass: worth waiting for, rather than starting again and again. */
  | { readonly kind: 'noSpace'; readonly message: string }
  | {
      readonly kind: 'newerSchema' | 'damaged' | 'foreign' | 'unwritable' | 'migrationFailed';
      readonly message: string;
    };

/** Thrown on the way; leaves `openCore` as a value. */
export class OpenFailure extends Error {
  readonly reason: StoreOpenError;

  constructor(reason: StoreOpenError) {
    super(reason.message);
    this.reason = reason;
  }
}

export function held(directory: string, holder: LeaseHolder | undefined): StoreOpenError {
  const message =
    holder === undefined
      ? `Another daemon works on the state in ${directory}; which one could not be read. ` +
        `\`fuser -v ${directory}/*\` on each login node shows it.`
      : `Another daemon works on the state in ${directory}: host ${holder.host}, pid ${holder.pid}, since ` +
        `${holder.startedAt}, last heard of at ${holder.heartbeatAt}. Use that one, stop it first, or name ` +
        'another directory with --state.';
  return { kind: 'held', message, ...(holder === undefined ? {} : { holder }) };
}

export function damaged(file: string, finding: string): StoreOpenError {
  return {
    kind: 'damaged',
    message:
      `${file} is damaged (${finding}). It was left as it is. Put the newest backup in its place: ` +
      '`wfctl daemon restore FILE` keeps what is there. Jobs already submitted go on meanwhile.',
  };
}

/** For everything that was not foreseen where it happened. */
export function openErrorOf(error: unknown, file: string, directory: string): StoreOpenError {
  if (error instanceof OpenFailure) return error.reason;
  if (isDamage(error)) return damaged(file, String(error));
  if (isLocked(error)) return held(directory, otherHolder(directory));
  const reason = refusalReason(error, file) ?? (error instanceof Error ? error.message : String(error));
  if (isNoSpace(error)) {
    return {
      kind: 'noSpace',
      message: `The state in ${directory} cannot be opened: ${reason}. Free space there.`,
    };
  }
  return {
    kind: 'unwritable',
    message: `The state in ${directory} cannot be used: ${reason}. Name another with --state.`,
  };
}

/** Whoever has the file locked; not the lease that we may just have taken ourselves. */
function otherHolder(directory: string): LeaseHolder | undefined {
  const holder = readLeaseHolder(directory);
  return holder?.pid === process.pid ? undefined : holder;
}
