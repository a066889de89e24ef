/** What stands at the top of a batch script, run by real shells; the part of Grid Engine is played by the test. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ScriptHead } from '../../../backends/backend.ts';
import { createSge } from '../../../backends/sge/sge.ts';
import { makePlace, type Place, SHELLS, shellCommand } from '../job-script-fixture.ts';

const places: Place[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

const sge = createSge('site', { env: { WF_SITE: 'a, b:c', PATH: '/opt/sge/bin' } });
const HEAD: ScriptHead = { log: '/dev/null', umask: 0o027, elements: 1 };
const warnedBy = (signal: string): ScriptHead => ({ ...HEAD, warning: { signal, graceMs: 5_000 } });

describe('identity', () => {
  const show = 'echo "$wf_native $wf_count $wf_index $wf_reserved" >&3';
  const identity = (env: Record<string, string>): string => {
    const directory = mkdtempSync(join(tmpdir(), 'wf-head-'));
    const file = join(directory, 'shown');
    const text = `exec 3>"${file}"\n${sge.preamble(HEAD)}\n${show}`;
    execFileSync('sh', ['-euc', text], { env: { PATH: '/usr/bin:/bin', ...env } });
    const shown = readFileSync(file, 'utf8');
    rmSync(directory, { recursive: true });
    return shown;
  };

  test.each<[Record<string, string>, string]>([
    [{ JOB_ID: '12', SGE_TASK_ID: 'undefined', RESTARTED: '0' }, '12 0 0  99 100 \n'],
    [{ JOB_ID: '12', SGE_TASK_ID: 'undefined', RESTARTED: '1' }, '12 1 0  99 100 \n'],
    [{ JOB_ID: '12', SGE_TASK_ID: '3', RESTARTED: '0' }, '12.3 0 2  99 100 \n'],
    [{}, ' 0 0  99 100 \n'],
  ])('%j', (env, line) => {
    expect(identity(env)).toBe(line);
  });
});

test('the log, the umask and the variables of the site are the script’s own business', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wf,head: '));
  const text = `${sge.preamble({ ...HEAD, log: `${directory}/log` })}\numask\necho "$WF_SITE"\necho "$PATH"`;
  execFileSync('sh', ['-euc', text], { env: { PATH: '/usr/bin:/bin' } });
  expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('0027\na, b:c\n/usr/bin:/bin\n');
  rmSync(directory, { recursive: true });
});

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  const saves = (signal: string): string =>
    `trap 'echo saved; n=$((n + 1))' ${signal}; n=0; echo ready
     while [ "$n" = 0 ]; do sleep 0.05 & wait $! || true; done; sleep 0.3; exit $((n + 40))`;

  test.each(['TERM', 'INT', 'USR1', 'USR2', 'HUP'])(
    'the warning comes as the task’s own SIG%s, once',
    async (signal) => {
      const job = await warned(shell, warnedBy(signal), saves(signal));
      expect(job.read('stdout')).toBe('ready\nsaved\n');
      expect(job.exit()).toMatchObject({ exitCode: 41 });
    },
  );

  test('a task that does nothing about it ends by its own signal, not by that of the scheduler', async () => {
    const job = await warned(shell, warnedBy('INT'), 'echo ready; exec sleep 60');
    expect(job.exit()).toMatchObject({ exitCode: 130 });
  });

  test('a word before a suspension is none to the task, and a warning can follow it', async () => {
    const job = await warned(shell, warnedBy('TERM'), saves('TERM'), ['SIGUSR1', 'SIGUSR2']);
    expect(job.read('stdout')).toBe('ready\nsaved\n');
    expect(job.exit()).toMatchObject({ exitCode: 41 });
  });

  test('a job without a warning is as any other', async () => {
    const job = await warned(shell, HEAD, 'echo ready; exec sleep 60');
    expect(job.exit()).toMatchObject({ exitCode: 128 + 12 });
  });

  test('nothing outlives the script for longer than a nap', async () => {
    const job = await warned(shell, warnedBy('TERM'), 'echo ready; sleep 0.5', []);
    expect(processesWith(job.script)).toBeGreaterThan(0);
    await until(() => processesWith(job.script) === 0);
  });
});

/** Signals the job's process group, as the shepherd does, as soon as the task has printed `ready`. */
async function warned(
  shell: readonly string[],
  head: ScriptHead,
  text: string,
  signals: readonly NodeJS.Signals[] = ['SIGUSR2'],
): Promise<Place> {
  const job = makePlace();
  places.push(job);
  job.write({ command: shellCommand(text) }, undefined, sge.preamble(head));
  const [program = 'sh', ...words] = shell;
  const child = spawn(program, [...words, job.script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], JOB_ID: '4711', SGE_TASK_ID: 'undefined', RESTARTED: '0' },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await linesIn(job);
  for (const signal of signals) {
    process.kill(-(child.pid ?? 0), signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await ended;
  return job;
}

function linesIn(job: Place): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      try {
        if (!job.read('stdout').includes('ready\n')) return;
      } catch {
        return; // not there yet
      }
      watcher.close();
      resolve();
    };
    const watcher = watch(job.attempt, look);
    look();
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** How many processes were started with this word. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false; // it has just gone
    }
  }).length;
}
