/** What only a real Grid Engine can show of the adapter: limits that it enforces, and a warning before a kill. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Resources, Tag } from '../../../backends/backend.ts';
import { type JobElement, logPath, scriptPath, submissionFiles } from '../../../backends/job-script.ts';
import type { Habitat } from '../../contract/habitat.ts';
import { openSge, sgeAnswers } from '../../contract/sge-habitat.ts';
import { createWorld, hasEnded, newTag, until } from '../../contract/world.ts';

describe.skipIf(!sgeAnswers())('on a real Grid Engine', () => {
  let habitat: Habitat;
  beforeAll(async () => {
    habitat = await openSge();
  });
  afterAll(() => habitat.close());

  // 180 MiB in three processes: none of them is refused memory, all of them together have too much.
  const GREEDY = `for i in 1 2 3; do python3 -c 'import time; x = bytearray(60 << 20); time.sleep(60)' & done; wait`;

  test.each<[string, string, Resources]>([
    ['TimeLimit', 'sleep 60', { timeSeconds: 2 }],
    ['TimeLimit', 'sleep 60', { timeSeconds: 2, memoryMiB: 500, cpus: 2 }],
    ['OutOfMemory', GREEDY, { memoryMiB: 100, timeSeconds: 600 }],
    ['OutOfMemory', GREEDY, { memoryMiB: 100, cpus: 2 }],
  ])('%s of `%s` with %j', async (kind, script, resources) => {
    const job = await createWorld(habitat, () => undefined).submit(script, { resources });
    expect(job.reply.kind).toBe('accepted');
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind, started: true });
  });

  test('memory is for the whole job, not for each of its slots', async () => {
    const resources = { memoryMiB: 300, cpus: 3 };
    const job = await createWorld(habitat, () => undefined).submit('ulimit -v > limit', { resources });
    await job.seen(hasEnded);
    expect(Number(job.read('limit'))).toBe(300 * 1024);
  });

  // The queues of the test cluster kill 5 seconds after the warning.
  test.each(['TERM', 'INT', 'USR2'])(
    'a task is warned by its own SIG%s, and saves what it has',
    async (signal) => {
      const text = `trap 'echo saved; exit 7' ${signal}; echo ready; while :; do sleep 0.2; done`;
      const { backend, owner } = habitat;
      const job = await submitTask(habitat, text, { signal, graceMs: 3_000 });
      await until(() => job.read('stdout') === 'ready\n');
      expect(await backend.abort(owner, [job.nativeId], { kind: 'signal', signal })).toEqual({
        kind: 'sent',
      });
      await until(() => job.read('exit').endsWith('end\n'));
      expect(job.read('stdout')).toBe('ready\nsaved\n');
      expect(job.read('exit')).toContain('code=7\n');
    },
  );
});

/** As the daemon does it: with the wrapper around the command. */
async function submitTask(
  { backend, owner, directory: base }: Habitat,
  text: string,
  warning: { readonly signal: string; readonly graceMs: number },
) {
  const tag: Tag = newTag();
  const directory = `${base}/${tag}`;
  const attempt = `${base}/attempt-${tag}`;
  const head = { log: logPath(directory), umask: 0o022, elements: 1, warning };
  const element: JobElement = {
    directory: attempt,
    command: { kind: 'shell', text, shell: ['sh', '-eu'] },
    env: {},
    login: false,
    workdir: attempt,
    outputs: {},
    successCodes: [0],
  };
  const preamble = backend.preamble(head);
  const spoolDirectory = `${directory}/spool`;
  for (const file of submissionFiles({ tag, directory, spoolDirectory, preamble, elements: [element] })) {
    mkdirSync(dirname(file.path), { recursive: true });
    writeFileSync(file.path, file.content, { mode: file.mode });
    for (const path of [dirname(file.path), file.path]) chownSync(path, owner.uid, owner.gid);
  }
  const script = scriptPath(directory);
  const reply = await backend.submit({ ...head, tag, owner, resources: {}, workdir: attempt, script });
  if (reply.kind !== 'accepted') throw new Error(reply.reason);
  const read = (name: string): string => {
    try {
      return readFileSync(`${attempt}/${name}`, 'utf8');
    } catch {
      return ''; // not there yet
    }
  };
  return { nativeId: reply.nativeId, read };
}
