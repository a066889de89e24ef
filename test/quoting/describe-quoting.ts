/**
 * Whatever a value, a command or a path is made of, a job sees what was asked for. A backend is proved by one line:
 * `describeQuoting('slurm', openSlurm)`, where `openSlurm` says where its jobs may live and who owns them.
 *
 * A job carries as many cases as it can: all values are arguments and variables of one process, and only a path,
 * which a scheduler may meet in its own options, has a job of its own.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../backends/backend.ts';
import { DEEP_PATHS, LONG_TEXTS, NAMES, TEXTS } from './cases.ts';
import { name, path, text } from './generated.ts';
import {
  type AskedElement,
  bytesAsText,
  type Habitat,
  type SeenElement,
  type SeenJob,
  seenJob,
  words,
  writeDown,
} from './seen-job.ts';

/** Jobs of generated cases. */
const BATCHES = process.env['WFD_TEST_LONG'] === '1' ? 30 : 2;
const SEED = 20263;

/** `skip`: why the scheduler cannot be had here. */
export function describeQuoting(backendName: string, open: () => Promise<Habitat>, skip?: string): void {
  describe.skipIf(skip !== undefined)(
    skip === undefined ? backendName : `${backendName} (left out: ${skip})`,
    () => {
      let habitat: Habitat;
      beforeAll(async () => {
        habitat = await open();
      });
      afterAll(() => habitat?.close());
      valuesOfTheTable(() => habitat);
      commandsOfTheTable(() => habitat);
      pathsOfTheTable(() => habitat);
      generatedCases(() => habitat);
      namesOfTheScheduler(() => habitat);
    },
  );
}

function valuesOfTheTable(habitat: () => Habitat): void {
  test.each([true, false])('every text as argument and variable; login: %s', async (login) => {
    await expectValues(habitat(), Object.values(TEXTS), login);
  });

  test.each(Object.entries(LONG_TEXTS))('a very long one: %s', async (_what, long) => {
    await expectValues(habitat(), [long], true);
  });
}

function commandsOfTheTable(habitat: () => Habitat): void {
  test('every text is a command, and so are all of them in one', async () => {
    const texts = [...Object.values(TEXTS), Object.values(TEXTS).join('\n')];
    const seen = await seenElements(
      habitat(),
      texts.map((each) => () => ({ command: { kind: 'shell', text: each, shell: ['cat'] } })),
    );
    expect(seen.map((element) => bytesAsText(element.read('stdout')))).toEqual(texts);
  });

  test('every text is a word of the shell that reads the command', async () => {
    const shell = ['sh', '-c', `printf '%s\\0' "$0" "$@"`, ...Object.values(TEXTS)];
    const command = { kind: 'shell', text: '', shell } as const;
    const [seen] = await seenElements(habitat(), [() => ({ command })]);
    const printed = seen === undefined ? [] : words(seen.read('stdout'));
    expect(printed).toEqual([...Object.values(TEXTS), `${seen?.asked.directory}/script`]);
  });
}

function pathsOfTheTable(habitat: () => Habitat): void {
  test('a run in a directory of every name, with such a working directory and outputs', async () => {
    const jobs = Object.values(NAMES).map((each) => expectPlace(habitat(), each, [each]));
    const results = await Promise.allSettled(jobs);
    const failed = Object.keys(NAMES).flatMap((what, index) => {
      const result = results[index];
      return result?.status === 'rejected' ? [`${what}: ${result.reason}`] : [];
    });
    expect(failed).toEqual([]);
  }, 300_000);

  test.each(Object.entries(DEEP_PATHS))('a run in a place that is %s', async (_what, deep) => {
    await expectPlace(habitat(), deep, ['workdir']);
  });
}

function generatedCases(habitat: () => Habitat): void {
  /** To look for a smaller failing case would take hundreds of jobs; the difference shows which text it is. */
  const modestly = { seed: SEED, numRuns: BATCHES, endOnFailure: true };

  test('any text is a value', async () => {
    const hundred = fc.array(text, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(hundred, fc.boolean(), (texts, login) => expectValues(habitat(), texts, login)),
      modestly,
    );
  });

  test('any name is that of a place', async () => {
    const some = fc.array(path, { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(name, some, (run, workdirs) => expectPlace(habitat(), run, workdirs)),
      modestly,
    );
  });
}

function namesOfTheScheduler(habitat: () => Habitat): void {
  test.each(['queue', 'account'] as const)(
    'no text of the table is taken for another %s',
    async (resource) => {
      const { backend, owner, directory, knows } = habitat();
      if (!knows.includes(resource)) return expect(knows).not.toContain(resource);
      const asked = Object.values(TEXTS).map((each, index) => ({
        tag: `quoting.2.${resource}${index}` as Tag,
        owner,
        umask: 0o022,
        resources: { [resource]: each },
        workdir: '/',
        script: `${directory}/never`,
        log: `${directory}/never.log`,
        elements: 1,
      }));
      writeFileSync(`${directory}/never`, '#!/bin/sh\n', { mode: 0o755 });
      const replies = await Promise.all(asked.map((request) => backend.submit(request)));
      const reason = expect.stringMatching(/\w+ \w+/);
      expect(replies).toEqual(asked.map(() => ({ kind: 'rejected', reason })));
    },
  );
}

/** One process is given all of them, and sees them so. */
async function expectValues(habitat: Habitat, texts: readonly string[], login: boolean): Promise<void> {
  const named = new Map(texts.map((each, index) => [`V${String(index).padStart(2, '0')}`, each]));
  const [seen] = await seenElements(habitat, [
    () => ({ command: writeDown(texts), env: Object.fromEntries(named), login }),
  ]);
  if (seen === undefined) throw new Error('nothing was seen');
  const [, script, ...args] = words(seen.read('seen.args'));
  expect(script).toBe(`${seen.asked.directory}/script`);
  expect(args).toEqual(texts);
  expect(variables(seen)).toEqual(expect.objectContaining(Object.fromEntries(named)));
  expect(seen.read('seen.input')).toHaveLength(0);
  expect(seen.exit.succeeded).toBe(true);
}

/** A job per run directory: each of its elements has a working directory and outputs of such names. */
async function expectPlace(habitat: Habitat, runName: string, workdirs: readonly string[]): Promise<void> {
  const asked = workdirs.map(
    (workdir): AskedElement =>
      (run) => ({
        workdir: `${run}/${workdir}`,
        outputs: { [workdir]: `${run}/${workdir}`, gone: `${run}/${workdir}/gone` },
      }),
  );
  for (const job of await seenJobs(habitat, asked, runName)) {
    for (const { read, exit, asked: element } of job.elements) {
      expect(bytesAsText(read('seen.workdir'))).toBe(`${element.workdir}\n`);
      expect(exit).toMatchObject({ exitCode: 0, succeeded: false, missing: ['gone'] });
    }
    // Noted after the exit mark.
    await expect.poll(job.spooled, { timeout: 10_000 }).toHaveLength(2 * job.elements.length);
    expect(job.logs()).not.toEqual([]);
  }
}

async function seenElements(
  habitat: Habitat,
  asked: readonly AskedElement[],
): Promise<readonly SeenElement[]> {
  return (await seenJobs(habitat, asked)).flatMap(({ elements }) => elements);
}

/** One array where the scheduler has arrays, else a job for each. */
async function seenJobs(
  habitat: Habitat,
  asked: readonly AskedElement[],
  runName?: string,
): Promise<readonly SeenJob[]> {
  const submissions = habitat.backend.capabilities.arrays ? [asked] : asked.map((element) => [element]);
  return Promise.all(submissions.map((elements) => seenJob(habitat, elements, runName)));
}

function variables(seen: SeenElement): Readonly<Record<string, string>> {
  const pairs = words(seen.read('seen.env')).map((word) => {
    const at = word.indexOf('=');
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
