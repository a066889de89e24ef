/**
 * Is a directory on a file system of this machine alone? SQLite's write-ahead log needs memory shared between
 * processes, which no network file system gives (https://www.sqlite.org/wal.html).
 */
import { statfsSync } from 'node:fs';

export function isLocalFileSystem(directory: string): boolean {
  return isLocalType(statfsSync(directory).type);
}

/**
 * What is not known to be local (NFS, Lustre, GPFS, BeeGFS, CIFS, AFS, anything through FUSE) counts as
 * network: that mode is right everywhere, only slower.
 */
export function isLocalType(fsType: number): boolean {
  return LOCAL_TYPES.has(fsType);
}

/** Magic numbers of statfs(2). */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xca451a4e, // bcachefs
  0xf2f52010, // f2fs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x3153464a, // jfs
]);
