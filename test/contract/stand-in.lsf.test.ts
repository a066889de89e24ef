/** The contract on the stand-in for LSF (test/lsf-stand-in), in both dialects. It is not LSF. */
import { describeBackend } from './describe-backend.ts';
import { openLsfStandIn } from './lsf-habitat.ts';

describeBackend('lsf (stand-in, 10.1)', () => openLsfStandIn('10.1'));
describeBackend('lsf (stand-in, open relative)', () => openLsfStandIn('relative'));
