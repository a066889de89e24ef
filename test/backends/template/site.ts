/** A site's description, with small programs of the system in place of a scheduler's. */
import { userInfo } from 'node:os';
import type { KnownJob, NativeId, Owner, SubmitRequest, Tag } from '../../../backends/backend.ts';
import type { SubmitTemplate } from '../../../backends/template/settings.ts';
import type { GivenSettings } from '../../../backends/template/template.ts';

const { uid, gid, username, homedir } = userInfo();
export const owner: Owner = { uid, gid, name: username, home: homedir, shell: '/bin/sh' };

export const SUBMIT: SubmitTemplate = {
  command: ['printf', 'job %s %s\\n', '12', '{script}', ['{queue}']],
  id: /^job (?<id>\S+)/,
  inputValues: /^[^$]*$/,
  rejected: { texts: [/no such queue/], exitCodes: [5] },
  throttled: { texts: [/over the limit/], exitCodes: [6] },
};

/** printf repeats its format for every word: one line for each job that it is asked about. */
export const SITE: GivenSettings = {
  probe: ['printf', 'version 7\\n\\nmore\\n'],
  submit: SUBMIT,
  job: { id: { variable: 'JOB_ID' }, log: 'script', reservedExitCodes: [] },
  ignores: [],
  status: { command: ['printf', '%s wait\\n', '{nativeIds}'] },
  answer: {
    fields: [/^(?<id>\S+) (?<state>\S+)(?: (?<name>\S+))?/m],
    skip: [],
    states: { wait: { is: 'queued' }, done: { is: 'ended' } },
    exits: {},
    signedExit: false,
  },
  abort: ['true', '{nativeIds}'],
  gone: [/is not there/],
  reconnect: true,
  lookUp: false,
};

export function request(changes: Partial<SubmitRequest> = {}): SubmitRequest {
  const paths = { workdir: '/w', script: '/w/job', log: '/w/log' };
  return { tag: 't.1' as Tag, owner, umask: 0o022, resources: {}, elements: 1, ...paths, ...changes };
}

export function known(nativeId: string): KnownJob {
  return { tag: `t.${nativeId}` as Tag, index: 0, nativeId: nativeId as NativeId };
}
