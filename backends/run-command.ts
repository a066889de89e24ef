/**
 * Runs one command for an owner, with a time limit, a bound on its output and a clean environment.
 * It never throws and never waits longer than its limit plus the time a kill takes; what an exit code or a
 * message means is not its business.
 */
import { userInfo } from 'node:os';
import { execa } from 'execa';
import type { Owner } from './backend.ts';

export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  /** Sent to the command's standard input, which is empty otherwise. */
  readonly input?: string;
}

export interface Command extends CommandLine {
  /** All of it: nothing of our own environment is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs: number;
  /** For whom it runs. Another uid than ours is taken on only where we are root. */
  readonly owner?: Owner;
  readonly umask?: number;
}

export interface CommandResult {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Why it never ran. A program missing behind `setpriv` or `sh` shows as exit code 126 or 127 instead. */
  readonly failedToStart?: string;
  readonly durationMs: number;
}

/** 100,000 lines of a job listing are some 35 MiB. */
const MAX_OUTPUT = 128 * 1024 * 1024;
const KILL_AFTER_MS = 2_000;
/** A child of the command that keeps the pipes open must not keep us waiting. */
const GIVE_UP_AFTER_MS = KILL_AFTER_MS + 1_000;

export async function runCommand(command: Command): Promise<CommandResult> {
  const startedMs = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedMs);
  try {
    return { ...(await execute(command)), durationMs: durationMs() };
  } catch (error) {
    // execa throws, even with `reject: false`, for what no command line can carry (a NUL byte).
    return {
      stdout: '',
      stderr: '',
      timedOut: false,
      failedToStart: String(error),
      durationMs: durationMs(),
    };
  }
}

/** What a person's login would set of itself, and nothing a service manager gave to us. */
export function ownerEnvironment(
  owner: Owner | undefined,
  path: string,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const { name, home, shell } = owner ?? ourselves();
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell, PATH: path, LANG: 'C.UTF-8', ...extra };
}

/** `program args` as the owner, with the owner's umask, whatever they contain. */
export function asOwner(line: CommandLine, owner: Owner | undefined, umask: number | undefined): CommandLine {
  const words = [...switchTo(owner), ...withUmask(umask), line.program, ...line.args];
  const [program = line.program, ...args] = words;
  return { ...line, program, args };
}

async function execute(command: Command): Promise<Omit<CommandResult, 'durationMs'>> {
  const stranger = notOurs(command.owner);
  if (stranger !== undefined) return { stdout: '', stderr: '', timedOut: false, failedToStart: stranger };
  const { program, args, input } = asOwner(command, command.owner, command.umask);
  const child = execa(program, args, {
    env: { ...command.env },
    extendEnv: false,
    cwd: command.cwd ?? '/',
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    timeout: command.timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    maxBuffer: MAX_OUTPUT,
    stripFinalNewline: false,
    reject: false,
  });
  const giveUp = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, command.timeoutMs + GIVE_UP_AFTER_MS);
  const result = await child;
  clearTimeout(giveUp);
  const ran = result.exitCode !== undefined || result.signal !== undefined || result.timedOut;
  return {
    // An exit code beside output that was cut off would make half an answer look like a whole one.
    ...(result.exitCode !== undefined && !result.isMaxBuffer && !result.timedOut
      ? { exitCode: result.exitCode }
      : {}),
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    timedOut: result.timedOut,
    ...(ran || result.isMaxBuffer
      ? {}
      : { failedToStart: result.shortMessage ?? `${program} did not start` }),
  };
}

/** A bare `spawn({uid, gid})` drops the supplementary groups; `sbatch --uid` keeps root's gid. */
function switchTo(owner: Owner | undefined): readonly string[] {
  if (owner === undefined || process.geteuid?.() !== 0 || owner.uid === 0) return [];
  return ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--init-groups', '--'];
}

/** Better no command than one that does its work as the wrong user. */
function notOurs(owner: Owner | undefined): string | undefined {
  const uid = process.geteuid?.();
  if (owner === undefined || uid === undefined || uid === 0 || owner.uid === uid) return undefined;
  return `cannot act for ${owner.name} (uid ${owner.uid}): only a daemon that runs as root can`;
}

/** The values travel as arguments, never inside the shell's text. */
function withUmask(umask: number | undefined): readonly string[] {
  if (umask === undefined) return [];
  return ['sh', '-c', 'umask "$1" && shift && exec "$@"', 'sh', `0${umask.toString(8).padStart(3, '0')}`];
}

function ourselves(): { readonly name: string; readonly home: string; readonly shell: string } {
  const { username, homedir, shell } = userInfo();
  return { name: username, home: homedir, shell: shell ?? '/bin/sh' };
}

function text(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
