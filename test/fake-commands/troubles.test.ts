/**
 * What an adapter makes of its scheduler's own words in troubles that nobody can order from a real one. That an
 * answer is cut, garbled or missing is part of the contract itself (test/contract/promises/doubts.ts).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend, NativeId, SubmitReply, Tag } from '../../backends/backend.ts';
import { createSge } from '../../backends/sge/sge.ts';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { ourselves } from '../contract/owners.ts';
import { type FakeCommands, openFakeCommands } from './open.ts';
import { sgeFace } from './sge/sge.ts';
import { slurmFace } from './slurm/slurm.ts';

describe.each([
  ['slurm', slurmFace, createSlurm],
  ['sge', sgeFace, createSge],
] as const)('%s', (_name, face, create) => {
  let directory: string;
  let commands: FakeCommands;
  let backend: Backend;
  beforeEach(async () => {
    directory = mkdtempSync('/tmp/wf-troubles-');
    commands = await openFakeCommands(face, directory);
    backend = create('fake', { env: { PATH: commands.path }, commandTimeoutMs: 20_000 });
  });
  afterEach(async () => {
    await commands.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a scheduler that takes no requests is no evidence of anything', async () => {
    const before = await submit('before');
    commands.scheduler.troubles.add('down');
    expect(await backend.probe()).toMatchObject({ reachable: false, summary: WORDS });
    expect(await backend.observe(OWNER, [])).toEqual({ kind: 'unavailable', reason: WORDS });
    // Never `rejected`: that would end the attempt for good.
    expect((await submit('meanwhile')).kind).toMatch(/^(throttled|ambiguous)$/);
    expect(await backend.abort(OWNER, [idOf(before)], { kind: 'kill' })).toEqual({
      kind: 'failed',
      reason: WORDS,
    });
    commands.scheduler.troubles.delete('down');
    expect(await names()).toEqual(['before']);
  });

  test('a reply that the scheduler itself could not send leaves the job to be found by its name', async () => {
    commands.scheduler.troubles.add('lostReplies');
    expect(await submit('lost')).toEqual({ kind: 'ambiguous', reason: WORDS });
    commands.scheduler.troubles.delete('lostReplies');
    expect(await names()).toEqual(['lost']);
  });

  test('a job in a state that nobody has met is still there', async () => {
    await submit('strange');
    commands.scheduler.troubles.add('strangeStates');
    expect(await backend.observe(OWNER, [])).toMatchObject({
      kind: 'complete',
      jobs: [
        { tag: 'strange', state: 'unknown', backendStatus: expect.stringMatching(/^(HIBERNATING|x)\b/) },
      ],
    });
  });

  test('a whole listing that lacks all jobs is told as it is, and it is for the engine to doubt it', async () => {
    await submit('vanished');
    commands.scheduler.troubles.add('emptyListing');
    expect(await backend.observe(OWNER, [])).toEqual({ kind: 'complete', jobs: [] });
  });

  test('a command that hangs is ended in time, and was no answer', async () => {
    const hasty = create('fake', { env: { PATH: commands.path }, commandTimeoutMs: 1_000 });
    commands.scheduler.troubles.add('hanging');
    expect(await hasty.observe(OWNER, [])).toEqual({ kind: 'unavailable', reason: WORDS });
    expect(await submit('late', hasty)).toEqual({ kind: 'ambiguous', reason: WORDS });
  });

  function submit(name: string, through = backend): Promise<SubmitReply> {
    const [script, log] = [`${directory}/${name}`, `${directory}/${name}.log`];
    writeFileSync(script, '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
    const request = {
      owner: OWNER,
      umask: 0o022,
      resources: {},
      elements: 1,
      workdir: directory,
      script,
      log,
    };
    return through.submit({ ...request, tag: name as Tag });
  }

  async function names(): Promise<readonly string[]> {
    const listing = await backend.observe(OWNER, []);
    return listing.kind === 'complete' ? listing.jobs.map(({ tag }) => tag) : [];
  }
});

const OWNER = ourselves();
const WORDS = expect.stringMatching(/\w+ \w+/);

function idOf(reply: SubmitReply): NativeId {
  if (reply.kind === 'accepted') return reply.nativeId;
  throw new Error(`expected a job, got ${JSON.stringify(reply)}`);
}
