/** Adapters as a site writes them: modules in a directory of their own, in every state of being wrong. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AdapterBackendOptions, type Opened, openAdapter } from '../../../backends/adapter/open.ts';

export interface Site {
  readonly directory: string;
  write(name: string, text: string): string;
  open(text: string, configured?: Partial<AdapterBackendOptions>): Promise<Opened>;
  remove(): void;
}

export function createSite(): Site {
  const directory = mkdtempSync(join(tmpdir(), 'wfd-adapter-'));
  let count = 0;
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    // What others may write to is refused, whatever the umask of the tests.
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  return {
    directory,
    write,
    // A module is loaded once and for all: each text has a file of its own.
    open: (text, configured = {}) =>
      openAdapter('site', {
        kind: 'adapter',
        module: write(`adapter${count++}.mjs`, text),
        from: directory,
        options: {},
        ...configured,
      }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A whole adapter; `members` come last in its scheduler, `more` after its exports. */
export function moduleText(members = '', more = ''): string {
  return `export const apiVersion = 1;
export const createScheduler = (site) => ({
  kind: 'toy',
  capabilities: { reconnect: true, lookUp: true, arrays: false, signals: false },
  environmentNames: [],
  parseEnvironment: {},
  preamble: () => 'wf_native=$TOY_ID wf_count=0 wf_index=0',
  check: () => undefined,
  probe: async () => ({ reachable: true, summary: JSON.stringify(site), hasAccounting: false }),
  submit: async () => ({ kind: 'accepted', nativeId: '7' }),
  observe: async () => ({ kind: 'complete', jobs: [] }),
  account: async () => ({ kind: 'complete', jobs: [] }),
  abort: async () => ({ kind: 'sent' }),
  causeInLog: () => undefined,
  ${members}
});
${more}`;
}
