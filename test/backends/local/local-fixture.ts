/** A local backend on a directory of its own, and jobs that are one line of shell. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type {
  Backend,
  EndReport,
  JobObservation,
  NativeId,
  Owner,
  Resources,
  SubmitRequest,
  Tag,
} from '../../../backends/backend.ts';
import { createLocal, type LocalSettings } from '../../../backends/local/local.ts';

const { uid, gid, username, homedir } = userInfo();
export const OWNER: Owner = { uid, gid, name: username, home: homedir, shell: '/bin/sh' };

export interface Place {
  readonly base: string;
  readonly backend: Backend;
  /** A backend that knows nothing but what lies on disk. */
  restarted(settings?: Partial<LocalSettings>): Backend;
  path(name: string): string;
  record(tag: string): string;
  request(tag: string, text: string, resources?: Resources): SubmitRequest;
  submit(tag: string, text: string, resources?: Resources): Promise<NativeId>;
  job(tag: string): Promise<JobObservation>;
  running(tag: string): Promise<void>;
  end(tag: string): Promise<EndReport>;
  /** Ends what a failed test left, and removes everything. */
  remove(): Promise<void>;
}

export function makePlace(given: Partial<LocalSettings> = {}): Place {
  const base = mkdtempSync(join(tmpdir(), 'wfd-local-'));
  const stateDir = join(base, 'state');
  const settings = { cpus: 2, memoryMiB: 1000, graceSeconds: 0.2, stateDir, ...given };
  const backend = createLocal('local', settings);
  const path = (name: string) => join(base, name);
  const request = (tag: string, text: string, resources: Resources = {}): SubmitRequest => {
    writeFileSync(path(`${tag}.sh`), text);
    return {
      tag: tag as Tag,
      owner: OWNER,
      umask: 0o022,
      resources,
      workdir: base,
      script: path(`${tag}.sh`),
      log: path(`${tag}.log`),
      elements: 1,
    };
  };
  const job = async (tag: string) => {
    const found = (await jobs(backend)).find((one) => one.tag === tag);
    if (found === undefined) throw new Error(`no job ${tag}`);
    return found;
  };
  return {
    base,
    backend,
    restarted: (changed = {}) => createLocal('local', { ...settings, ...changed }),
    path,
    record: (tag) => join(stateDir, hostname(), 'active', tag),
    request,
    async submit(tag, text, resources) {
      const reply = await backend.submit(request(tag, text, resources));
      expect(reply).toEqual({ kind: 'accepted', nativeId: tag });
      return tag as NativeId;
    },
    job,
    running: (tag) => until(async () => expect((await job(tag)).backendStatus).toMatch(/^RUNNING/)),
    async end(tag) {
      await until(async () => expect((await job(tag)).state).toBe('ended'));
      return (await job(tag)).end ?? { kind: 'Unknown' };
    },
    async remove() {
      const left = (await jobs(backend)).filter((one) => one.state !== 'ended').map((one) => one.nativeId);
      await until(async () => {
        await backend.abort(OWNER, left, { kind: 'force' });
        expect((await jobs(backend)).every((one) => one.state === 'ended')).toBe(true);
      });
      rmSync(base, { recursive: true, force: true });
    },
  };
}

export async function jobs(backend: Backend): Promise<readonly JobObservation[]> {
  const snapshot = await backend.observe(OWNER, []);
  if (snapshot.kind === 'unavailable') throw new Error(snapshot.reason);
  return snapshot.jobs;
}

export function until(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 20 });
}
