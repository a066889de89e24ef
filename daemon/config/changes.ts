/**
 * What differs between two configurations, and what of it a running daemon takes up. Where the state and the socket
 * lie, and which schedulers there are, is decided at a start: a restart is cheap, since no request fails by it.
 */
import type { Config } from './config.ts';
import type { ConfigFile } from './config-schema.ts';

/** Sections of the file. */
export const AFTER_RESTART = [
  'state',
  'socket',
  'backend',
  'backends',
  'runs',
] as const satisfies readonly (keyof ConfigFile)[];

export function waitsForRestart(key: string): boolean {
  return AFTER_RESTART.some((section) => key === section || key.startsWith(`${section}.`));
}

/** As they stand in the file: `limits.perOwner`. */
export function changedKeys(before: ConfigFile, after: ConfigFile): readonly string[] {
  const [old, young] = [leaves(before, ''), leaves(after, '')];
  return [...new Set([...old.keys(), ...young.keys()])].filter((key) => old.get(key) !== young.get(key));
}

/**
 * Puts into `config` what of `next` may change while the daemon runs. Those who were given a part of it read it when
 * they need it, so it reaches them without their being told.
 */
export function takeUp(config: Config, next: Config): void {
  const { access, care, shutdown, runOnSignal, logLevel } = next;
  Object.assign(config.engine, next.engine, { backend: config.engine.backend });
  Object.assign(config.care, care);
  Object.assign(config, { access, shutdown, runOnSignal, logLevel });
}

function leaves(value: unknown, path: string): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, child]) => [...leaves(child, path === '' ? key : `${path}.${key}`)]),
  );
}
