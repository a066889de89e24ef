/**
 * Users and groups as the system knows them (passwd(5), group(5), LDAP, SSSD: whatever nsswitch.conf says), asked by
 * its own commands, since Node knows only ourselves. Answers are kept for a minute: a directory server that is
 * slow must not be asked for every connection.
 */
import type { Owner } from '../../backends/backend.ts';
import { type CommandResult, runCommand } from '../../backends/run-command.ts';

export interface Accounts {
  /** `undefined`: there is no such user, or the directory did not answer. */
  userOf(uid: number): Promise<Owner | undefined>;
  /** Names of all groups of a user, his primary group first. Empty where nothing can be learned. */
  groupsOf(name: string): Promise<readonly string[]>;
  /** Those of whom the system says that there is no such user. From no answer nothing is concluded. */
  goneAmong(uids: readonly number[]): Promise<ReadonlySet<number>>;
}

const KEPT_MS = 60_000;
const TIME_LIMIT_MS = 10_000;

export function createAccounts(ask = askSystem, nowMs = () => performance.now()): Accounts {
  const users = new Kept<number, Owner>(nowMs, async (uid) =>
    readPasswd(await ask('getent', ['passwd', `${uid}`]), uid),
  );
  const groups = new Kept<string, readonly string[]>(nowMs, async (name) =>
    readGroups(await ask('id', ['-Gn', '--', name])),
  );
  return {
    userOf: (uid) => users.get(uid),
    groupsOf: async (name) => (await groups.get(name)) ?? [],
    goneAmong: async (uids) =>
      // Asked for nobody, it tells everybody.
      uids.length === 0 ? new Set() : missingIn(await ask('getent', ['passwd', ...uids.map(String)]), uids),
  };
}

/** Keeps answers for a while; who asks meanwhile waits for the same question. No answer is not kept. */
class Kept<K, V> {
  private readonly answers = new Map<K, { readonly answer: Promise<V | undefined>; readonly atMs: number }>();
  private readonly nowMs: () => number;
  private readonly find: (key: K) => Promise<V | undefined>;

  constructor(nowMs: () => number, find: (key: K) => Promise<V | undefined>) {
    this.nowMs = nowMs;
    this.find = find;
  }

  get(key: K): Promise<V | undefined> {
    const known = this.answers.get(key);
    if (known !== undefined && this.nowMs() - known.atMs < KEPT_MS) return known.answer;
    const answer = this.find(key).then((found) => {
      if (found === undefined) this.answers.delete(key);
      return found;
    });
    this.answers.set(key, { answer, atMs: this.nowMs() });
    return answer;
  }
}

function askSystem(program: string, args: readonly string[]): Promise<CommandResult> {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
  return runCommand({ program, args, env, timeoutMs: TIME_LIMIT_MS });
}

/** `name:x:uid:gid:gecos:home:shell`; the number that was asked for may not be taken for somebody's name. */
function readPasswd({ exitCode, stdout }: CommandResult, uid: number): Owner | undefined {
  const [name, , found, gid, , home, shell] = stdout.trim().split(':');
  if (exitCode !== 0 || !name || Number(found) !== uid || !/^\d+$/.test(gid ?? '')) return undefined;
  return { uid, gid: Number(gid), name, home: home || '/', shell: shell || '/bin/sh' };
}

/** `getent` ends with 2 where one of the keys was not found (getent(1), EXIT STATUS); the others are printed. */
function missingIn({ exitCode, stdout }: CommandResult, uids: readonly number[]): ReadonlySet<number> {
  if (exitCode !== 2) return new Set();
  const found = new Set(stdout.split('\n').map((line) => Number(line.split(':')[2])));
  return new Set(uids.filter((uid) => !found.has(uid)));
}

/** No group's name holds a blank (useradd(8)); a user without any has none to be an administrator by. */
function readGroups({ exitCode, stdout }: CommandResult): readonly string[] | undefined {
  return exitCode === 0
    ? stdout
        .trim()
        .split(/\s+/)
        .filter((name) => name !== '')
    : undefined;
}
