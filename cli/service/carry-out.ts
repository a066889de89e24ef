/** Does the steps of a plan, one after the other, and says each. The first that fails ends it. */
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { CliError } from '../cli-error.ts';
import { endDaemon } from '../end-daemon.ts';
import type { Output } from '../print/output.ts';
import type { Step } from './plan.ts';
import { run, type Systemd } from './systemd.ts';
import type { Mode } from './units.ts';

export async function carryOut(
  steps: readonly Step[],
  systemd: Systemd,
  mode: Mode,
  out: Output,
): Promise<void> {
  for (const step of steps) {
    const outcome = await carryOutOne(step, systemd);
    out.line(sentence(step, mode));
    if (outcome !== undefined) out.note(`wfctl: ${outcome}`);
  }
}

/** As it is shown, before and after. */
export function sentence(step: Step, mode: Mode): string {
  switch (step.kind) {
    case 'write':
      return `write   ${step.path}`;
    case 'remove':
      return `remove  ${step.path}`;
    case 'stopDaemon':
      return `stop    the daemon that runs without systemd (pid ${step.pid}): jobs go on`;
    case 'systemctl': {
      const command = ['systemctl', ...(mode === 'user' ? ['--user'] : []), ...step.words].join(' ');
      return `run     ${command}   (${step.why})`;
    }
    case 'linger':
      return 'run     loginctl enable-linger   (your services go on when you log out)';
    default:
      return step satisfies never;
  }
}

/** Answers what a person should know though it is no failure. */
async function carryOutOne(step: Step, systemd: Systemd): Promise<string | undefined> {
  switch (step.kind) {
    case 'write':
      writeWhole(step.path, step.text, step.mode);
      return undefined;
    case 'remove':
      removeFile(step.path);
      return undefined;
    case 'stopDaemon':
      await endDaemon(step.pid);
      return undefined;
    case 'systemctl':
      await control(systemd, step.words);
      return undefined;
    case 'linger':
      return lingering();
    default:
      return step satisfies never;
  }
}

/** A unit that does not start says why in its log, not to systemctl. */
async function control(systemd: Systemd, words: readonly string[]): Promise<void> {
  try {
    await systemd.control(...words);
  } catch (error) {
    const starts = words[0] === 'start' || words[0] === 'restart';
    if (!(error instanceof CliError) || !starts) throw error;
    throw new CliError(error.code, error.message, ['The end of its log:', ...(await systemd.lastWords())]);
  }
}

/** Never half a unit, whatever happens in between. */
function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

function removeFile(path: string): void {
  rmSync(path, { force: true });
  if (!dirname(path).endsWith('.d')) return;
  try {
    rmdirSync(dirname(path));
  } catch {
    // drop-ins of others are in it
  }
}

/** Sites may forbid it; the daemon serves all the same while its user is logged in. */
async function lingering(): Promise<string | undefined> {
  // By name: a shell behind su is no session of his.
  const words = ['--no-ask-password', 'enable-linger', userInfo().username];
  const { code, complaint } = await run('loginctl', words, process.env);
  if (code === 0) return undefined;
  return `lingering is not allowed here (${complaint}): the daemon ends soon after your last logout; jobs go on, and it takes them up when you are back`;
}
