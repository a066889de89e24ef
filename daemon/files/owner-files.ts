/**
 * All work on files that belong to a user, behind one door, so that in system mode it can be done by a
 * process with the owner's rights. Nothing here is awaited by the tick; answers are inputs of a later tick.
 */
import type { Owner } from '../../backends/backend.ts';
import type { FileToWrite } from '../../backends/job-script.ts';
import type { Marks, SpoolEntry } from '../../backends/marks.ts';
import type { ReadRequest, ReadResult } from '../workflow/language.ts';
import type { RemovedTree } from './remove-tree.ts';

export type FileAnswer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: string };

export interface OwnerFiles {
  /** May the owner make this directory? Makes nothing; looks at the nearest parent that is there. */
  mayMake(owner: Owner, directory: string): Promise<FileAnswer<void>>;
  /** Creates directories as needed and writes each file completely, or says which could not be and why. */
  write(owner: Owner, umask: number, files: readonly FileToWrite[]): Promise<FileAnswer<void>>;
  /** Opens the directory anew: network file systems cache. A directory that is not there has no marks. */
  readMarks(owner: Owner, attemptDirectory: string, logPath: string): Promise<FileAnswer<Marks>>;
  /**
   * Takes the claim of an attempt that is given up, unless a job has it, and reads the marks. A directory that is
   * not there counts as taken: no job can claim in it.
   */
  revoke(owner: Owner, attemptDirectory: string, logPath: string): Promise<FileAnswer<Marks>>;
  listSpool(owner: Owner, spoolDirectory: string): Promise<FileAnswer<readonly SpoolEntry[]>>;
  removeSpool(owner: Owner, spoolDirectory: string, fileNames: readonly string[]): Promise<FileAnswer<void>>;
  read(owner: Owner, request: ReadRequest): Promise<ReadResult>;
  /** Removes the directory of a run that has ended, where it carries the record of this run. */
  removeTree(owner: Owner, runDirectory: string, runUuid: string): Promise<FileAnswer<RemovedTree>>;
}
