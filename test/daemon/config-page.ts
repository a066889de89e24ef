/** docs/configuration.md, made of the schema, so that the page cannot say anything else. */
import { AFTER_RESTART } from '../../daemon/config/changes.ts';
import { type KeySchema, keySchema } from '../../daemon/config/config-mistakes.ts';

const HEAD = `# Configuration

The daemon needs no configuration file. Where there is one, the first of these is read:
\`--config FILE\`, \`WFD_CONFIG\`, \`$XDG_CONFIG_HOME/wfd/config.yaml\` (\`~/.config/wfd/config.yaml\`), \`/etc/wfd/config.yaml\`.
A file with a mistake is refused as a whole; every mistake is reported at once, with its place.

Durations are a number with a unit: \`30s\`, \`5m\`, \`1h30m\`, \`7d\`.

\`wfctl daemon reload\`, \`systemctl reload wfd\` and SIGHUP have the daemon read the file again; one with a mistake is
refused, and the old configuration stays in force. ${AFTER_RESTART.map((key) => `\`${key}\``).join(', ')} wait for a restart.

This page is made from the schemas in \`daemon/config\`; do not edit it by hand.

`;

export function configurationPage(): string {
  const schema = keySchema();
  return `${HEAD}${table(rows(schema, ''))}\n${backendKinds(schema).map(kindSection).join('')}`;
}

function table(lines: readonly string[]): string {
  return `${['| key | values | default | what it is |', '|---|---|---|---|', ...lines].join('\n')}\n`;
}

/** One section per kind of backend: its keys, below `backends.NAME`. */
function backendKinds(schema: KeySchema): readonly KeySchema[] {
  const value = schema.properties?.['backends']?.additionalProperties;
  return typeof value === 'object' ? (value.oneOf ?? []) : [];
}

function kindSection(schema: KeySchema): string {
  const { kind, ...keys } = schema.properties ?? {};
  const lines = Object.entries(keys).flatMap(([key, child]) => rows(child, key));
  return `\n## A backend with \`kind: ${String(kind?.const)}\`\n\n${kind?.description ?? ''}\n\n${table(lines)}`;
}

function rows(schema: KeySchema, path: string): string[] {
  const here = schema.description && path !== '' && !schema.properties ? [row(path, schema)] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rows(child, path === '' ? key : `${path}.${key}`),
  );
  return [...here, ...below];
}

function row(path: string, schema: KeySchema): string {
  return `| \`${path}\` | ${values(schema)} | ${standard(schema)} | ${schema.description?.replaceAll('|', '\\|')} |`;
}

function values(schema: KeySchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.format) return schema.format;
  return (
    { integer: 'whole number', boolean: '`true`, `false`', object: 'map', array: 'list' }[
      schema.type ?? ''
    ] ?? 'text'
  );
}

function standard(schema: KeySchema): string {
  return schema.default === undefined || typeof schema.default === 'object' ? '' : `\`${schema.default}\``;
}
