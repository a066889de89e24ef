/** Writes the manual pages into the directory given: a part of the build (build.mjs), run in the top directory. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../daemon/protocol/version.ts';
import type { Edition } from './shared.ts';
import { wfctlPage } from './wfctl-page.ts';
import { wfdPage } from './wfd-page.ts';
import { wfdYamlPage } from './wfd-yaml-page.ts';

void write(process.argv[2] ?? '.');

async function write(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const edition: Edition = {
    version: VERSION,
    date: dateOfBuild().toISOString().slice(0, 10),
    errorsPage: readFileSync('docs/errors.md', 'utf8'),
  };
  const pages = {
    'wfctl.1': await wfctlPage(edition),
    'wfd.8': wfdPage(edition),
    'wfd.yaml.5': wfdYamlPage(edition),
  };
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(directory, name), text);
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function dateOfBuild(): Date {
  const seconds = process.env['SOURCE_DATE_EPOCH'];
  return seconds ? new Date(Number(seconds) * 1000) : new Date();
}
