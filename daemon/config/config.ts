/**
 * The daemon's configuration: options, environment, one YAML file, defaults, in that order. No file is
 * needed. Reads nothing by itself: the file system comes in as `ConfigSources`, so that every rule is
 * tested with values. A file with mistakes is refused as a whole, with all of them.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { BackendOptions } from '../../backends/registry.ts';
import type { AccessSettings } from '../api/access.ts';
import type { CareSettings } from '../care/housekeeping.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { PhaseName } from '../lifecycle/phases.ts';
import {
  configFilesToTry,
  defaultSocketPath,
  defaultStateDir,
  type Environment,
  SYSTEM_CONFIG,
  SYSTEM_SOCKET,
  SYSTEM_STATE_DIR,
} from '../protocol/paths.ts';
import type { Mistake } from '../workflow/language.ts';
import { readSource, type Source, type SourceRead } from '../workflow/native/source.ts';
import { backendOptions, type Places } from './backend-schema.ts';
import { nameHint, schemaMistakes } from './config-mistakes.ts';
import { type ConfigFile, configSchema } from './config-schema.ts';

export type JournalChoice = 'auto' | 'local' | 'network';

export interface BackendConfig {
  readonly name: string;
  readonly options: BackendOptions;
}

export interface Config {
  /** The file that was read; absent where there is none. */
  readonly file?: string;
  readonly stateDir: string;
  readonly socket: string;
  /** One daemon for everybody on the node, run by root; else one person's. */
  readonly isSystem: boolean;
  /** Of the users of a system's daemon. */
  readonly access: AccessSettings;
  readonly journal: JournalChoice;
  readonly leaseMs: number;
  readonly engine: EngineSettings;
  readonly backends: readonly BackendConfig[];
  /** Absolute; absent: `wf-runs` in the directory of the submit. */
  readonly runsDir?: string;
  readonly runOnSignal: 'abort' | 'detach';
  readonly shutdown: {
    readonly graceful: boolean;
    readonly abortRuns: boolean;
    readonly timeoutsMs: Readonly<Record<PhaseName, number>>;
  };
  readonly care: CareSettings;
  readonly logLevel: ConfigFile['log']['level'];
}

/** What was given on the command line. */
export interface ConfigOptions {
  readonly config?: string;
  readonly state?: string;
  readonly socket?: string;
  readonly system?: boolean;
}

export interface ConfigSources {
  readonly options: ConfigOptions;
  readonly env: Environment;
  /** `undefined`: there is no such file. Throws where it is there and cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Is there a program of this name on PATH? */
  readonly hasProgram: (name: string) => boolean;
}

/** `source` tells where in the file something stands that only its use shows to be wrong. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly written: ConfigFile; readonly source: Source }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export function loadConfig(sources: ConfigSources): ConfigResult {
  const found = findFile(sources);
  if ('mistake' in found) return { ok: false, mistakes: [found.mistake] };
  const read = readMap(found);
  if (!read.ok) return read;
  const checked = configSchema.safeParse(read.source.plain);
  if (!checked.success) return { ok: false, mistakes: schemaMistakes(read.source, checked.error.issues) };
  const { source } = read;
  const config = assemble(checked.data, sources, found.file);
  const mistakes = conflicts(source, config);
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, config, written: checked.data, source };
}

/** The real file system, for `main`. */
export function realSources(options: ConfigOptions, env: Environment): ConfigSources {
  return { options, env, readFile: readFileIfThere, hasProgram: (name) => isOnPath(name, env['PATH'] ?? '') };
}

/** `file:line:column: message`, with the line below it. */
export function mistakeText({ file, line, column, message, text }: Mistake): string {
  const head = `${file}:${line}:${column}: ${message}`;
  return text === '' ? head : `${head}\n    ${text}\n    ${' '.repeat(column - 1)}^`;
}

/** In their order; one that was named is the only one. */
export function filesToTry(options: ConfigOptions, env: Environment): FilesToTry {
  if (options.config) return { files: [options.config], namedBy: '--config' };
  if (env['WFD_CONFIG']) return { files: [env['WFD_CONFIG']], namedBy: 'WFD_CONFIG' };
  return { files: options.system ? [SYSTEM_CONFIG] : configFilesToTry(env) };
}

interface FilesToTry {
  readonly files: readonly string[];
  readonly namedBy?: '--config' | 'WFD_CONFIG';
}

interface FoundFile {
  /** Empty where there is none. */
  readonly file: string;
  readonly text: string;
}
type Found = FoundFile | { readonly mistake: Mistake };

/** A file that was named must be there; of those that are only looked for, the first that exists is taken. */
function findFile({ options, env, readFile }: ConfigSources): Found {
  const { files, namedBy } = filesToTry(options, env);
  for (const file of files) {
    try {
      const text = readFile(file);
      if (text !== undefined) return { file, text };
    } catch (error) {
      return unreadable(file, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (namedBy === undefined) return { file: '', text: '' };
  return unreadable(files[0] ?? '', `no such file; check ${namedBy}, or leave it out: no file is needed`);
}

function unreadable(file: string, message: string): Found {
  return { mistake: { file, line: 1, column: 1, message, text: '' } };
}

/** A file of nothing but comments is a configuration that leaves everything as it is. */
function readMap({ file, text }: FoundFile): SourceRead {
  const isEmpty = text.split('\n').every((line) => /^\s*(#.*)?$/.test(line));
  return readSource(file, isEmpty ? '{}' : text);
}

function assemble(data: ConfigFile, sources: ConfigSources, file: string): Config {
  const { options, env } = sources;
  const path = (written: string | undefined): string | undefined => written && homePath(written, env);
  const chosen = {
    ...env,
    ...defined({
      WFD_STATE_DIR: options.state ?? env['WFD_STATE_DIR'],
      WFD_SOCKET: options.socket ?? env['WFD_SOCKET'],
    }),
  };
  const [usualState, usualSocket] = options.system
    ? [SYSTEM_STATE_DIR, SYSTEM_SOCKET]
    : [defaultStateDir(chosen), defaultSocketPath(chosen)];
  const stateDir = resolve(chosen.WFD_STATE_DIR ?? path(data.state.dir) ?? usualState);
  const places = { stateDir, configFile: file, home: env['HOME'] ?? '/' };
  const backends = allBackends(data, places, sources);
  return {
    ...defined({ file: file || undefined, runsDir: path(data.runs.dir) }),
    stateDir,
    socket: resolve(chosen.WFD_SOCKET ?? path(data.socket) ?? usualSocket),
    isSystem: options.system === true,
    access: accessSettings(data),
    journal: data.state.journal,
    leaseMs: data.state.lease,
    engine: engineSettings(data, data.backend ?? defaultBackend(backends)),
    backends,
    runOnSignal: data.run.onSignal,
    shutdown: {
      graceful: data.shutdown.graceful,
      abortRuns: data.shutdown.abortRuns,
      timeoutsMs: data.shutdown.timeouts,
    },
    care: careSettings(data, stateDir, path(data.backup.dir)),
    logLevel: data.log.level,
  };
}

function careSettings(
  { backup, retention }: ConfigFile,
  stateDir: string,
  dir: string | undefined,
): CareSettings {
  const { every, keep } = backup;
  return {
    backup: { dir: dir ?? join(stateDir, 'backups'), keep, ...(every !== 'never' && { everyMs: every }) },
    retention: {
      ...defined({ runsMs: retention.runs }),
      directories: retention.directories,
    },
  };
}

function accessSettings({ access }: ConfigFile): AccessSettings {
  const { admins, operators, visibility, submission, requestsPerSecond, requestBurst } = access;
  return {
    ...{ admins, operators, visibility },
    submissionBytes: submission * 1024 * 1024,
    requests: { perSecond: requestsPerSecond, burst: requestBurst },
  };
}

function engineSettings(data: ConfigFile, backend: string): EngineSettings {
  return {
    failureMode: data.failureMode,
    backend,
    maxActivePerOwner: data.limits.perOwner,
    maxRunsPerOwner: data.limits.runsPerOwner,
    infraRetries: data.retries.infrastructure,
    retryDelayMs: data.retries.delay,
    retryDelayMaxMs: data.retries.maxDelay,
    forceGraceMs: data.abort.forceGrace,
    abortRetryMs: data.abort.repeat,
    abortRetryMaxMs: data.abort.maxRepeat,
    blockedForeverMs: data.jobs.unsatisfiableAfter,
    refineMs: data.jobs.refineCause,
    lateMarkMs: data.jobs.lateMark,
    throttleMs: data.jobs.throttleDelay,
    resume: data.restart.resume,
  };
}

/** Those of the file, and those that need no words: a scheduler whose commands are on PATH, and `local`. */
function allBackends(data: ConfigFile, places: Places, { hasProgram }: ConfigSources): BackendConfig[] {
  const written = { ...data.backends };
  for (const { kind, program } of FOUND_BY_PROGRAM) if (hasProgram(program)) written[kind] ??= { kind };
  written['local'] ??= { kind: 'local' };
  return Object.entries(written).map(([name, file]) => ({
    name,
    options: backendOptions(name, file, places),
  }));
}

/** In the order in which one of them becomes the default. `qsub` alone may be PBS's; `qconf` is Grid Engine's own. */
const FOUND_BY_PROGRAM = [
  { kind: 'slurm', program: 'sbatch' },
  { kind: 'sge', program: 'qconf' },
  { kind: 'lsf', program: 'bsub' },
] as const;

function defaultBackend(backends: readonly BackendConfig[]): string {
  const names = backends.map(({ name }) => name);
  return FOUND_BY_PROGRAM.find(({ kind }) => names.includes(kind))?.kind ?? 'local';
}

/** What no single key shows. */
function conflicts(source: Source, { engine, backends }: Config): Mistake[] {
  const names = backends.map((backend) => backend.name);
  if (names.includes(engine.backend)) return [];
  const message = `there is no backend '${engine.backend}'${nameHint(engine.backend, names)}`;
  return [source.mistake(source.placeOf(['backend']), message)];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is absent: an optional field is there or not, never `undefined`. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function homePath(path: string, env: Environment): string {
  return path.startsWith('~/') ? join(env['HOME'] ?? '/', path.slice(2)) : path;
}

function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isOnPath(name: string, path: string): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
