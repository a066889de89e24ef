/** wfd.yaml(5): every key of the configuration, made of its schema. */
import { waitsForRestart } from '../../daemon/config/changes.ts';
import { type KeySchema, keySchema } from '../../daemon/config/config-mistakes.ts';
import { bold, example, italic, item, page, paragraph, section, subsection } from './roff.ts';
import { type Edition, seeAlso } from './shared.ts';

export function wfdYamlPage(edition: Edition): string {
  const schema = keySchema();
  return page({ name: 'wfd.yaml', section: 5, title: 'File Formats', ...edition }, [
    section('name', 'wfd.yaml \\- configuration of the workflow daemon\n'),
    section(
      'synopsis',
      `${[italic('/etc/wfd/config.yaml'), italic('~/.config/wfd/config.yaml')].join(', ')}\n`,
    ),
    section(
      'description',
      paragraph(
        'The daemon wfd(8) needs no configuration. Where there is one, the first of these is read: that of `--config`, of `WFD_CONFIG`, `$XDG_CONFIG_HOME/wfd/config.yaml`, `/etc/wfd/config.yaml`. With `--system` that of `XDG_CONFIG_HOME` is left out.',
      ),
      paragraph(
        'It is YAML. A file with a mistake is refused as a whole, and every mistake is told with its place. `systemctl reload wfd` or `wfctl daemon reload` has the daemon read it again.',
      ),
      paragraph('Durations are a number with a unit: `30s`, `5m`, `1h30m`, `7d`.'),
    ),
    section('example', example(EXAMPLE)),
    section('keys', ...keys(schema, '').map(keyItem)),
    section(
      'backends',
      paragraph('Each entry of `backends` has a `kind`, and the keys of that kind.'),
      ...kinds(schema).map(kindPart),
    ),
    seeAlso(['wfd', 8], ['wfctl', 1]),
  ]);
}

/** A test reads it as the daemon would. */
export const EXAMPLE = [
  'access:',
  '  operators: ["@hpc-support"]',
  'limits:',
  '  perOwner: 2000',
  'backends:',
  '  slurm:',
  '    kind: slurm',
  '    maxActive: 10000',
  'retention:',
  '  runs: 365d',
] as const;

interface Key {
  readonly path: string;
  readonly schema: KeySchema;
}

function keys(schema: KeySchema, path: string): readonly Key[] {
  const here = schema.description && path !== '' && !schema.properties ? [{ path, schema }] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    keys(child, path === '' ? key : `${path}.${key}`),
  );
  return [...here, ...below];
}

function keyItem({ path, schema }: Key): string {
  const restart = waitsForRestart(path) ? ' A change counts after a restart.' : '';
  return item(`${bold(path)}: ${values(schema)}`, `${schema.description ?? ''}${standard(schema)}${restart}`);
}

function kinds(schema: KeySchema): readonly KeySchema[] {
  const value = schema.properties?.['backends']?.additionalProperties;
  return typeof value === 'object' ? (value.oneOf ?? []) : [];
}

function kindPart(schema: KeySchema): string {
  const { kind, ...others } = schema.properties ?? {};
  const below = Object.entries(others).flatMap(([key, child]) => keys(child, key));
  return subsection(
    bold(`kind: ${String(kind?.const)}`),
    paragraph(kind?.description ?? ''),
    ...below.map(({ path, schema: key }) =>
      item(`${bold(path)}: ${values(key)}`, `${key.description ?? ''}${standard(key)}`),
    ),
  );
}

function values(schema: KeySchema): string {
  if (schema.enum) return schema.enum.map((value) => bold(String(value))).join(', ');
  if (schema.const !== undefined) return bold(String(schema.const));
  const named: Readonly<Record<string, string>> = {
    integer: 'whole number',
    boolean: 'true, false',
    object: 'map',
    array: 'list',
  };
  return italic((schema.format ?? named[schema.type ?? ''] ?? 'text').replaceAll('`', ''));
}

function standard(schema: KeySchema): string {
  const value = schema.default;
  return value === undefined || typeof value === 'object' ? '' : ` Default: \`${String(value)}\`.`;
}
