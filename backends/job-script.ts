/**
 * The wrapper around a user's command, and the files a submission needs on disk before it is submitted.
 */
import type { Tag } from './backend.ts';

export interface FileToWrite {
  /** Absolute. Missing parent directories are created. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** One attempt's job as the wrapper must run it. */
export interface JobElement {
  /** The attempt's directory, absolute: claim, exit mark, script, stdout, stderr lie here. */
  readonly directory: string;
  readonly command:
    | { readonly kind: 'shell'; readonly text: string; readonly shell: readonly string[] }
    | { readonly kind: 'script'; readonly text: string; readonly args: readonly string[] };
  /** The task's own variables and the WF_* ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Source /etc/profile before the task's shell starts. */
  readonly login: boolean;
  readonly workdir: string;
  /** Output name → absolute path; checked when the command has ended with a success code. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly successCodes: readonly number[];
}

export interface SubmissionFiles {
  readonly tag: Tag;
  /** Absolute; holds the batch script and the scheduler's own log: `<run>/.wfd/<tag>/`. */
  readonly directory: string;
  /** Absolute; `<run>/.wfd/spool/`. */
  readonly spoolDirectory: string;
  /** Shell lines of the backend that set wf_native, wf_count and wf_index. */
  readonly identity: string;
  readonly elements: readonly JobElement[];
}

/** Where the batch script and the scheduler's log of a submission lie. */
export function scriptPath(submissionDirectory: string): string {
  return `${submissionDirectory}/job`;
}
export function logPath(submissionDirectory: string): string {
  return `${submissionDirectory}/log`;
}

export declare function submissionFiles(submission: SubmissionFiles): readonly FileToWrite[];
