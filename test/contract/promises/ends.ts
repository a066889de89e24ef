/** How a job ended comes back as it was. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hasEnded, isRunning, success, type World } from '../world.ts';

export function endsAreToldApart(world: () => World): void {
  test('a job that succeeds knows its own id, and ends as a success where that is proved', async () => {
    const job = await world().submit('echo "$wf_native $wf_count $wf_index" > identity');
    expect(job.reply.kind).toBe('accepted');
    const { end } = await job.seen(hasEnded);
    expect(end).toMatchObject(success(world().habitat));
    expect(job.read('identity')).toBe(`${job.nativeId} 0 0\n`);
  });

  // 137 may be the shell's word for a signal: that is for the adapter to say, the code is the code. What is an order
  // to the scheduler, or could be mistaken for its own word, the wrapper keeps from it (job-wrapper.ts).
  test.each([3, 99, 100, 137, 255])('exit code %i comes back as it is, or is reserved', async (code) => {
    const job = await world().submit(
      `case "$wf_reserved" in *" ${code} "*) echo > reserved; exit 1 ;; esac; exit ${code}`,
    );
    const { end } = await job.seen(hasEnded);
    const said = job.read('reserved') === '' ? code : 1;
    expect(end).toMatchObject({ kind: expect.stringMatching(/^(NonZeroExit|Signaled)$/), exitCode: said });
  });

  test('a job whose script is killed by a signal has not succeeded', async () => {
    const { end } = await (await world().submit('kill -9 $$')).seen(hasEnded);
    expect(end?.kind).not.toBe('Succeeded');
    expect(end?.signal ?? 9).toBe(9);
  });

  test('a job that runs is seen running', async () => {
    const job = await world().submit('while [ ! -e go ]; do sleep 0.2; done');
    expect(await job.seen(isRunning)).toMatchObject(job.known);
    writeFileSync(`${job.place}/go`, '');
    expect((await job.seen(hasEnded)).end).toMatchObject(success(world().habitat));
  });
}
