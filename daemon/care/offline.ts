/**
 * The state while no daemon works on it, for wfctl: read through, or replaced by a backup. Loaded only when it is
 * needed, since it brings SQLite.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Config, type ConfigOptions, loadConfig, mistakeText, realSources } from '../config/config.ts';
import type { Environment } from '../protocol/paths.ts';
import { inspect } from '../store/inspect.ts';
import type { Inspected } from '../store/inspector.ts';
import { OpenFailure } from '../store/open-error.ts';
import { type Restored, restoreDatabase } from '../store/restore.ts';

/** `--config`, `--state`, and the environment: the state that a daemon started with these would use. */
export interface Place {
  readonly options: Pick<ConfigOptions, 'config' | 'state'>;
  readonly env: Environment;
}

/** A mistake of whoever asked, or something in the way: in words for a person. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError';
}

/** Takes no claim: it looks, and a daemon that starts meanwhile is not disturbed. */
export function checkState(place: Place): { readonly file: string; readonly inspected: Inspected } {
  const file = join(configOf(place).stateDir, 'state.db');
  if (!existsSync(file)) throw new OfflineError(`there is no ${file}; name the state with --state DIR`);
  return { file, inspected: inspect({ file, migrationsFolder: MIGRATIONS }) };
}

export function restoreState(
  backup: string,
  place: Place,
): { readonly stateDir: string; readonly restored: Restored } {
  const { stateDir, journal, leaseMs } = configOf(place);
  if (!existsSync(backup)) throw new OfflineError(`there is no ${backup}`);
  const where = { directory: stateDir, journal, leaseMs, host: hostname(), migrationsFolder: MIGRATIONS };
  try {
    return { stateDir, restored: restoreDatabase({ ...where, backup, nowMs: Date.now }) };
  } catch (error) {
    if (error instanceof OpenFailure) throw new OfflineError(error.message);
    // The system's own words name the file: ENOSPC, EACCES, EROFS …
    throw new OfflineError(`it was not restored: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const MIGRATIONS = join(__dirname, 'migrations');

function configOf({ options, env }: Place): Config {
  const loaded = loadConfig(realSources(options, env));
  if (loaded.ok) return loaded.config;
  throw new OfflineError(loaded.mistakes.map(mistakeText).join('\n'));
}
