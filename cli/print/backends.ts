/** Backends as people read them: all in a table, one in full. */
import type { BackendAnswer } from '../../daemon/protocol/answers.ts';
import type { Colour, Output } from './output.ts';
import { type Column, tableLines } from './table.ts';
import { lasting, pointInTime, span } from './times.ts';

const COLUMNS: readonly Column[] = [
  { title: 'NAME', shrinkTo: 16 },
  { title: 'STATE' },
  { title: 'ASKED' },
  { title: 'JOBS', align: 'right' },
  { title: 'CMD/MIN', align: 'right' },
  { title: 'WHAT', shrinkTo: 12 },
];

export function backendListLines(backends: readonly BackendAnswer[], width: number, now: Date): string[] {
  return tableLines(
    COLUMNS,
    backends.map((backend) => rowOf(backend, now)),
    width,
  );
}

function rowOf(backend: BackendAnswer, now: Date): string[] {
  const { name, askedAt, active, maxActive, commands, paused, summary } = backend;
  return [
    name,
    stateInShort(backend, now),
    askedAt === null ? '-' : `${span(askedAt, null, now)} ago`,
    `${active}/${maxActive}`,
    String(commands.lastMinute),
    paused === null ? summary : `by ${paused.by}: ${paused.reason}`,
  ];
}

/** Whoever paused it wants to know that first; the whole is shown for one backend alone. */
function stateInShort({ reachable, since, paused }: BackendAnswer, now: Date): string {
  if (paused !== null) return `paused ${span(paused.since, null, now)}`;
  if (reachable === false) return `unreachable ${span(since, null, now)}`;
  return reachable ? 'reachable' : 'not asked yet';
}

export function printBackend(backend: BackendAnswer, out: Output, now: Date): void {
  const { name, reachable } = backend;
  const state = reachable === null ? 'not asked yet' : reachable ? 'reachable' : 'unreachable';
  const paused = backend.paused === null ? '' : ', paused';
  out.line(`${out.paint('bold', `Backend ${name}`)}  ${out.paint(colourOf(backend), `${state}${paused}`)}`);
  for (const [label, text] of factsOf(backend, now)) {
    out.line(`  ${out.paint('dim', label.padEnd(LABEL_WIDTH))}${text}`);
  }
}

const LABEL_WIDTH = 12;

function colourOf({ reachable, paused }: BackendAnswer): Colour {
  if (reachable === false) return 'red';
  return paused !== null || reachable === null ? 'yellow' : 'green';
}

function factsOf(backend: BackendAnswer, now: Date): (readonly [string, string])[] {
  const { kind, reachable, since, summary, askedAt, paused, name } = backend;
  const facts: (readonly [string, string])[] = [['kind', kind]];
  if (reachable !== null)
    facts.push([reachable ? 'reachable' : 'unreachable', `since ${pointInTime(since, now)}`]);
  if (reachable === false) facts.push(['reason', summary]);
  facts.push(['version', versionInWords(backend, now)], ['last asked', pointInTime(askedAt, now)]);
  if (paused !== null) {
    const since = pointInTime(paused.since, now);
    facts.push([
      'paused',
      `by ${paused.by} since ${since}: ${paused.reason} (wfctl backends resume ${name})`,
    ]);
  }
  return [...facts, ...abilities(backend), ...limits(backend), ...uses(backend)];
}

function versionInWords({ version, probedAt }: BackendAnswer, now: Date): string {
  return version === null ? 'not known yet' : `${version} (asked ${pointInTime(probedAt, now)})`;
}

function abilities({ capabilities, accounting }: BackendAnswer): (readonly [string, string])[] {
  const can = ABILITIES.filter(([name]) => capabilities[name]).map(([, words]) => words);
  const cannot = ABILITIES.filter(([name]) => !capabilities[name]).map(([, words]) => words);
  return [
    ['can', can.length === 0 ? 'none of what follows' : can.join(', ')],
    ...(cannot.length === 0 ? [] : [['cannot', cannot.join(', ')] as const]),
    ['accounting', accounting === null ? 'not known yet' : accounting ? 'yes' : 'no'],
  ];
}

const ABILITIES = [
  ['reconnect', 'find jobs again after a restart'],
  ['lookUp', 'look up jobs by name'],
  ['arrays', 'arrays'],
  ['signals', 'signals'],
] as const satisfies readonly (readonly [keyof BackendAnswer['capabilities'], string])[];

function limits(backend: BackendAnswer): (readonly [string, string])[] {
  const { active, maxActive, submitting, maxSubmitting, pollMs, settleMs } = backend;
  return [
    ['jobs', `${active} of at most ${maxActive}`],
    ['submits', `${submitting} under way, of at most ${maxSubmitting} at once`],
    ['listings', `every ${inWords(pollMs)} while jobs are active; absence counts after ${inWords(settleMs)}`],
  ];
}

function inWords(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : lasting(ms);
}

function uses({
  commands: { lastMinute, total },
  commandTimeoutMs,
}: BackendAnswer): (readonly [string, string])[] {
  const used = Object.entries(total).filter(([, count]) => count > 0);
  const all = used.map(([purpose, count]) => `${purpose} ${count}`).join(', ');
  return [
    ['commands', `${lastMinute} in the last minute; none takes longer than ${inWords(commandTimeoutMs)}`],
    ['since start', all === '' ? 'none' : all],
  ];
}
