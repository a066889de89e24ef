/**
 * Who asked for what, and what was answered: one JSON object a line, only for what changes something. Written to a
 * file that only the daemon's user may read, in the order of the answers; never read by the daemon.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import type { RouteName } from '../protocol/routes.ts';
import type { Peer } from './engine-door.ts';

export interface AuditEntry {
  readonly route: RouteName;
  readonly peer: Peer;
  /** The run, backend or runs it was about; ids only, never contents. */
  readonly about: Readonly<Record<string, unknown>>;
  /** `ok`, or the error's code. */
  readonly answer: string;
}

export interface AuditLog {
  note(entry: AuditEntry): void;
  /** Opens the file anew, so that logrotate(8) may take the old one away. */
  reopen(): void;
}

export const NO_AUDIT_LOG: AuditLog = { note: () => undefined, reopen: () => undefined };

export function createAuditLog(path: string, onError: (error: Error) => void): AuditLog {
  const open = (): WriteStream => createWriteStream(path, { flags: 'a', mode: 0o600 }).on('error', onError);
  let stream = open();
  return {
    note({ route, peer: { name, uid, pid, role }, about, answer }) {
      const at = new Date().toISOString();
      stream.write(`${JSON.stringify({ at, who: name, uid, pid, role, route, ...about, answer })}\n`);
    },
    reopen() {
      stream.end();
      stream = open();
    },
  };
}
