/**
 * How a daemon is asked to let go of its state, by somebody on another host who shares nothing with it but the state
 * directory: by a file beside the lease (`wfctl service move`). It names the one daemon that is meant, so that it means
 * nothing to the next one. Only the owner of the state can write it.
 */
import { join } from 'node:path';

export interface Handover {
  /** As the lease of the daemon that is asked has them. */
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
  /** The host that takes over. */
  readonly to: string;
  /** Written by the daemon that is asked: why it stays. */
  readonly refused?: string;
}

export function handoverFile(stateDir: string): string {
  return join(stateDir, 'handover.json');
}

/** Is it this daemon that is asked? */
export function handoverOf(text: string, holder: HandoverHolder): Handover | undefined {
  const asked = parsed(text);
  const isMeant =
    asked?.host === holder.host && asked.pid === holder.pid && asked.startedAt === holder.startedAt;
  return isMeant ? { ...asked, ...holder, to: String(asked.to) } : undefined;
}

type HandoverHolder = Pick<Handover, 'host' | 'pid' | 'startedAt'>;

/** Somebody may be writing it just now. */
function parsed(text: string): Partial<Handover> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
