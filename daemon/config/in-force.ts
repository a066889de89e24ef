/**
 * Every value that a daemon would work with, and where it comes from: for people who ask why it does what it does.
 * What is shown can be put into a file and means the same there.
 */
import type { Backend } from '../../backends/backend.ts';
import type { Source } from '../workflow/native/source.ts';
import type { Config, ConfigSources } from './config.ts';
import { type KeySchema, keySchema } from './config-mistakes.ts';
import type { Backends } from './open-config.ts';
import { durationText } from './quantities.ts';

export type Origin =
  | { readonly kind: 'option'; readonly name: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'default'; readonly why?: string };

export interface Setting {
  /** `['limits', 'perOwner']` */
  readonly path: readonly string[];
  /** As it would be written: durations are text. */
  readonly value: unknown;
  readonly from: Origin;
}

export interface Loaded {
  readonly config: Config;
  readonly source: Source;
  readonly backends: Backends;
}

export function settingsInForce(loaded: Loaded, sources: ConfigSources): readonly Setting[] {
  const { source } = loaded;
  const computed = new Map<string, Setting>();
  for (const setting of [...places(loaded, sources), ...schedulers(loaded)])
    computed.set(setting.path.join('.'), setting);
  const judge = (path: Path, schema: KeySchema): Setting | undefined =>
    computed.get(path.join('.')) ?? written(source, path) ?? standard(path, schema);
  const names = [...loaded.backends.keys()];
  return [...leaves(keySchema(), [], source.plain, names)].flatMap(
    ([path, schema]) => judge(path, schema) ?? [],
  );
}

type Path = readonly string[];

/** What is looked for in several places, or made of another value. */
function places({ config, source }: Loaded, { options, env }: ConfigSources): Setting[] {
  const system = options.system ? ({ kind: 'option', name: '--system' } as const) : undefined;
  const origin = (path: Path, option: string | undefined, variable: string, why: string): Origin => {
    if (option !== undefined) return { kind: 'option', name: `--${path.at(0)}` };
    if (env[variable]) return { kind: 'environment', name: variable };
    return written(source, path)?.from ?? system ?? { kind: 'default', why };
  };
  const usual = (path: Path, value: unknown, why: string): Setting => ({
    path,
    value,
    from: written(source, path)?.from ?? { kind: 'default', why },
  });
  return [
    {
      path: ['state', 'dir'],
      value: config.stateDir,
      from: origin(['state', 'dir'], options.state, 'WFD_STATE_DIR', 'from HOME or XDG_STATE_HOME'),
    },
    {
      path: ['socket'],
      value: config.socket,
      from: origin(['socket'], options.socket, 'WFD_SOCKET', 'from XDG_RUNTIME_DIR, else beside the state'),
    },
    usual(['backend'], config.engine.backend, 'the first that is there'),
    usual(['backup', 'dir'], config.care.backup.dir, 'in the state directory'),
  ];
}

/** Those that nobody has written down, and the numbers that each adapter takes where the file has none. */
function schedulers({ config, source, backends }: Loaded): Setting[] {
  return config.backends.flatMap(({ name, options }) => {
    const at = ['backends', name];
    const why = options.kind === 'local' ? 'always there' : 'its commands are on PATH';
    const kind: Setting[] =
      written(source, [...at, 'kind']) === undefined
        ? [{ path: [...at, 'kind'], value: options.kind, from: { kind: 'default', why } }]
        : [];
    const backend = backends.get(name);
    return [...kind, ...(backend === undefined ? [] : numbers(backend, at, source))];
  });
}

function numbers(backend: Backend, at: Path, source: Source): Setting[] {
  const values: Readonly<Record<string, unknown>> = {
    poll: durationText(backend.pollMs),
    settle: durationText(backend.settleMs),
    commandTimeout: durationText(backend.commandTimeoutMs),
    maxActive: backend.maxActive,
    maxSubmitting: backend.maxSubmitting,
  };
  return Object.entries(values)
    .filter(([key]) => written(source, [...at, key]) === undefined)
    .map(([key, value]) => ({ path: [...at, key], value, from: { kind: 'default' } }));
}

function written(source: Source, path: Path): Setting | undefined {
  const value = at(source.plain, path);
  if (value === undefined) return undefined;
  const { file, line } = source.mistake(source.placeOfKey(path), '');
  return { path, value, from: { kind: 'file', file, line } };
}

function standard(path: Path, schema: KeySchema): Setting | undefined {
  return schema.default === undefined
    ? undefined
    : { path, value: schema.default, from: { kind: 'default' } };
}

/** Every key that could stand in the file, in the order of the schema; of a map with names of its own, those there are. */
function* leaves(
  schema: KeySchema,
  path: Path,
  plain: unknown,
  names: readonly string[],
): Generator<[Path, KeySchema]> {
  const variant = variantOf(schema, plain);
  const isAbsent = plain === undefined && variant.default === undefined && path.length > 0;
  const { additionalProperties: each } = variant;
  if (variant.properties !== undefined && !isAbsent) {
    for (const [key, child] of Object.entries(variant.properties))
      yield* leaves(child, [...path, key], at(plain, [key]), names);
  } else if (path.join('.') === 'backends' && typeof each === 'object') {
    for (const name of names) {
      const entry = at(plain, [name]) ?? { kind: name };
      yield* leaves(each, [...path, name], entry, names);
    }
  } else yield [path, variant];
}

function variantOf(schema: KeySchema, plain: unknown): KeySchema {
  const kind = at(plain, ['kind']);
  return schema.oneOf?.find(({ properties }) => properties?.['kind']?.const === kind) ?? schema;
}

function at(plain: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    plain,
  );
}
