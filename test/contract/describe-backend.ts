/**
 * What every backend must do, run against the real thing or what stands for it. A test file names the habitat;
 * the promises themselves are in promises/, one file for each subject.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { NativeId } from '../../backends/backend.ts';
import type { Habitat } from './habitat.ts';
import { jobsAreAborted } from './promises/aborted.ts';
import { doubtsAreSaid } from './promises/doubts.ts';
import { endsAreToldApart } from './promises/ends.ts';
import { jobsAreFound } from './promises/found.ts';
import { manyAreHandledAtOnce } from './promises/many.ts';
import { whatIsSaidIsTrue } from './promises/said.ts';
import { jobsStartClean } from './promises/started.ts';
import { createWorld, type World } from './world.ts';

interface ContractOptions {
  /** Why the suite cannot run here. */
  readonly skip?: string;
}

export function describeBackend(
  name: string,
  open: () => Promise<Habitat>,
  { skip }: ContractOptions = {},
): void {
  describe.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (left out: ${skip})`, () => {
    const submitted: NativeId[] = [];
    let habitat: Habitat;
    beforeAll(async () => {
      habitat = await open();
    });
    afterAll(async () => {
      if (submitted.length > 0) await habitat.backend.abort(habitat.owner, submitted, { kind: 'kill' });
      await habitat?.close();
    });
    const world = (): World => createWorld(habitat, (nativeId) => submitted.push(nativeId));

    describe('what is said is true', () => whatIsSaidIsTrue(world));
    describe('ends are told apart', () => endsAreToldApart(world));
    describe('jobs are aborted', () => jobsAreAborted(world));
    describe('jobs are found', () => jobsAreFound(world));
    describe('jobs start clean', () => jobsStartClean(world));
    describe('doubts are said', () => doubtsAreSaid(world));
    describe('many are handled at once', () => manyAreHandledAtOnce(world));
  });
}
