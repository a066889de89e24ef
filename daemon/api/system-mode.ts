/**
 * Who may speak to the daemon that serves everybody on the node: every user the system knows, as himself. What he may
 * do beyond his own runs is in the configuration, by his name or one of his groups (`@hpc-admins`).
 */
import type { Accounts } from '../accounts/accounts.ts';
import type { Answer, Peer, Role } from './engine-door.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import { done, refuse } from './refusals.ts';

export interface Privileged {
  /** Names of users, and of groups behind `@`. */
  readonly admins: readonly string[];
  readonly operators: readonly string[];
}

export function identifyInSystemMode(
  accounts: Accounts,
  privileged: () => Privileged,
): (credentials: PeerCredentials) => Promise<Answer<Peer>> {
  return async ({ uid, gid, pid }) => {
    const user = await accounts.userOf(uid);
    if (user === undefined) {
      return refuse(
        'NOT_ALLOWED',
        `uid ${uid} is no user of this node (getent passwd ${uid} finds nobody), so no job could run as that user`,
      );
    }
    const role = uid === 0 ? 'admin' : await roleOf(accounts, user.name, privileged());
    // The group is that of the connecting process (newgrp(1)); the kernel vouches for it.
    return done({ uid, pid, name: user.name, owner: { ...user, gid }, role });
  };
}

async function roleOf(accounts: Accounts, name: string, { admins, operators }: Privileged): Promise<Role> {
  const mayNeedGroups = [...admins, ...operators].some((who) => who.startsWith('@'));
  const groups = mayNeedGroups ? await accounts.groupsOf(name) : [];
  const names = new Set([name, ...groups.map((group) => `@${group}`)]);
  if (admins.some((who) => names.has(who))) return 'admin';
  return operators.some((who) => names.has(who)) ? 'operator' : 'user';
}
