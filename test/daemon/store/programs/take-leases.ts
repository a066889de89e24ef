/**
 * Waits for a line on its input, then tries for the lease of each directory named as an argument, and prints a
 * JSON list of those it got. Ends when its input ends: until then it lives, and so do its leases.
 */
import { takeLease } from '../../../../daemon/store/lease.ts';

const directories = process.argv.slice(2);

process.stdin.once('data', () => {
  const self = { host: 'login1', pid: process.pid, bootId: 'boot-1', leaseMs: 60_000, nowMs: Date.now };
  const taken = directories.filter((directory) => takeLease({ directory, ...self }).kind === 'taken');
  process.stdout.write(`${JSON.stringify(taken)}\n`);
});
process.stdout.write('ready\n');
