/** A daemon that finds a stand-in for LSF (test/lsf-stand-in/README.md), which, like LSF, takes no jobs of root. */
import type { StandIn } from '../lsf-stand-in/open.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';

export function daemonOnStandIn({ owner, directory, bin }: StandIn, config: object = {}): DaemonUnderTest {
  const env = { LSF_ENVDIR: directory, PATH: `${bin}:${process.env['PATH']}` };
  return new DaemonUnderTest({ env, config, ...(process.getuid?.() === 0 && { user: owner.name }) });
}
