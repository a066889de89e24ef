/** One answer leads to the next question: played with captured answers, by programs of the same names. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KnownJob, NativeId, Tag } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { createSge } from '../../../backends/sge/sge.ts';
import { ourselves } from '../../contract/owners.ts';
import { jobsOf, printed } from '../slurm/fixture.ts';
import { fixture, reply } from './fixture.ts';

const base = mkdtempSync(join(tmpdir(), 'wf-sge-'));
afterAll(() => rmSync(base, { recursive: true }));
const bin = join(base, 'bin');
beforeEach(() => mkdirSync(bin));
afterEach(() => rmSync(bin, { recursive: true }));

/** `answers`: by what the arguments begin with; the last one that fits. */
function program(name: string, answers: Readonly<Record<string, CommandResult>>): void {
  const cases = Object.entries(answers).map(([begin, { exitCode, stdout, stderr }], at) => {
    const file = join(bin, `${name}.${at}`);
    writeFileSync(`${file}.out`, stdout);
    writeFileSync(`${file}.err`, stderr);
    return `case "$*" in "${begin}"*) n=${at} code=${exitCode} ;; esac`;
  });
  const shown = `cat '${join(bin, name)}'.$n.out; cat '${join(bin, name)}'.$n.err >&2; exit $code`;
  writeFileSync(join(bin, name), ['#!/bin/sh', 'n=none code=9', ...cases, shown, ''].join('\n'));
  chmodSync(join(bin, name), 0o755);
}

const backend = (settings = {}) => createSge('site', { env: { PATH: `${bin}:/usr/bin:/bin` }, ...settings });
const owner = ourselves();
const knownAs = (name: string): KnownJob => ({
  tag: `${name}.1.fixturefix` as Tag,
  index: 0,
  nativeId: '1' as NativeId,
});

describe('a listing', () => {
  const listed = printed(fixture('qstat-jobs.xml'));

  test('is one question, and one more where jobs that we wait for are in error', async () => {
    program('qstat', { '-s a -xml': listed, '-j ': reply('reasons') });
    const sge = backend();
    await sge.observe(owner, [knownAs('running')]);
    expect(sge.commandUse().total.observe).toBe(1);
    const snapshot = await sge.observe(owner, [knownAs('error'), knownAs('error-array')]);
    expect(sge.commandUse().total.observe).toBe(3);
    const why = jobsOf(snapshot).find(({ tag }) => tag === 'error.1.fixturefix')?.blocked?.plain;
    expect(why).toContain("can't chdir to /tmp/work/late");
  });

  test('is whole without the reasons', async () => {
    program('qstat', { '-s a -xml': listed, '-j ': reply('qstat-connect') });
    const jobs = jobsOf(await backend().observe(owner, [knownAs('error')]));
    expect(jobs.length).toBeGreaterThan(10);
    expect(jobs.find(({ tag }) => tag === 'error.1.fixturefix')?.blocked?.clearable).toBe(true);
  });
});

describe('accounting', () => {
  const jobs = [knownAs('ok'), knownAs('deleted')];
  const query = { owner, jobs, sinceMs: 0 };

  test('asks for jobs only, not for what they start on other hosts, where qacct understands that', async () => {
    program('qacct', { '': reply('qacct-option'), '-m -o': reply('records') });
    expect(jobsOf(await backend().account(query))).toHaveLength(2);
    program('qacct', { '-m': reply('qacct-option'), '-o': reply('records') });
    expect(jobsOf(await backend().account(query))).toHaveLength(2);
  });

  test('that the site does not want is never asked', async () => {
    const sge = backend({ accounting: false });
    expect(await sge.account(query)).toEqual({ kind: 'complete', jobs: [] });
    expect(sge.commandUse().total.account).toBe(0);
  });
});

describe('the probe', () => {
  const answering = (changes: Readonly<Record<string, CommandResult>> = {}): void => {
    program('qstat', {
      '-help': printed(fixture('qstat-help.txt')),
      '-s a -xml': changes['listing'] ?? reply('qstat-none'),
    });
    program('qacct', { '': changes['qacct'] ?? reply('qacct-unknown') });
    program('qconf', {
      '-ss': changes['hosts'] ?? reply('missing-program'),
      '-sq': changes['queues'] ?? reply('queues'),
    });
  };

  test('tells version, accounting, and how long a warning lasts', async () => {
    answering();
    expect(await backend().probe()).toEqual({
      reachable: true,
      summary: 'SGE 8.1.9, accounting by qacct, warned jobs are killed after 00:00:05',
      hasAccounting: true,
    });
  });

  test('tells that nobody may submit from here', async () => {
    answering({ hosts: printed('other.example.org\n'), queues: reply('connect') });
    const { summary } = await backend().probe();
    expect(summary).toMatch(/^SGE 8\.1\.9, accounting by qacct, but \S+ is no submit host/);
  });

  test.each([
    ['qacct-missing', false, 'no accounting'],
    ['qacct-no-file', true, 'accounting by qacct'],
    ['qacct-option', true, 'accounting does not answer'],
  ])('%s', async (name, hasAccounting, words) => {
    answering({ qacct: reply(name) });
    expect(await backend().probe()).toMatchObject({
      hasAccounting,
      summary: expect.stringContaining(words),
    });
  });

  test('no accounting where the site does not want it', async () => {
    answering();
    expect(await backend({ accounting: false }).probe()).toMatchObject({ hasAccounting: false });
  });

  test('a qmaster that is gone, or no Grid Engine at all', async () => {
    answering({ listing: reply('qstat-connect') });
    expect(await backend().probe()).toMatchObject({
      reachable: false,
      summary: expect.stringContaining('Connection refused'),
    });
    rmSync(join(bin, 'qstat'));
    const { reachable } = await createSge('site', { env: { PATH: bin } }).probe();
    expect(reachable).toBe(false);
  });
});
