/** A backend whose adapter is a module of the site: loaded, checked as far as it can be, and put into the driver. */
import type { Backend } from '../backend.ts';
import { type BatchScheduler, type BatchSettings, createBatchBackend } from '../batch-driver.ts';
import type { Adapter, AdapterOptions, OptionMistake } from './adapter.ts';
import { guarded } from './guard.ts';
import { loadModule } from './load.ts';
import { SHAPES, whyNotOfShape } from './shapes.ts';
import { words } from './within.ts';

/** A backend of `kind: adapter`, as the configuration describes it. */
export interface AdapterBackendOptions extends Partial<BatchSettings> {
  readonly kind: 'adapter';
  /** An absolute path, or the name of a package. */
  readonly module: string;
  /** The directory from which a package is looked for. */
  readonly from: string;
  readonly options: AdapterOptions;
}

export type Opened = { readonly ok: true; readonly backend: Backend } | Refused;

interface Refused {
  readonly ok: false;
  readonly mistakes: readonly AdapterMistake[];
}

export interface AdapterMistake {
  /** The key below the backend's entry in the configuration. */
  readonly path: readonly string[];
  readonly message: string;
}

/** One answer may take several commands, and each may wait for its turn. */
const COMMANDS_PER_ANSWER = 10;

const DEFAULTS: BatchSettings = {
  settleMs: 60_000,
  commandTimeoutMs: 60_000,
  pollMs: 5_000,
  maxActive: 5_000,
  maxSubmitting: 4,
  env: {},
};

/** Never throws. */
export async function openAdapter(name: string, configured: AdapterBackendOptions): Promise<Opened> {
  const loaded = await loadModule(configured.module, configured.from);
  return loaded.ok ? createFromModule(name, configured, loaded.exports) : refused(loaded.reason);
}

/** Of a module that is loaded already. Never throws. */
export function createFromModule(name: string, configured: AdapterBackendOptions, exports: unknown): Opened {
  const wrong = whyNotOfShape(SHAPES.adapter, exports);
  if (wrong !== undefined) return refused(`exports no adapter: ${wrong}`);
  try {
    return create(name, configured, exports as Adapter);
  } catch (error) {
    return refused(`failed at its start: ${words(error)}`);
  }
}

function create(name: string, configured: AdapterBackendOptions, adapter: Adapter): Opened {
  const { kind, module, from, options, ...given } = configured;
  const mistakes = optionMistakes(adapter, options);
  if (mistakes.length > 0) return { ok: false, mistakes };
  const settings: BatchSettings = { ...DEFAULTS, ...adapter.defaults, ...given };
  const scheduler = adapter.createScheduler({ name, options, env: settings.env });
  const wrong = whyNotOfShape(SHAPES.scheduler, scheduler) ?? preambleMistake(scheduler);
  if (wrong !== undefined) return refused(`createScheduler() returned no scheduler: ${wrong}`);
  const safe = guarded(scheduler, settings.commandTimeoutMs * COMMANDS_PER_ANSWER);
  return { ok: true, backend: createBatchBackend(name, safe, settings) };
}

function optionMistakes(adapter: Adapter, options: AdapterOptions): readonly AdapterMistake[] {
  const found: readonly OptionMistake[] = adapter.checkOptions?.(options) ?? [];
  const wrong = whyNotOfShape(SHAPES.optionMistakes, found);
  if (wrong !== undefined)
    return [{ path: ['module'], message: `checkOptions() returned no list: ${wrong}` }];
  return found.map(({ option, message }) => ({
    path: option === undefined ? ['options'] : ['options', option],
    message,
  }));
}

/** Without these a script claims nothing, and so never runs its command. */
function preambleMistake(scheduler: BatchScheduler): string | undefined {
  const text: unknown = scheduler.preamble({ log: '/log', umask: 0o022, elements: 1 });
  if (typeof text !== 'string') return 'preamble() must return text';
  const missing = ['wf_native', 'wf_count', 'wf_index'].find((variable) => !text.includes(variable));
  return missing === undefined ? undefined : `preamble() does not set ${missing}`;
}

function refused(message: string): Refused {
  return { ok: false, mistakes: [{ path: ['module'], message }] };
}
