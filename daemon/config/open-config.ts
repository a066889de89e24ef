/**
 * The configuration with its backends made: all that can be wrong with it is found before the daemon serves.
 * What an adapter of the site finds wrong is said with its place in the file, too.
 */
import type { Backend } from '../../backends/backend.ts';
import { openBackend } from '../../backends/registry.ts';
import type { Mistake } from '../workflow/language.ts';
import type { Source } from '../workflow/native/source.ts';
import {
  type BackendConfig,
  type Config,
  type ConfigResult,
  type ConfigSources,
  loadConfig,
} from './config.ts';
import type { ConfigFile } from './config-schema.ts';

export type Backends = ReadonlyMap<string, Backend>;

export interface OpenedConfig {
  readonly config: Config;
  /** Every key with its value, the defaults included. */
  readonly written: ConfigFile;
  readonly backends: Backends;
}

export type OpenedConfigResult =
  | ({ readonly ok: true } & OpenedConfig)
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

type LoadedConfig = Extract<ConfigResult, { readonly ok: true }>;

export async function openConfig(sources: ConfigSources): Promise<OpenedConfigResult> {
  const loaded = loadConfig(sources);
  return loaded.ok ? openLoaded(loaded) : loaded;
}

export async function openLoaded({ config, written, source }: LoadedConfig): Promise<OpenedConfigResult> {
  const backends = new Map<string, Backend>();
  const mistakes: Mistake[] = [];
  for (const configured of config.backends) {
    const opened = await open(configured, source);
    if ('mistakes' in opened) mistakes.push(...opened.mistakes);
    else backends.set(configured.name, opened.backend);
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, config, written, backends };
}

async function open({ name, options }: BackendConfig, source: Source) {
  const opened = await openBackend(name, options);
  if (opened.ok) return opened;
  const mistakes = opened.mistakes.map(({ path, message }) => {
    const whole = ['backends', name, ...path];
    return source.mistake(source.placeOf(whole), `'${whole.join('.')}' ${message}`);
  });
  return { mistakes };
}
