/** The configuration that the Debian package brings: nothing is set, and what it suggests can be set. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../daemon/config/config-schema.ts';

const text = readFileSync('systemd/debian/config.yaml', 'utf8');

test('it sets nothing', () => {
  expect(parse(text)).toBe(null);
});

test('with every suggestion taken it is a configuration', () => {
  // Sentences have a blank after the sign, suggestions none, or two.
  const suggested = parse(text.replace(/^#(?! \S)/gm, ''));
  expect(Object.keys(suggested)).toEqual(['backends', 'access', 'limits', 'backup', 'retention']);
  expect(configSchema.safeParse(suggested)).toMatchObject({ success: true });
});
