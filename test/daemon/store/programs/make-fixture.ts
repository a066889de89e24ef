/**
 * Writes fixtures/version-N.db, N being the newest version of the schema. To be run once for each migration,
 * before it is released: `npx tsx test/daemon/store/programs/make-fixture.ts`. Older fixtures stay as they are.
 */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openDatabase } from '../../../../daemon/store/database.ts';
import { prepareCommit } from '../../../../daemon/store/write.ts';
import { FIXTURE_CHANGES } from '../fixture.ts';

const migrationsFolder = join(import.meta.dirname, '../../../../daemon/store/migrations');
const version = readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql')).length;
const directory = mkdtempSync(join(tmpdir(), 'wfd-fixture-'));
const file = join(directory, 'state.db');

const client = openDatabase({ file, journal: 'network', migrationsFolder });
prepareCommit(client, () => undefined)(FIXTURE_CHANGES);
client.close();
shrink();
copyFileSync(file, join(import.meta.dirname, `../fixtures/version-${version}.db`));
rmSync(directory, { recursive: true });

/** Small pages: most tables hold one row. */
function shrink(): void {
  const small = new Database(file);
  small.pragma('page_size = 512');
  small.exec('vacuum');
  small.close();
}
