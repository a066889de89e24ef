import { expect, test } from 'vitest';
import { backendListLines, printBackend } from '../../../cli/print/backends.ts';
import type { Output } from '../../../cli/print/output.ts';
import type { BackendAnswer } from '../../../daemon/protocol/answers.ts';

const NOW = new Date(2021, 2, 1, 12, 0, 0);
const ago = (seconds: number): string => new Date(NOW.getTime() - seconds * 1_000).toISOString();

const SLURM: BackendAnswer = {
  name: 'slurm',
  kind: 'slurm',
  reachable: true,
  since: ago(7_200),
  summary: 'slurm 22.05.8, accounting by sacct',
  version: 'slurm 22.05.8, accounting by sacct',
  probedAt: ago(7_200),
  askedAt: ago(4),
  accounting: true,
  capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
  paused: null,
  active: 3,
  maxActive: 5_000,
  submitting: 1,
  maxSubmitting: 4,
  pollMs: 5_000,
  settleMs: 30_000,
  commandTimeoutMs: 60_000,
  commands: {
    lastMinute: 12,
    total: { probe: 3, submit: 120, observe: 400, account: 7, abort: 2, unblock: 0 },
  },
};
const SGE: BackendAnswer = {
  ...SLURM,
  name: 'grid-of-the-physics-department',
  kind: 'sge',
  reachable: false,
  since: ago(11_100),
  summary: 'qstat: error: commlib error: got select error (Connection refused)',
  version: 'SGE 8.1.9, accounting by qacct',
};
const FRESH: BackendAnswer = {
  ...SLURM,
  name: 'tsp',
  kind: 'template',
  reachable: null,
  since: null,
  summary: 'not asked yet',
  version: null,
  probedAt: null,
  askedAt: null,
  accounting: null,
  capabilities: { reconnect: false, lookUp: false, arrays: false, signals: true },
  commands: { lastMinute: 0, total: { probe: 0, submit: 0, observe: 0, account: 0, abort: 0, unblock: 0 } },
  pollMs: 500,
};
const PAUSED = { by: 'ada', reason: 'the file server is mended', since: ago(86_400) };

test('all of them fit 80 columns, whatever their names and troubles', () => {
  expect(backendListLines([SLURM, SGE, FRESH, { ...SLURM, paused: PAUSED }], 80, NOW)).toEqual([
    'NAME               STATE              ASKED     JOBS  CMD/MIN  WHAT',
    'slurm              reachable          4s ago  3/5000       12  slurm 22.05.8, a…',
    'grid-of-the-phys…  unreachable 3h05m  4s ago  3/5000       12  qstat: error: co…',
    'tsp                not asked yet      -       3/5000        0  not asked yet',
    'slurm              paused 1d00h       4s ago  3/5000       12  by ada: the file…',
  ]);
});

test('one that answers', () => {
  expect(printed(SLURM)).toMatchInlineSnapshot(`
    "Backend slurm  reachable
      kind        slurm
      reachable   since 10:00:00
      version     slurm 22.05.8, accounting by sacct (asked 10:00:00)
      last asked  11:59:56
      can         find jobs again after a restart, look up jobs by name, arrays, signals
      accounting  yes
      jobs        3 of at most 5000
      submits     1 under way, of at most 4 at once
      listings    every 5s while jobs are active; absence counts after 30s
      commands    12 in the last minute; none takes longer than 1m00s
      since start probe 3, submit 120, observe 400, account 7, abort 2"
  `);
});

test('one that does not, and is paused', () => {
  expect(printed({ ...SGE, paused: PAUSED })).toMatchInlineSnapshot(`
    "Backend grid-of-the-physics-department  unreachable, paused
      kind        sge
      unreachable since 08:55:00
      reason      qstat: error: commlib error: got select error (Connection refused)
      version     SGE 8.1.9, accounting by qacct (asked 10:00:00)
      last asked  11:59:56
      paused      by ada since 02-28 12:00: the file server is mended (wfctl backends resume grid-of-the-physics-department)
      can         find jobs again after a restart, look up jobs by name, arrays, signals
      accounting  yes
      jobs        3 of at most 5000
      submits     1 under way, of at most 4 at once
      listings    every 5s while jobs are active; absence counts after 30s
      commands    12 in the last minute; none takes longer than 1m00s
      since start probe 3, submit 120, observe 400, account 7, abort 2"
  `);
});

test('one that has not been asked yet, and can do little', () => {
  expect(printed(FRESH)).toMatchInlineSnapshot(`
    "Backend tsp  not asked yet
      kind        template
      version     not known yet
      last asked  -
      can         signals
      cannot      find jobs again after a restart, look up jobs by name, arrays
      accounting  not known yet
      jobs        3 of at most 5000
      submits     1 under way, of at most 4 at once
      listings    every 500ms while jobs are active; absence counts after 30s
      commands    0 in the last minute; none takes longer than 1m00s
      since start none"
  `);
});

function printed(backend: BackendAnswer): string {
  const lines: string[] = [];
  const out: Output = {
    isTerminal: false,
    width: 80,
    line: (text) => void lines.push(text),
    json: () => undefined,
    raw: () => undefined,
    note: () => undefined,
    paint: (_, text) => text,
  };
  printBackend(backend, out, NOW);
  return lines.join('\n');
}
