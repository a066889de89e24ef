/**
 * The socket as a file: made so that only its owner can reach it, a stale one removed, a live one respected.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';

/** A socket that cannot be listened on, with what to do about it. */
export class SocketRefused extends Error {}

/** Makes the directory (0700), removes a socket nobody answers on, and refuses everything else. */
export async function prepareSocketPath(path: string, mode = 0o600): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new SocketRefused(
      `the socket path ${path} is longer than ${LONGEST_PATH} bytes, which the system does not allow; choose a shorter one with --socket`,
    );
  }
  const made = mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whoever may come to the socket must reach it, whatever our umask.
  if (made !== undefined && (mode & 0o006) !== 0) chmodSync(dirname(path), 0o755);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SocketRefused(
      `${path} exists and is not a socket; it is left alone: remove it or choose another with --socket`,
    );
  }
  if (await somebodyAnswers(path)) {
    throw new SocketRefused(
      `another daemon answers on ${path}; stop it first, or choose another with --socket`,
    );
  }
  unlinkSync(path);
}

/** Binds with the mode in place from the first moment: a later chmod alone would leave a gap. */
export function listenOnPath(server: Server, path: string, mode: number): Promise<void> {
  return whenListening(server, () => {
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen({ path, backlog: BACKLOG }, () => chmodSync(path, mode));
    } finally {
      process.umask(before);
    }
  });
}

/** For a socket that systemd has made. */
export function listenOnDescriptor(server: Server, fd: number): Promise<void> {
  // Node ignores `backlog` in the options of a passed descriptor and would shorten the queue to 511; only
  // the second argument counts.
  return whenListening(server, () => server.listen({ fd }, BACKLOG));
}

/** sun_path has 108 bytes, one of them for the final NUL (unix(7)). */
const LONGEST_PATH = 107;
const BACKLOG = 4_096;

function whenListening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

/** Only a refusal, or no file any more, means that nobody does: a full queue (EAGAIN) is somebody. */
function somebodyAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
