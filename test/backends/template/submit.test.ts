/** What is put to a described scheduler, and what its answers are taken for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../../backends/backend.ts';
import { SUBMIT_PLACEHOLDERS } from '../../../backends/template/placeholders.ts';
import { submitValues } from '../../../backends/template/requests.ts';
import type { SubmitTemplate, TemplateSettings } from '../../../backends/template/settings.ts';
import { createTemplate } from '../../../backends/template/template.ts';
import { request, SITE, SUBMIT } from './site.ts';

function site(submit: Partial<SubmitTemplate> = {}, more: Partial<TemplateSettings> = {}): Backend {
  return createTemplate('site', {
    ...SITE,
    submit: { ...SUBMIT, ...submit },
    commandTimeoutMs: 500,
    ...more,
  });
}

describe('a submit', () => {
  test('is accepted with the id that was printed', async () => {
    expect(await site().submit(request())).toEqual({ kind: 'accepted', nativeId: '12' });
  });

  test.each([
    ['exit 0', 'ambiguous'],
    ['echo job 1; echo job 2', 'ambiguous'],
    ['echo job 1 2; echo job 1 3', 'accepted'],
    ['echo job a/b', 'ambiguous'],
    ['echo job a,b', 'ambiguous'],
    ['echo job 7; exit 1', 'ambiguous'],
    ['echo over the limit >&2; exit 1', 'throttled'],
    ['echo no such queue >&2; exit 1', 'rejected'],
    ['echo no such queue; exit 1', 'rejected'],
    ['echo no such queue, over the limit >&2; exit 1', 'throttled'],
    ['exit 5', 'rejected'],
    ['exit 6', 'throttled'],
    ['kill -9 $$', 'ambiguous'],
    ['exec sleep 600', 'ambiguous'],
    ['exec /no/such/program', 'throttled'],
  ])('whose command does `%s`: %s', async (text, kind) => {
    const reply = await site({ command: ['sh', '-c', text] }).submit(request());
    expect(reply.kind).toBe(kind);
  });

  test('is accepted under its tag where a job knows nothing else of itself', async () => {
    const job = { ...SITE.job, id: 'tag' } as const;
    const submitWith = (submit: Partial<SubmitTemplate>) => site(submit, { job }).submit(request());
    expect(await submitWith({})).toEqual({ kind: 'accepted', nativeId: 't.1' });
    expect(await submitWith({ id: /(?<id>never)/ })).toMatchObject({ kind: 'ambiguous' });
  });

  test('of an array is refused where the site does not say how', async () => {
    const words = expect.stringMatching(/arrays/);
    expect(await site().submit(request({ elements: 2 }))).toEqual({ kind: 'rejected', reason: words });
  });
});

describe('standard input', () => {
  let place = '';
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'wf-template-'));
  });
  afterEach(() => rmSync(place, { recursive: true }));

  test('may be the script', async () => {
    const script = `${place}/it's $HOME \n job`;
    writeFileSync(script, 'job 34\n');
    const backend = site({ command: ['cat'], stdin: '{script}' });
    expect(await backend.submit(request({ script }))).toEqual({ kind: 'accepted', nativeId: '34' });
    expect(await backend.submit(request({ script: `${place}/none` }))).toMatchObject({ kind: 'ambiguous' });
  });

  test('may be a description, whose lines drop out; what would break it is refused', async () => {
    const input = ['job 5 {script}', ['queue = {queue}'], ['cpus = {cpus}'], 'end'];
    const backend = site({ command: ['tee', `${place}/input`], input });
    const script = '/a b/job';
    const reply = await backend.submit(request({ script, resources: { cpus: 2 } }));
    expect(reply).toEqual({ kind: 'accepted', nativeId: '5' });
    expect(readFileSync(`${place}/input`, 'utf8')).toBe('job 5 /a b/job\ncpus = 2\nend\n');
    expect(backend.check({ queue: 'fast' })).toBeUndefined();
    expect(backend.check({ queue: '$(x)' })).toMatch(/^queue is "\$\(x\)", which .* cannot carry .*\[\^\$\]/);
    expect(await backend.submit(request({ script: '/a$b/job' }))).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/^script is .* cannot carry/),
    });
  });
});

describe('a request of a task', () => {
  test('that the command has no place for is refused, unless the site ignores it', () => {
    expect(site().check({ queue: 'fast' })).toBeUndefined();
    expect(site().check({ queue: 'fast', memoryMiB: 5 })).toBe(
      "the submit command of this backend has no place for resources.memory: remove it from the task, or have the site add it there or to 'ignores'",
    );
    const many = {
      memoryMiB: 5,
      timeSeconds: 5,
      exclusive: true,
      options: { template: ['-x'], slurm: ['-y'] },
    };
    const ignores = ['memory', 'time', 'exclusive', 'options'] as const;
    expect(site({}, { ignores }).check(many)).toBeUndefined();
    expect(site({}, { ignores: ['gpus'] }).check({ gpus: { count: 1, type: 'a' } })).toMatch(
      /gpus \(its type\)/,
    );
  });

  test('that asks for nothing is no request', () => {
    const nothing = { exclusive: false, gpus: { count: 0 }, options: { slurm: ['-y'], template: [] } };
    expect(site().check(nothing)).toBeUndefined();
  });

  test('reaches the command in the unit that it wants', async () => {
    const command = [
      ...['printf', '[%s]', '{directory}', '{workdir}', '{user}'],
      ['{memoryMiB} {memoryKiB} {timeSeconds} {timeMinutes} {time}'],
      ['-lx{exclusive}', '{gpus}:{gpuType}', '{priority}'],
      '{options}',
    ];
    const resources = {
      memoryMiB: 1.5,
      timeSeconds: 100_000.5,
      exclusive: true,
      gpus: { count: 2, type: 'a100' },
      options: { template: ['-m', 'b e'] },
    };
    const backend = site({ command });
    expect(backend.check(resources)).toBeUndefined();
    expect(await backend.submit(request({ resources, priority: -3 }))).toMatchObject({
      reason: expect.stringContaining(
        `[/w][/w][${request().owner.name}][2 1536 100001 1667 27:46:41][-lx][2:a100][-3][-m][b e]`,
      ),
    });
  });

  test('has a value for every placeholder, of which the necessary ones are never absent', () => {
    const values = submitValues(request());
    expect(Object.keys(values).sort()).toEqual(Object.keys(SUBMIT_PLACEHOLDERS).sort());
    const present = Object.keys(values).filter((name) => Reflect.get(values, name) !== undefined);
    const always = Object.entries(SUBMIT_PLACEHOLDERS).filter(([, presence]) => presence === 'always');
    expect(present.sort()).toEqual(always.map(([name]) => name).sort());
  });
});
