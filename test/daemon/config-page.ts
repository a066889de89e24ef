/** docs/configuration.md, made of the schema, so that the page cannot say anything else. */
import { type KeySchema, keySchema } from '../../daemon/config/config-mistakes.ts';

const HEAD = `# Configuration

The daemon needs no configuration file. Where there is one, the first of these is read:
\`--config FILE\`, \`WFD_CONFIG\`, \`$XDG_CONFIG_HOME/wfd/config.yaml\` (\`~/.config/wfd/config.yaml\`), \`/etc/wfd/config.yaml\`.
A file with a mistake is refused as a whole; every mistake is reported at once, with its place.

Durations are a number with a unit: \`30s\`, \`5m\`, \`1h30m\`, \`7d\`. Changes take effect at the next start of the daemon.

This page is made from the schema in \`daemon/config/config-schema.ts\`; do not edit it by hand.

`;

export function configurationPage(): string {
  return `${HEAD}${['| key | values | default | what it is |', '|---|---|---|---|', ...rows(keySchema(), '')].join('\n')}\n`;
}

function rows(schema: KeySchema, path: string): string[] {
  const here = schema.description && path !== '' && !schema.properties ? [row(path, schema)] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rows(child, path === '' ? key : `${path}.${key}`),
  );
  return [...here, ...below, ...rowsOfNamed(schema, path)];
}

/** A mapping whose keys the site chooses: its values' keys, once each. */
function rowsOfNamed(schema: KeySchema, path: string): string[] {
  const value = schema.additionalProperties;
  if (value === undefined || typeof value === 'boolean' || !value.oneOf) return [];
  const all = value.oneOf.flatMap((variant) => rows(variant, `${path}.NAME`));
  return [...new Set(all)];
}

function row(path: string, schema: KeySchema): string {
  return `| \`${path}\` | ${values(schema)} | ${standard(schema)} | ${schema.description?.replaceAll('|', '\\|')} |`;
}

function values(schema: KeySchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.format) return schema.format;
  return { integer: 'whole number', boolean: '`true`, `false`', object: 'map' }[schema.type ?? ''] ?? 'text';
}

function standard(schema: KeySchema): string {
  return schema.default === undefined || typeof schema.default === 'object' ? '' : `\`${schema.default}\``;
}
