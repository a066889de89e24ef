/** Everything that reaches the loop from outside between two ticks. Times `at` are monotonic. */
import type { Snapshot, SubmitReply, Tag } from '../../backends/backend.ts';
import type { Marks, SpoolEntry } from '../../backends/marks.ts';
import type { RunEnd, RunId } from '../engine/model.ts';
import type { FileAnswer } from '../files/owner-files.ts';
import type { ReadResult } from '../workflow/language.ts';
import type { WatchKey } from './working-set.ts';

/** What came of a submission; the last three never reached the scheduler. */
export type LaunchReply =
  | SubmitReply
  /** Its files could not be written. */
  | { readonly kind: 'notPrepared'; readonly reason: string }
  /** The workflow's own fault: a value that needs `quote()`, say. */
  | { readonly kind: 'notRendered'; readonly reason: string }
  /** No longer wanted: the run was aborted or held meanwhile. */
  | { readonly kind: 'withheld'; readonly reason: string };

export type Input =
  | {
      readonly kind: 'reply';
      readonly backend: string;
      readonly tag: Tag;
      readonly reply: LaunchReply;
      readonly at: number;
    }
  | {
      readonly kind: 'snapshot';
      readonly watch: WatchKey;
      readonly snapshot: Snapshot;
      readonly begunAt: number;
      readonly at: number;
    }
  | {
      readonly kind: 'accounting';
      readonly watch: WatchKey;
      readonly asked: readonly string[];
      readonly snapshot: Snapshot;
      readonly begunAt: number;
    }
  | {
      readonly kind: 'marks';
      readonly attempt: string;
      readonly answer: FileAnswer<Marks>;
      /** The claim was to be taken before the marks were read. */
      readonly isRevoking: boolean;
      readonly begunAt: number;
      readonly at: number;
    }
  | {
      readonly kind: 'spool';
      readonly runId: RunId;
      readonly entries: readonly SpoolEntry[];
      readonly at: number;
    }
  | { readonly kind: 'read'; readonly runId: RunId; readonly id: string; readonly result: ReadResult }
  | {
      readonly kind: 'record';
      readonly runId: RunId;
      readonly end: RunEnd;
      readonly answer: FileAnswer<void>;
    };

/** Filled by whatever ran outside; emptied by the tick. */
export class Inbox {
  private inputs: Input[] = [];
  private readonly listeners: (() => void)[] = [];

  put(input: Input): void {
    this.inputs.push(input);
    this.wake();
  }

  wake(): void {
    for (const listener of this.listeners) listener();
  }

  onInput(listener: () => void): void {
    this.listeners.push(listener);
  }

  take(): readonly Input[] {
    return this.inputs.splice(0);
  }
}
