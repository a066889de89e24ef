/** The top of a batch script, run by a real shell with what LSF tells its jobs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { preamble } from '../../../backends/lsf/preamble.ts';

let place: string;
beforeEach(() => {
  place = join(mkdtempSync(join(tmpdir(), 'wf-lsf-')), "it's a place");
  mkdirSync(place);
});
afterEach(() => rmSync(join(place, '..'), { recursive: true }));

const SAY =
  'echo "$wf_native $wf_count $wf_index" >&3; echo "$wf_reserved" >&3; echo "${LSB_NTRIES-none}" >&3';

/** What the script knows of itself. */
function told(env: Record<string, string>, { elements = 1, keepsTries = false } = {}) {
  const head = { log: `${place}/log`, umask: 0o027, elements };
  const script = `wf_native= wf_count= wf_index= wf_reserved=\n${preamble(head, keepsTries)}\n${SAY}\necho logged; umask`;
  writeFileSync(`${place}/job`, script);
  execFileSync('sh', ['-euc', 'exec sh -eu "$1/job" 3>"$1/told"', 'sh', place], {
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  const [identity, reserved, tries] = readFileSync(`${place}/told`, 'utf8').split('\n');
  return { identity, reserved, tries };
}

describe('identity', () => {
  test('of a plain job, run after run', () => {
    const env = { LSB_JOBID: '12', LSB_JOBINDEX: '0' };
    expect(told(env).identity).toBe('12 0 0');
    expect(told(env).identity).toBe('12 1 0');
    expect(told(env).identity).toBe('12 2 0');
    expect(told({ ...env, LSB_JOBID: '13' }).identity).toBe('13 0 0');
  });

  test('of an element of an array', () => {
    const env = { LSB_JOBID: '12', LSB_JOBINDEX: '4' };
    expect(told(env, { elements: 5 }).identity).toBe('12[4] 0 3');
    expect(told(env, { elements: 5 }).identity).toBe('12[4] 1 3');
    expect(told({ ...env, LSB_JOBINDEX: '5' }, { elements: 5 }).identity).toBe('12[5] 0 4');
    expect(readFileSync(`${place}/log.3`, 'utf8')).toBe('logged\n0027\n');
  });

  test('of nobody, where LSF says nothing', () => {
    expect(told({}).identity).toBe(' 0 0');
  });

  test('where nothing can be written it goes on, for the claim to tell why', () => {
    const gone = preamble({ log: '/proc/nowhere/log', umask: 0o022, elements: 1 }, false);
    const said = execFileSync('sh', ['-euc', `wf_native=\n${gone}\necho "$wf_native $wf_count"`], {
      env: { PATH: '/usr/bin:/bin', LSB_JOBID: '12' },
      encoding: 'utf8',
    });
    expect(said).toBe('12 0\n');
  });
});

test('the log is opened anew, with the umask that was asked for', () => {
  writeFileSync(`${place}/log`, 'of an earlier run\n');
  told({ LSB_JOBID: '12', LSB_JOBINDEX: '0' });
  expect(readFileSync(`${place}/log`, 'utf8')).toBe('logged\n0027\n');
  expect(existsSync(`${place}/log.12.0`)).toBe(true);
});

test('exit codes by which the queue runs a job again are reserved', () => {
  expect(told({ LSB_JOBID: '12' }).reserved?.trim()).toBe('');
  // As an open relative gives it to a job of a queue with REQUEUE_EXIT_VALUES = 99 EXCLUDE(63).
  expect(told({ LSB_JOBID: '12', LSB_EXIT_REQUEUE: '99 EXCLUDE( 63 ) ' }).reserved).toMatch(/ 99 .* 63 /);
});

test('the number of tries is for our commands, not for those of jobs, but where the site says so', () => {
  expect(told({ LSB_JOBID: '12', LSB_NTRIES: '1' }).tries).toBe('none');
  expect(told({ LSB_JOBID: '12', LSB_NTRIES: '3' }, { keepsTries: true }).tries).toBe('3');
});
