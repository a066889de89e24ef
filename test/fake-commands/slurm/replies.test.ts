/** The referee of what is said beside listings: what real commands answered to the same words (capture.sh). */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reply } from '../../backends/slurm/fixture.ts';
import type { Answer, Call } from '../command-server.ts';
import { FakeScheduler } from '../fake-scheduler.ts';
import { slurmFace } from './slurm.ts';

const OTHER_USER = 1001;

let directory = '';
let scheduler: FakeScheduler;

beforeAll(() => {
  directory = mkdtempSync('/tmp/wf-replies-');
  mkdirSync(`${directory}/spool`);
  writeFileSync(`${directory}/ok`, '#!/bin/sh\nsleep 60\n');
  scheduler = new FakeScheduler();
});
afterAll(() => {
  scheduler.close();
  rmSync(directory, { recursive: true });
});

describe('sbatch', () => {
  test.each([
    ['accepted', '--job-name=accepted'],
    ['accepted-cluster', '--clusters=wftest'],
    ['partition', '--partition=nosuch'],
    ['account', '--account=nosuch'],
    ['qos', '--qos=nosuch'],
    ['memory', '--mem=999999999'],
    ['cpus', '--cpus-per-task=99999'],
    ['constraint', '--constraint=nosuch'],
    ['gres', '--gres=gpu:1'],
    ['reservation', '--reservation=nosuch'],
    ['dependency', '--dependency=afterok:abc'],
    ['array', '--array=0-999999'],
    ['option', '--no-such-option'],
    ['time', '--time=abc'],
  ])('%s', (name, option) => {
    const said = answer('sbatch', ['--parsable', option, `${directory}/ok`]);
    expect(withoutIds(said)).toEqual(withoutIds(captured(name)));
  });

  test('script', () => {
    const said = answer('sbatch', ['--parsable', `${directory}/missing`]);
    expect(existsSync(`${directory}/missing`)).toBe(false);
    expect({ ...said, stderr: said.stderr.replace(directory, '/tmp/work') }).toEqual(captured('script'));
  });

  test('submit-limit', () => {
    for (let jobs = 0; jobs < 4; jobs++) answer('sbatch', ['--parsable', '--hold', `${directory}/ok`]);
    expect(answer('sbatch', ['--parsable', '--qos=capped', `${directory}/ok`])).toEqual(
      captured('submit-limit'),
    );
  });
});

describe('nobody takes the request', () => {
  test.each([
    ['connect', 'sbatch', ['--parsable', 'ok']],
    ['squeue-connect', 'squeue', []],
    ['scancel-connect', 'scancel', ['1']],
  ])('%s', (name, program, args) => {
    expect(slurmFace.down(call(program, args), scheduler)).toEqual(captured(name));
  });
});

describe('scancel', () => {
  test('scancel-unknown', () => {
    expect(answer('scancel', ['99999999'])).toEqual(captured('scancel-unknown'));
  });

  test('scancel-denied', () => {
    const { stdout } = answer('sbatch', ['--parsable', '--hold', `${directory}/ok`]);
    const said = answer('scancel', [stdout.trim()], OTHER_USER);
    expect(withoutIds(said)).toEqual(withoutIds(captured('scancel-denied')));
  });
});

function captured(name: string): Answer {
  const { exitCode = -1, stdout, stderr } = reply(name);
  return { exitCode, stdout, stderr };
}

function answer(program: string, args: readonly string[], uid = 0): Answer {
  return slurmFace.answer(call(program, args, uid), scheduler, `${directory}/spool`);
}

function call(program: string, args: readonly string[], uid = 0): Call {
  return { program, args, uid, env: {}, cwd: '/', umask: 0o022, input: '' };
}

/** An id that was given out is another one each time. */
function withoutIds({ exitCode, stdout, stderr }: Answer): Answer {
  const id = /(?<=^|job id )\d+/g;
  return { exitCode, stdout: stdout.replaceAll(id, 'ID'), stderr: stderr.replaceAll(id, 'ID') };
}
