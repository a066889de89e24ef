/**
 * The configuration for wfctl: checked as the daemon checks it, shown with where each value comes from, and the part
 * that wfctl itself obeys. A bundle of its own, loaded only when it is needed: it brings the schema and all adapters.
 */
import { Document, isNode } from 'yaml';
import type { Environment } from '../protocol/paths.ts';
import type { Mistake } from '../workflow/language.ts';
import { type ConfigOptions, filesToTry, loadConfig, realSources } from './config.ts';
import type { ConfigFile } from './config-schema.ts';
import { type Origin, type Setting, settingsInForce } from './in-force.ts';
import { openLoaded } from './open-config.ts';

export interface FileChoice {
  /** Absent where there is none, which is no mistake. */
  readonly file?: string;
  /** Why this one. */
  readonly why: string;
}

export type Examined = { readonly choice: FileChoice } & (
  | { readonly ok: true; readonly settings: readonly Setting[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }
);

/** As a daemon that is started here, with these options, would take it. */
export async function examineConfig(options: ConfigOptions, env: Environment): Promise<Examined> {
  const sources = realSources(options, env);
  const loaded = loadConfig(sources);
  const choice = fileChoice(options, env, loaded.ok ? loaded.config.file : loaded.mistakes[0]?.file);
  if (!loaded.ok) return { choice, ok: false, mistakes: loaded.mistakes };
  const opened = await openLoaded(loaded);
  if (!opened.ok) return { choice, ok: false, mistakes: opened.mistakes };
  const { config, source } = loaded;
  const settings = settingsInForce({ config, source, backends: opened.backends }, sources);
  return { choice, ok: true, settings };
}

/** Can be put into a file; where each value comes from stands beside it. */
export function settingsAsYaml(settings: readonly Setting[]): string {
  const document = new Document({});
  for (const { path, value, from } of settings) {
    const node = document.createNode(value, { flow: true });
    if (isNode(node)) node.comment = ` ${originInWords(from)}`;
    document.setIn(path, node);
  }
  return document.toString({ lineWidth: 0 });
}

/** What wfctl obeys itself. A file with mistakes says nothing: the daemon, and `wfctl config check`, complain of it. */
export function clientSettings(env: Environment): ConfigFile['client'] {
  const loaded = loadConfig(realSources({}, env));
  return loaded.ok ? loaded.written.client : { remote: 'off', sshCommand: [] };
}

function fileChoice(options: ConfigOptions, env: Environment, file: string | undefined): FileChoice {
  const { files, namedBy } = filesToTry(options, env);
  if (namedBy === '--config') return { ...(file && { file }), why: 'named on the command line' };
  if (namedBy !== undefined) return { ...(file && { file }), why: `named by ${namedBy}` };
  const all = files.join(', ');
  if (!file) return { why: `there is no ${all}` };
  return {
    file,
    why: files.length === 1 ? 'the only one that is looked for' : `the first that is there of ${all}`,
  };
}

function originInWords(from: Origin): string {
  switch (from.kind) {
    case 'option':
      return from.name;
    case 'environment':
      return `${from.name} in the environment`;
    case 'file':
      return `${from.file}:${from.line}`;
    case 'default':
      return from.why === undefined ? 'default' : `default: ${from.why}`;
    default:
      return from satisfies never;
  }
}
