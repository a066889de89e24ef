/**
 * The process that starts a local job, waits for it and writes down how it ended.
 *
 * It is a small shell in a session of its own, so that it outlives the daemon: it needs nothing of it, and a
 * daemon killed at any moment leaves either no launcher, or one that writes its records itself. As a service of
 * systemd it would end with the daemon's; own-unit.ts helps where that can be helped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../backend.ts';
import { inOwnUnit, isUserService } from './own-unit.ts';

export interface Launch {
  /** The element's record, absolute. */
  readonly record: string;
  readonly nativeId: string;
  readonly index: number;
  readonly owner: Owner;
  readonly script: string;
  readonly log: string;
  readonly workdir: string;
  readonly umask: number;
  readonly timeSeconds?: number;
  /** From TERM to KILL at the time limit. */
  readonly graceSeconds: number;
}

/**
 * Starts a launcher; `whenGone` tells whether it saw a job to its end and wrote that down. Harmless to repeat: all
 * but one of an element's launchers end without doing anything.
 */
export function launch(job: Launch, whenGone: (ended: boolean) => void): void {
  const limit = [String(job.timeSeconds ?? ''), String(job.graceSeconds)];
  const settings = [job.record, job.script, job.log, job.workdir, job.umask.toString(8), ...limit];
  const words = ['/bin/sh', '-c', LAUNCHER, 'wfd-local', ...settings, WATCHER, START];
  const env = cleanEnvironment(job);
  const launchHere = () => follow(start(words, env), whenGone);
  if (!isUserService()) return launchHere();
  follow(start(inOwnUnit(words, env), process.env), (ended) => {
    // A manager that cannot be reached leaves no trace of a launcher; the job then lives as long as the daemon.
    if (ended || hasBegun(job)) whenGone(ended);
    else launchHere();
  });
}

function start([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  // detached: setsid(2)
  return spawn(program, args, { cwd: '/', detached: true, env, stdio: 'ignore' });
}

function follow(child: ChildProcess, whenGone: (ended: boolean) => void): void {
  child.once('error', () => whenGone(false)); // no process could be made; the element stays queued
  child.once('exit', (code) => whenGone(code === 0));
  child.unref();
}

function hasBegun({ record }: Launch): boolean {
  return lstatSync(join(record, 'launcher'), { throwIfNoEntry: false }) !== undefined;
}

/** Nothing of the daemon's own environment; the profile adds what the site wants. */
function cleanEnvironment({ owner, nativeId, index }: Launch): Record<string, string> {
  return {
    HOME: owner.home,
    LOGNAME: owner.name,
    PATH:
      owner.uid === 0
        ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
        : '/usr/local/bin:/usr/bin:/bin',
    SHELL: owner.shell,
    USER: owner.name,
    WFD_LOCAL_ID: nativeId,
    WFD_LOCAL_INDEX: String(index),
  };
}

/**
 * Takes the element by a symbolic link, which only one launcher can make and which names it. The job becomes
 * a session of its own, so that a signal to its group leaves the launcher alive. It runs in the foreground:
 * a shell starts background commands with INT ignored (XCU 2.11). What it leaves behind ends with it, as
 * under a scheduler. The watcher is killed leader first, then as a group: whatever it was doing, no `sleep` stays.
 */
const LAUNCHER = `
record=$1 script=$2 log=$3 workdir=$4 limit=$6 grace=$7 watch=$8 start=$9
read -r boot </proc/sys/kernel/random/boot_id

identify() {
  read -r stat </proc/self/stat
  pid=\${stat%% *}
  set -- \${stat##*) }
  name=$pid.\${20}.$boot
}

ended() {
  printf 'code=%s\\nend\\n' "$1" >"$record/ended.new" && mv -f "$record/ended.new" "$record/ended" && exit 0
  exit 1
}

identify
ln -s "$name" "$record/launcher" 2>/dev/null || exit 1
umask "$5"
cd "$workdir" 2>/dev/null || cd /
{ true >>"$log"; } 2>/dev/null || ended launch
if [ -n "$limit" ]; then
  setsid /bin/sh -c "$watch" wfd-watch "$record" "$limit" "$grace" "$log" </dev/null >/dev/null 2>&1 &
  watcher=$!
fi
(
  identify
  ln -s "$name" "$record/process" && exec setsid /bin/sh -c "$start" wfd-job "$record" "$script"
) </dev/null >>"$log" 2>&1
code=$?
[ -z "$limit" ] || { kill "$watcher"; kill -s TERM -- "-$watcher"; } 2>/dev/null
group=$(readlink "$record/process") && kill -s KILL -- "-\${group%%.*}" 2>/dev/null
ended "$code"
`;

/** Until the session is made there is no group that a signal could reach; the note of a kill is there before it. */
const START = '[ ! -e "$1/killed" ] || exit 143; exec /bin/sh "$2"';

/** Keeps the time limit while no daemon runs. */
const WATCHER = `
sleep "$2"
group=$(readlink "$1/process") || exit 0
true >"$1/timelimit"
printf 'wfd: the time limit of %s s is over\\n' "$2" >>"$4"
kill -s TERM -- "-\${group%%.*}"
sleep "$3"
kill -s KILL -- "-\${group%%.*}"
`;
