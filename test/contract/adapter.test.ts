/**
 * The contract on an adapter that is not ours: WFD_HABITAT names the file that says where it is run. Absent: on the
 * example of docs/writing-a-backend.md.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AdapterBackendOptions, createFromModule } from '../../backends/adapter/open.ts';
import type { Backend } from '../../backends/backend.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, ourselves, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

/** What the file's `openHabitat` answers. */
interface AdapterHabitat
  extends Pick<
    Habitat,
    'impossible' | 'refused' | 'waiting' | 'killed' | 'forgetsUnstarted' | 'dropsLimits' | 'costs'
  > {
  /** The keys of the configuration, in milliseconds where they are durations. */
  readonly module: string;
  readonly options?: AdapterBackendOptions['options'];
  readonly env?: Readonly<Record<string, string>>;
  readonly programs: readonly string[];
  readonly path?: string;
}

interface HabitatFile {
  /** Whose jobs, where we are root; absent: root's. */
  readonly user?: string;
  /** Where the directories of jobs may be made, as all nodes see it; absent: /tmp. */
  readonly parent?: string;
  openHabitat(place: { readonly directory: string }): AdapterHabitat;
}

const file = resolve(process.env['WFD_HABITAT'] ?? 'examples/backend/habitat.mjs');

describeBackend(`the adapter of ${file}`, async (): Promise<Habitat> => {
  const { user, parent, openHabitat }: HabitatFile = await import(pathToFileURL(file).href);
  const owner = user === undefined ? ourselves() : testUser(user);
  const directory = directoryFor(owner, parent);
  const { module, options = {}, env = {}, programs, path, ...denied } = openHabitat({ directory });
  const spoiler = createSpoiler(directory, programs, [path, process.env['PATH']].filter(Boolean).join(':'));
  const configured: AdapterBackendOptions = {
    ...{ kind: 'adapter', module, from: directory, options, settleMs: 1_000 },
    env: { ...env, ...SITE_ENV, PATH: spoiler.path },
  };
  // Not as the daemon loads it: in the author's directory others may well be allowed to write.
  const exports: unknown = await import(pathToFileURL(module).href);
  const again = (changes = {}): Backend => create({ ...configured, ...changes }, exports);
  return {
    ...denied,
    backend: again(),
    again,
    owner,
    directory,
    siteEnv: SITE_ENV,
    spoiler,
    close: async () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }),
  };
});

function create(configured: AdapterBackendOptions, exports: unknown): Backend {
  const opened = createFromModule('adapter', configured, exports);
  if (opened.ok) return opened.backend;
  throw new Error(opened.mistakes.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'));
}
