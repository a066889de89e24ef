import { expect, test } from 'vitest';
import type { PhaseName } from '../../../daemon/lifecycle/phases.ts';
import { type Phase, runPhases } from '../../../daemon/lifecycle/shutdown.ts';

const never = new Promise<void>(() => undefined);

function scene(hurry: Promise<void> = never) {
  const told: string[] = [];
  const note = (_fields: object, message: string) => void told.push(message);
  const tools = {
    log: { info: note, warn: note, error: note },
    clock: { monotonicMs: () => 0 },
    notify: {
      stopping: (status: string) => void told.push(`systemd: ${status}`),
      extendTimeout: () => undefined,
    },
    hurry,
  };
  return { told, tools };
}

function phase(name: PhaseName, run: () => Promise<void>, timeoutMs = 60_000): Phase {
  return { name, timeoutMs, run };
}

test('phases run one after the other, and systemd hears of each', async () => {
  const { told, tools } = scene();
  const end = await runPhases(
    [
      [phase('stop-dispatch', async () => void told.push('a'))],
      [phase('unbind', async () => void told.push('b'))],
    ],
    tools,
  );
  expect(end).toBe('done');
  expect(told).toEqual([
    'systemd: stop-dispatch',
    'a',
    'phase stop-dispatch done',
    'systemd: unbind',
    'b',
    'phase unbind done',
  ]);
});

test('a phase that hangs is cut off and the next one begins', async () => {
  const { told, tools } = scene();
  const end = await runPhases(
    [[phase('commands-done', () => never, 5)], [phase('close-store', async () => void told.push('closed'))]],
    tools,
  );
  expect(end).toBe('done');
  expect(told).toContain('phase commands-done cut off after 5 ms');
  expect(told).toContain('closed');
});

test('a phase that fails does not keep the next one from running', async () => {
  const { told, tools } = scene();
  const fails = phase('stop-io', () => Promise.reject(new Error('disk')));
  expect(
    await runPhases([[fails], [phase('close-store', async () => void told.push('closed'))]], tools),
  ).toBe('done');
  expect(told).toContain('a phase of the stop failed; going on with the next');
  expect(told).toContain('closed');
});

test('phases of one group run beside each other', async () => {
  const { tools } = scene();
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const waits = phase('abort-all-runs', () => gate);
  const opens = phase('requests-done', async () => open());
  expect(await runPhases([[waits, opens]], tools)).toBe('done');
});

test('a second signal ends at once and leaves out the rest', async () => {
  const { told, tools } = scene(Promise.resolve());
  const end = await runPhases(
    [[phase('abort-all-runs', () => never)], [phase('close-store', async () => void told.push('closed'))]],
    tools,
  );
  expect(end).toBe('hurried');
  expect(told).not.toContain('closed');
});
