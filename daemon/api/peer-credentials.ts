/**
 * Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED, unix(7)).
 *
 * The credentials are those of the moment of connect(). Node does not offer them: the file descriptor is
 * taken from an undocumented field, and everything that can be wrong with that answers `undefined`, which
 * callers must take as a refusal.
 */
import type { Socket } from 'node:net';
import koffi from 'koffi';

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * To be called synchronously in the `connection` handler: later the descriptor is gone if the peer has
 * hung up meanwhile.
 */
export function readPeerCredentials(socket: Socket): PeerCredentials | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  const buffer = Buffer.alloc(UCRED_BYTES);
  const length = [UCRED_BYTES];
  const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, buffer, length) !== 0;
  if (failed || length[0] !== UCRED_BYTES) return undefined;
  // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
  return { pid: buffer.readInt32LE(0), uid: buffer.readUInt32LE(4), gid: buffer.readUInt32LE(8) };
}

const UCRED_BYTES = 12;
const SOL_SOCKET = 1;
/** 17 but on POWER (asm/socket.h). */
const SO_PEERCRED = process.arch === 'ppc64' ? 21 : 17;

const getsockopt: (fd: number, level: number, name: number, value: Buffer, length: number[]) => number = koffi
  .load(null)
  .func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)');

function descriptorOf(socket: Socket): number | undefined {
  if (!('_handle' in socket)) return undefined;
  const handle: unknown = socket._handle;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
