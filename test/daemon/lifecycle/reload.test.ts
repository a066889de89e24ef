import { expect, test } from 'vitest';
import { loadConfig } from '../../../daemon/config/config.ts';
import type { OpenedConfigResult } from '../../../daemon/config/open-config.ts';
import { createReload } from '../../../daemon/lifecycle/reload.ts';
import { createLog } from '../../../daemon/log.ts';

function scene(first: string) {
  let text = first;
  const told: string[] = [];
  const logged: string[] = [];
  const log = createLog('info', false, { write: (line) => void logged.push(line) });
  const read = async (): Promise<OpenedConfigResult> => {
    const loaded = loadConfig({
      options: { config: '/c.yaml' },
      env: { HOME: '/home/ada' },
      readFile: () => text,
      hasProgram: () => false,
    });
    return loaded.ok ? { ...loaded, backends: new Map() } : loaded;
  };
  const notifier = { reloading: () => void told.push('reloading'), ready: () => void told.push('ready') };
  return {
    told,
    logged,
    log,
    read,
    notifier,
    write: (next: string) => {
      text = next;
    },
    async start() {
      const opened = await read();
      if (!opened.ok) throw new Error('the first configuration is wrong');
      return { opened, reload: createReload({ opened, read, log, notifier }) };
    },
  };
}

test('what has changed counts from then on, and systemd hears of it', async () => {
  const { start, write, told, log } = scene('limits: {perOwner: 50}\n');
  const { opened, reload } = await start();
  write('limits: {perOwner: 60}\nlog: {level: warn}\n');
  expect(await reload()).toEqual({
    ok: true,
    value: { file: '/c.yaml', inForce: ['limits.perOwner', 'log.level'], afterRestart: [] },
  });
  expect(opened.config.engine.maxActivePerOwner).toBe(60);
  expect(log.level).toBe('warn');
  expect(told).toEqual(['reloading', 'ready']);
});

test('a file with a mistake changes nothing, not even by what is right in it', async () => {
  const { start, write, told, logged } = scene('limits: {perOwner: 50}\n');
  const { opened, reload } = await start();
  write('limits: {perOwner: 60}\nlog: {level: loud}\n');
  expect(await reload()).toMatchObject({
    ok: false,
    error: { code: 'INVALID_CONFIG', details: [expect.stringMatching(/^\/c\.yaml:2:14: /)] },
  });
  expect(opened.config.engine.maxActivePerOwner).toBe(50);
  expect(told, 'systemd must not wait for ever').toEqual(['reloading', 'ready']);
  expect(JSON.parse(logged[0] ?? '')).toMatchObject({
    level: 50,
    mistakes: [expect.stringContaining('loud')],
  });
  write('limits: {perOwner: 60}\n');
  expect(await reload()).toMatchObject({ ok: true, value: { inForce: ['limits.perOwner'] } });
});

test('what waits for a restart is told until it has come', async () => {
  const { start, write } = scene('{}');
  const { reload } = await start();
  write('backends: {here: {kind: local, poll: 2s}}\n');
  const waiting = {
    ok: true,
    value: { inForce: [], afterRestart: ['backends.here.kind', 'backends.here.poll'] },
  };
  expect(await reload()).toMatchObject(waiting);
  expect(await reload()).toMatchObject(waiting);
  write('{}');
  expect(await reload()).toMatchObject({ value: { afterRestart: [] } });
});

test('one at a time: of two at once each tells what it has done', async () => {
  const { start, write } = scene('{}');
  const { reload } = await start();
  write('limits: {perOwner: 60}\n');
  const [one, other] = await Promise.all([reload(), reload()]);
  expect(one).toMatchObject({ value: { inForce: ['limits.perOwner'] } });
  expect(other).toMatchObject({ value: { inForce: [] } });
});
