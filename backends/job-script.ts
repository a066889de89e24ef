/**
 * The wrapper around a user's command, and the files a submission needs on disk before it is submitted.
 */
import type { Tag } from './backend.ts';
import { LOGIN_PROGRAM, WRAPPER } from './job-wrapper.ts';
import { encodeMarkWord } from './marks.ts';
import { whyNotGiven, whyNotWritten } from './process-text.ts';
import { shellQuote } from './shell-quote.ts';

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
  /** Shell lines of the backend (Backend.preamble). */
  readonly preamble: string;
  readonly elements: readonly JobElement[];
}

/** Where the batch script and the scheduler's log of a submission lie. */
export function scriptPath(submissionDirectory: string): string {
  return `${submissionDirectory}/job`;
}
export function logPath(submissionDirectory: string): string {
  return `${submissionDirectory}/log`;
}

/**
 * Everything that must lie on disk before the submit command runs: the batch script, and in each attempt's
 * directory the user's command as it will run (`script`) and what the wrapper needs to know of it (`env`).
 */
export function submissionFiles(
  submission: SubmissionFiles,
  profile = '/etc/profile',
): readonly FileToWrite[] {
  const batch = {
    path: scriptPath(submission.directory),
    content: batchScript(submission, profile),
    mode: 0o755,
  };
  return [batch, ...submission.elements.flatMap(attemptFiles)];
}

/** SLURM refuses a script that does not begin with `#!`. The table stays short: each job parses all of it. */
function batchScript(submission: SubmissionFiles, profile: string): string {
  const table = submission.elements.map(
    (element, index) => `${index}) wf_dir=${shellQuote(element.directory)} ;;`,
  );
  const lines = [
    '#!/bin/sh',
    // Of our own making only, whatever the environment holds.
    'wf_native= wf_count= wf_index= wf_reserved= wf_deaf=',
    `wf_tag=${shellQuote(submission.tag)}`,
    submission.preamble,
    `wf_spool=${shellQuote(submission.spoolDirectory)}`,
    `wf_profile=${shellQuote(profile)}`,
    `wf_login_program=${shellQuote(LOGIN_PROGRAM)}`,
    'case "$wf_index" in',
    ...table,
    '*) wf_dir= ;;',
    'esac',
  ];
  return `${lines.join('\n')}\n${WRAPPER}`;
}

/** `env` may hold a user's secrets, so it is the owner's alone. */
function attemptFiles(element: JobElement): readonly FileToWrite[] {
  const mode = element.command.kind === 'script' ? 0o700 : 0o644;
  return [
    { path: `${element.directory}/script`, content: element.command.text, mode },
    { path: `${element.directory}/env`, content: envFile(element), mode: 0o600 },
  ];
}

/** The last line tells the wrapper that it has read the whole file. */
function envFile(element: JobElement): string {
  const reason = refusal(element);
  const functions = reason === undefined ? wholeJob(element) : refusedJob(reason);
  return [...functions, 'wf_ready=1', ''].join('\n');
}

function wholeJob(element: JobElement): readonly string[] {
  return [
    shellFunction('wf_settings', settings(element)),
    shellFunction('wf_export', exports(element.env)),
    shellFunction('wf_check_outputs', outputChecks(element.outputs)),
    shellFunction('wf_run', [`exec "$@" ${commandWords(element).map(shellQuote).join(' ')}`]),
  ];
}

/** What cannot be written does not stand in the file: no shell could read on behind it. */
function refusedJob(reason: string): readonly string[] {
  return [shellFunction('wf_settings', [`wf_refused=${shellQuote(encodeMarkWord(reason))}`])];
}

function shellFunction(name: string, lines: readonly string[]): string {
  return `${name}() {\n${[...lines, 'true'].join('\n')}\n}`;
}

function settings(element: JobElement): readonly string[] {
  const noWorkdir = `cannot enter the working directory ${element.workdir}: see the job's log; create it where all nodes see it, or set another workdir`;
  return [
    'wf_refused=',
    `wf_workdir=${shellQuote(element.workdir)}`,
    `wf_no_workdir=${shellQuote(encodeMarkWord(noWorkdir))}`,
    `wf_login=${element.login ? 1 : 0}`,
    `wf_success=' ${element.successCodes.join(' ')} '`,
  ];
}

function exports(env: JobElement['env']): readonly string[] {
  return Object.entries(env).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
}

/** Why the command cannot be run as it was asked for. */
function refusal({ env, command, workdir, outputs }: JobElement): string | undefined {
  const names = Object.keys(env).filter((name) => !canBeSet(name));
  if (names.length > 0)
    return `env: no shell can set ${names.map((name) => JSON.stringify(name)).join(', ')}; use a name of letters, digits and _ that bash does not reserve`;
  const words = command.kind === 'shell' ? command.shell : command.args;
  const reasons = [
    ...Object.entries(env).map(([name, value]) => said(`env: ${name}`, whyNotGiven(`${name}=${value}`))),
    ...words.map((word, index) => said(`word ${index + 1} of the command`, whyNotGiven(word))),
    said('the text of the command', whyNotWritten(command.text)),
    ...[workdir, ...Object.values(outputs)].map((path) => said('a path', whyNotWritten(path))),
  ];
  return reasons.find((reason) => reason !== undefined);
}

function said(subject: string, predicate: string | undefined): string | undefined {
  return predicate && `${subject} ${predicate}`;
}

/** bash, which may be /bin/sh, ends a script that assigns to one of its read-only variables (bash(1)). */
function canBeSet(name: string): boolean {
  const readOnly = ['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID'];
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !readOnly.includes(name);
}

function outputChecks(outputs: JobElement['outputs']): readonly string[] {
  return Object.entries(outputs).map(
    ([name, path]) => `[ -e ${shellQuote(path)} ] || wf_facts="$wf_facts missing=${encodeMarkWord(name)}"`,
  );
}

function commandWords({ command, directory }: JobElement): readonly string[] {
  const script = `${directory}/script`;
  return command.kind === 'shell' ? [...command.shell, script] : [script, ...command.args];
}
