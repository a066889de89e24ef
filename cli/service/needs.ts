/**
 * What the commands of the schedulers need and a service would not give them. A login shell has it from its profile; a
 * service has a PATH of its own, and no other variable. Taken from whoever installs.
 */
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../../daemon/protocol/paths.ts';

export interface Needs {
  /** Lines for the environment file; empty: nothing is missing. */
  readonly environment: readonly string[];
  /** Of what scheduler commands are setuid root. */
  readonly setuid: string | undefined;
}

export function needsOf(env: Environment, isProgram: (path: string) => boolean = isExecutable): Needs {
  const directories = (env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/'));
  const placeOf = (program: string) => directories.find((directory) => isProgram(join(directory, program)));
  const found = SCHEDULERS.flatMap((scheduler) => {
    const directory = placeOf(scheduler.program);
    return directory === undefined ? [] : [{ ...scheduler, directory }];
  });
  const unusual = found.map(({ directory }) => directory).filter((one) => !SERVICE_PATH.includes(one));
  const path =
    unusual.length === 0 ? [] : [['PATH', [...SERVICE_PATH, ...new Set(unusual)].join(':')] as const];
  const variables = found.flatMap(({ variables }) =>
    variables.flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])),
  );
  return {
    environment: [...path, ...variables].map(([name, value]) => `${name}=${quoted(value)}`),
    setuid: found.find(({ setuid }) => setuid !== undefined)?.setuid,
  };
}

interface Scheduler {
  /** Its own, by which it is known. */
  readonly program: string;
  readonly variables: readonly string[];
  readonly setuid?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  { program: 'sbatch', variables: ['SLURM_CONF'] },
  {
    program: 'qconf',
    variables: ['SGE_ROOT', 'SGE_CELL', 'SGE_CLUSTER_NAME', 'SGE_QMASTER_PORT', 'SGE_EXECD_PORT'],
  },
  {
    program: 'bsub',
    variables: ['LSF_ENVDIR', 'LSF_SERVERDIR', 'LSF_LIBDIR', 'LSF_BINDIR'],
    setuid: 'LSF (eauth)',
  },
  { program: 'pbsnodes', variables: ['PBS_CONF_FILE'], setuid: 'PBS (pbs_iff)' },
];

/** systemd's own (systemd-path(1), search-binaries-default). */
const SERVICE_PATH: readonly string[] = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** In an environment file only a double quote, a backslash, a backtick and `$` mean something in double quotes. */
function quoted(value: string): string {
  return /^[\w./:@+,=-]+$/.test(value) ? value : `"${value.replace(/["\\`$]/g, '\\$&')}"`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The file that `lines` belong into says where they came from. */
export function environmentText(file: string, lines: readonly string[]): string {
  return `# Variables of the daemon wfd, and so of the schedulers' commands (systemd.exec(5), EnvironmentFile).
# Taken from the shell in which \`wfctl service install\` was typed; it will not change them: ${dirname(file)} is yours.
${lines.join('\n')}
`;
}
