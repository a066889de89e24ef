/** Every example, as it is, through the built programs, on a scheduler that is only described: task spooler. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { openSpooler, type Spooler, whyNoSpooler } from '../backends/template/spooler.ts';
import { ourselves } from '../contract/owners.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { EXAMPLES } from './example-runs.ts';

const skip = whyNoSpooler();

describe.skipIf(skip !== undefined)(`task spooler${skip === undefined ? '' : ` (left out: ${skip})`}`, () => {
  const daemon = new DaemonUnderTest();
  let spooler: Spooler;
  beforeAll(() => {
    spooler = openSpooler(ourselves(), 4);
    daemon.configure(described(spooler));
    return daemon.start();
  });
  afterAll(async () => {
    await daemon.remove();
    spooler.close();
  });

  test.each(Object.entries(EXAMPLES))('%s', (_name, run) => run(daemon, 'spooler'));
});

/** The example's configuration, with this test's own queue. */
function described({ env }: Spooler): object {
  const { backends } = parse(readFileSync('examples/config/task-spooler.yaml', 'utf8'));
  return { backends: { spooler: { ...backends.spooler, env } } };
}
