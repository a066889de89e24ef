/**
 * The program that works on one owner's files with his rights: requests on stdin, answers on stdout, in any order.
 * It ends when stdin does. It runs in the owner's own processes, so it knows no secret and holds no privilege.
 */

import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import type { Owner } from '../../../backends/backend.ts';
import { createDirectOwnerFiles } from '../direct-owner-files.ts';
import type { OwnerFiles } from '../owner-files.ts';
import type { Request, Work } from './messages.ts';

const files = createDirectOwnerFiles();
const ourselves: Owner = me();

createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
  const { id, work, args }: Request = JSON.parse(line);
  void perform(work, args).then((answer) => process.stdout.write(`${JSON.stringify({ id, answer })}\n`));
});
// The daemon has gone: nobody waits for an answer any more.
process.stdout.on('error', () => process.exit(0));

/** The daemon is the only one who writes to our stdin, with the types of OwnerFiles. */
function perform(work: Work, args: readonly unknown[]): Promise<unknown> {
  const method = files[work] as (owner: Owner, ...rest: readonly unknown[]) => ReturnType<OwnerFiles[Work]>;
  return method(ourselves, ...args);
}

function me(): Owner {
  const { uid, gid, username, homedir, shell } = userInfo();
  return { uid, gid, name: username, home: homedir, shell: shell ?? '/bin/sh' };
}
