/**
 * A tag is the job's name on every scheduler, so it is made of what all of them allow. A site whose scheduler takes
 * shorter names says in its own configuration how it makes them (kind: template).
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSpoolName } from '../../backends/marks.ts';
import { newTag } from '../../daemon/loop/launch.ts';
import { TEXTS } from './cases.ts';
import { text } from './generated.ts';

interface NameRule {
  readonly allows: RegExp;
  readonly bytesMax: number;
  readonly source: string;
}

const RULES: Readonly<Record<string, NameRule>> = {
  SLURM: {
    // sacct --name takes a list; squeue is asked for 128 characters of it (slurm/commands.ts).
    allows: /^[^,|\s]+$/,
    bytesMax: 128,
    source: 'sbatch(1), sacct(1)',
  },
  'Grid Engine': {
    allows: /^[^\s/:´'"\\[\]{}|()@%,*?\d][^\s/:´'"\\[\]{}|()@%,*?]*$/,
    bytesMax: 512,
    source: 'sge_types(1), object_name; a leading digit is refused by qsub -N (observed with 8.1.9)',
  },
  LSF: {
    // Brackets make an array, a star is a pattern for bjobs and bkill.
    allows: /^[A-Za-z0-9._-]+$/,
    bytesMax: 200,
    source: 'bsub(1), -J; some of its relatives end at some 200 bytes',
  },
  'PBS Professional, OpenPBS': {
    allows: /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/,
    bytesMax: 230,
    source: 'qsub(1B), -N; 15 bytes before version 13',
  },
  Flux: { allows: /^[^\s/]+$/, bytesMax: 255, source: 'flux-submit(1), --job-name' },
  HTCondor: {
    allows: /^[^\s"\\]+$/,
    bytesMax: 255,
    source: 'condor_submit(1), batch_name, asked for in a string',
  },
  'a file system, a shell and a list of words': {
    allows: /^[A-Za-z0-9_][A-Za-z0-9._-]*$/,
    bytesMax: 255,
    source: 'POSIX.1-2017, portable file names',
  },
};

const LARGEST_RUN = Number.MAX_SAFE_INTEGER;
const tagsOf = (task: string): readonly string[] =>
  [() => 0, () => 0.5, () => 1 - Number.EPSILON].map((random) => newTag(task, LARGEST_RUN, random));

test.each(Object.entries(RULES))(
  '%s takes every tag as a name',
  (_scheduler, { allows, bytesMax, source }) => {
    const isTaken = (task: string): void => {
      for (const tag of tagsOf(task)) {
        expect(tag, source).toMatch(allows);
        expect(Buffer.byteLength(tag), source).toBeLessThanOrEqual(bytesMax);
      }
    };
    for (const task of [...Object.values(TEXTS), 'all', 'none', 'template', 'undefined']) isTaken(task);
    fc.assert(fc.property(text, isTaken), { seed: 5, numRuns: 300 });
  },
);

test('it stays whole in the name of an entry of the spool, whatever the native id', () => {
  for (const tag of Object.values(TEXTS).flatMap(tagsOf)) {
    const entry = `E,${tag},99999,123456789.server.example.org[99999],12,255,f`;
    expect(parseSpoolName(entry)).toMatchObject({ tag, index: 99_999 });
    expect(entry.length).toBeLessThanOrEqual(255);
  }
});
