/** A machine with a real systemd (test/schedulers/systemd-machine), with this clone's programs in /opt/wfd. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { type Client, createClient } from '../../cli/client.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPT = resolve('test/schedulers/systemd-machine');
const DIRECTORY = join(process.env['WF_CLUSTER_DIR'] ?? '/var/lib/wf-cluster', 'machines');
export const NODE = '/usr/local/bin/node';
export const WFCTL = '/opt/wfd/dist/wfctl';

/** Users that the machine has; they linger, so their managers of services run. */
export const USERS = { alice: 2001, bob: 2002 } as const;
export type User = keyof typeof USERS;

export class Machine {
  private readonly name: string;
  private readonly dist: string;

  private constructor(name: string, dist: string) {
    this.name = name;
    this.dist = dist;
  }

  /** A new one, booted. Its name goes on with the number of the test's process. */
  static async up(name: string): Promise<Machine> {
    removeAbandoned();
    const dist = mkdtempSync(join(tmpdir(), 'wfd-systemd-'));
    execFileSync(process.execPath, ['build.mjs', dist], { stdio: ['ignore', 'ignore', 'inherit'] });
    await buildPrograms(dist);
    // As npm would leave it; the directory of a test is its user's alone.
    execFileSync('chmod', ['0755', dist]);
    const machine = new Machine(`${name}-${process.pid}`, dist);
    machine.script(
      'up',
      `--bind-ro=${dist}:/opt/wfd/dist`,
      `--bind-ro=${resolve('node_modules')}:/opt/wfd/node_modules`,
    );
    return machine;
  }

  down(): void {
    this.script('down', '--purge');
    rmSync(this.dist, { recursive: true });
  }

  /** As root, or as one of the users with his manager of services. */
  run(words: readonly string[], user?: User): Promise<Said> {
    const [program, ...rest] = this.words(words, user);
    return new Promise((settle) => {
      execFile(program ?? '', rest, { env: this.env(), maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        settle({ code, stdout, stderr });
      });
    });
  }

  /** The same, and it must succeed; answers what was printed. */
  async do(words: readonly string[], user?: User): Promise<string> {
    const { code, stdout, stderr } = await this.run(words, user);
    if (code === 0) return stdout.trim();
    throw new Error(`${words.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  }

  wfctl(words: readonly string[], user?: User): Promise<Said> {
    return this.run([NODE, WFCTL, ...words], user);
  }

  /** One property of a unit. */
  property(name: string, unit = 'wfd.service', user?: User): Promise<string> {
    const scope = user === undefined ? [] : ['--user'];
    return this.do(['systemctl', ...scope, 'show', unit, `--property=${name}`, '--value'], user);
  }

  /** A path of the machine as it is reached from outside, mounts of its own included. */
  path(inside: string): string {
    const leader = readFileSync(join(DIRECTORY, `${this.name}.run`, 'leader'), 'utf8').trim();
    return join('/proc', leader, 'root', inside);
  }

  write(inside: string, text: string): void {
    writeFileSync(this.path(inside), text);
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }

  /** wfctl's own client, from outside, as root: its patience is part of what is tested. */
  client(socket = '/run/wfd/wfd.sock'): Client {
    return createClient({
      env: { HOME: '/nowhere' },
      words: [],
      cwd: '/',
      socket: this.path(socket),
      autostart: false,
      note: () => undefined,
    });
  }

  /** What the daemon has logged, newest last. */
  log(user?: User): Promise<string> {
    const scope = user === undefined ? [] : ['--user'];
    return this.do(['journalctl', ...scope, '-u', 'wfd', '--no-pager', '-o', 'short-precise'], user);
  }

  private script(...words: readonly string[]): void {
    runScript(this.name, words);
  }

  private words(words: readonly string[], user: User | undefined): readonly string[] {
    return [SCRIPT, 'in', ...(user === undefined ? [] : ['-u', user]), ...words];
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, WF_MACHINE: this.name };
  }
}

function runScript(machine: string, words: readonly string[]): void {
  execFileSync(SCRIPT, words, {
    env: { ...process.env, WF_MACHINE: machine },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Those of tests that were killed. Machines of other clones' tests are at work. */
function removeAbandoned(): void {
  const names = existsSync(DIRECTORY) ? readdirSync(DIRECTORY) : [];
  for (const name of names) {
    const pid = /^[a-z]+-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) runScript(name, ['down', '--purge']);
  }
}

/** What tests run inside, beside the programs of the package. */
async function buildPrograms(dist: string): Promise<void> {
  cpSync('test/systemd/programs/scheduler.sh', join(dist, 'scheduler.sh'));
  await build({
    entryPoints: ['test/systemd/programs/crowd.ts'],
    outfile: join(dist, 'crowd.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    define: { WFD_VERSION: '"test"', 'import.meta.url': '""' },
  });
}

/** Until it is so; what was seen last is in the error. */
export async function until<T>(
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > endsAt) throw new Error(`it is still ${JSON.stringify(seen)}`);
    await new Promise((settle) => setTimeout(settle, 100));
  }
}
