/** How a backend is, as the API is told: from memory alone, and as old as the scheduler's newest answer. */
import { expect, test } from 'vitest';
import { createDoor } from '../../daemon/door.ts';
import { drainMicrotasks } from '../sim/virtual-clock.ts';
import { DaemonStory } from './loop/daemon-story.ts';
import { ScriptedBackend } from './loop/scripted-parts.ts';

const ONE_TASK = 'name: one\ntasks: {a: {run: "true"}}\n';
const PEER = {
  uid: 1000,
  pid: 1,
  name: 'ada',
  owner: { uid: 1000, gid: 1000, name: 'ada', home: '/', shell: '' },
  role: 'admin',
} as const;

const backendOf = (story: DaemonStory) => createDoor(story.loop).status().backends[0];

test('before anything was asked nothing is known but what the configuration says', async () => {
  const story = await DaemonStory.begin();
  const status = backendOf(story);
  expect(status).toMatchObject({
    name: 'local',
    kind: 'scripted',
    reachable: 'unknown',
    summary: 'not asked yet',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    active: 0,
    maxActive: 1_000,
    submitting: 0,
    maxSubmitting: 1_000,
    pollMs: 10_000,
    settleMs: 30_000,
    commandTimeoutMs: 60_000,
    commands: { lastMinute: 0 },
  });
  for (const key of ['sinceMs', 'version', 'probedAtMs', 'hasAccounting'])
    expect(status).not.toHaveProperty(key);
});

test('a probe tells the version; asking how it is asks nobody', async () => {
  const backend = new ScriptedBackend();
  let probes = 0;
  const probe = backend.probe.bind(backend);
  backend.probe = () => {
    probes += 1;
    return probe();
  };
  const story = await DaemonStory.begin({}, backend);
  story.loop.asker.probeAll();
  await drainMicrotasks();
  const probedAtMs = story.parts.clock.nowMs();
  await story.later(600);
  expect(backendOf(story)).toMatchObject({
    ...{ reachable: 'yes', sinceMs: probedAtMs, probedAtMs },
    ...{ summary: 'scripted', version: 'scripted', hasAccounting: true },
  });
  expect(probes).toBe(1);
});

test('a probe that reaches nobody tells no version', async () => {
  const backend = new ScriptedBackend();
  backend.probe = async () => ({ reachable: false, summary: 'nobody answers', hasAccounting: false });
  const story = await DaemonStory.begin({}, backend);
  story.loop.asker.probeAll();
  await drainMicrotasks();
  const status = backendOf(story);
  expect(status).toMatchObject({ reachable: 'no', summary: 'nobody answers' });
  expect(status).not.toHaveProperty('version');
  expect(status).not.toHaveProperty('hasAccounting');
});

test('in an outage the reason is shown, and what was known before is kept', async () => {
  const story = await DaemonStory.begin();
  story.loop.asker.probeAll();
  await story.submit(ONE_TASK);
  await story.later(12);
  expect(backendOf(story)).toMatchObject({ reachable: 'yes', active: 1 });
  story.backend.isDown('connection refused');
  await story.later(12);
  expect(backendOf(story)).toMatchObject({
    reachable: 'no',
    summary: 'connection refused',
    version: 'scripted',
  });
});

test('submit commands under way are counted', async () => {
  const backend = new ScriptedBackend();
  backend.replies.push(new Promise(() => undefined));
  const story = await DaemonStory.withRun(ONE_TASK, {}, backend);
  expect(backendOf(story)).toMatchObject({ submitting: 1, active: 1 });
});

test('a pause is answered with the backend as it is then; one that is not there is refused', async () => {
  const story = await DaemonStory.begin();
  const paused = await story.ask((loop) => createDoor(loop).pauseBackend('local', 'maintenance', PEER));
  expect(paused).toMatchObject({ ok: true, value: { paused: { by: 'ada', reason: 'maintenance' } } });
  const resumed = await story.ask((loop) => createDoor(loop).resumeBackend('local', PEER));
  expect(resumed.ok && resumed.value).not.toHaveProperty('paused');
  expect(await createDoor(story.loop).pauseBackend('slurm', 'x', PEER)).toMatchObject({
    ok: false,
    error: { code: 'BACKEND_NOT_FOUND', message: expect.stringContaining('there are: local') },
  });
});
