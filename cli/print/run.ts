/** A run as people read it: what it is, what is wrong with it, and where to look. */
import type {
  AttemptAnswer,
  BackendAnswer,
  CallAnswer,
  DaemonAnswer,
  OrphanAnswer,
  RunAnswer,
} from '../../daemon/protocol/answers.ts';
import { causeInWords } from '../../daemon/protocol/cause-in-words.ts';
import { CALL_STATUSES } from '../../daemon/protocol/words.ts';
import type { Colour, Output } from './output.ts';
import { pointInTime, span } from './times.ts';

/** `Running (failing)`, `Running (held)`: the words of a status line and of lists. */
export function statusInWords(run: Pick<RunAnswer, 'status' | 'failing' | 'held'>): string {
  const marks = [
    ...(run.failing && run.status === 'Running' ? ['failing'] : []),
    ...(run.held ? ['held'] : []),
  ];
  return marks.length === 0 ? run.status : `${run.status} (${marks.join(', ')})`;
}

export function statusColour(run: Pick<RunAnswer, 'status' | 'failing'>): Colour {
  if (run.status === 'Succeeded') return 'green';
  if (run.status === 'Failed' || run.failing) return 'red';
  return run.status === 'Running' || run.status === 'Submitted' ? 'bold' : 'yellow';
}

export function printRun(run: RunAnswer, out: Output, now: Date, daemon?: DaemonAnswer): void {
  const title = `Run ${run.id}  ${run.name}`;
  out.line(`${out.paint('bold', title)}  ${out.paint(statusColour(run), statusInWords(run))}`);
  for (const [label, text] of factsOf(run, now)) out.line(`  ${out.paint('dim', label.padEnd(10))}${text}`);
  for (const text of bannersOf(run, daemon, now)) out.line(out.paint('yellow', text));
  if (run.problems.length > 0) out.line(out.paint('yellow', 'Problems'));
  for (const problem of run.problems)
    out.line(`  ${problem.text} (since ${pointInTime(problem.since, now)})`);
  printFailures(run, out);
  for (const text of orphansInWords(run.orphans)) out.line(out.paint('red', text));
}

/** `2 jobs may still be running: 4711 (align[3], slurm), …` */
export function orphansInWords(orphans: readonly OrphanAnswer[]): string[] {
  if (orphans.length === 0) return [];
  const jobs = orphans.map((orphan) => {
    const id = orphan.nativeId ?? `${orphan.tag} (id unknown, submitted on ${orphan.host})`;
    return `${id} (${orphan.call}, ${orphan.backend})`;
  });
  const many = orphans.length === 1 ? '1 job' : `${orphans.length} jobs`;
  return [
    `${many} may still be running: ${jobs.join(', ')}; the daemon goes on ending ${orphans.length === 1 ? 'it' : 'them'}`,
  ];
}

/** What concerns the whole daemon, or the backends this run uses. */
function bannersOf(run: RunAnswer, daemon: DaemonAnswer | undefined, now: Date): string[] {
  if (daemon === undefined) return [];
  const state =
    daemon.state === 'serving'
      ? []
      : [`The daemon is ${daemon.state}: ${daemon.reason ?? 'no reason given'}`];
  const used = new Set([
    run.backend,
    ...(run.callList ?? []).flatMap((call) => call.attempts.map((one) => one.backend)),
  ]);
  const backends = daemon.backends.filter((backend) => used.has(backend.name));
  return [...state, ...backends.flatMap((backend) => backendBanners(backend, now))];
}

export function backendBanners(
  { name, reachable, summary, since, paused }: BackendAnswer,
  now: Date,
): string[] {
  const lines: string[] = [];
  if (reachable === false) {
    lines.push(`Backend ${name} cannot be reached${sinceInWords(since, now)}: ${summary}`);
    lines.push('  Nothing is taken for ended meanwhile, and nothing fails.');
  }
  if (paused !== null) {
    lines.push(
      `Backend ${name} is paused by ${paused.by}${sinceInWords(paused.since, now)}: ${paused.reason}`,
    );
  }
  return lines;
}

function sinceInWords(since: string | null, now: Date): string {
  return since === null ? '' : ` since ${pointInTime(since, now)}`;
}

function factsOf(run: RunAnswer, now: Date): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    [
      'submitted',
      `${pointInTime(run.submittedAt, now)} by ${run.owner}, to ${run.backend}, ${run.failureMode}`,
    ],
  ];
  if (run.startedAt !== null)
    facts.push(['started', `${pointInTime(run.startedAt, now)}, ${tookInWords(run, now)}`]);
  facts.push(['calls', countsInWords(run)]);
  if (run.held !== null)
    facts.push(['held', `by ${run.held.by}: ${run.held.reason} (wfctl release ${run.id})`]);
  if (run.abort !== null) facts.push(['abort', abortInWords(run.abort, now)]);
  const labels = Object.entries(run.labels).map(([name, value]) => `${name}=${value}`);
  if (labels.length > 0) facts.push(['labels', labels.join(' ')]);
  facts.push(['directory', run.directory]);
  for (const [name, value] of Object.entries(run.outputs ?? {}))
    facts.push(['output', `${name} = ${inline(value)}`]);
  return facts;
}

function tookInWords(run: RunAnswer, now: Date): string {
  const took = span(run.startedAt, run.endedAt, now);
  return run.endedAt === null ? `for ${took}` : `ended ${pointInTime(run.endedAt, now)} after ${took}`;
}

export function countsInWords({ calls }: Pick<RunAnswer, 'calls'>): string {
  const total = CALL_STATUSES.reduce((sum, status) => sum + calls[status], 0);
  const parts = CALL_STATUSES.filter((status) => calls[status] > 0).map(
    (status) => `${calls[status]} ${status}`,
  );
  return parts.length === 0 ? 'none yet' : `${parts.join(', ')} of ${total}`;
}

function abortInWords(abort: NonNullable<RunAnswer['abort']>, now: Date): string {
  const reason = abort.reason === null ? '' : `: ${abort.reason}`;
  return `${abort.force ? 'forced' : 'asked'} by ${abort.by} at ${pointInTime(abort.at, now)}${reason}`;
}

const FAILURES_SHOWN = 20;

function printFailures(run: RunAnswer, out: Output): void {
  const failed = [...(run.callList ?? []), ...(run.stepList ?? [])].filter(
    (call) => call.status === 'Failed',
  );
  if (failed.length === 0) return;
  out.line(out.paint('red', 'Failed'));
  for (const call of failed.slice(0, FAILURES_SHOWN)) printFailure(call, out);
  const more = failed.length - FAILURES_SHOWN;
  if (more > 0) out.line(`  and ${more} more: wfctl status ${run.id} --calls`);
}

function printFailure(call: CallAnswer, out: Output): void {
  const newest = call.attempts.at(-1);
  out.line(
    `  ${call.call} ${newest === undefined ? (call.reason ?? 'failed') : failureInWords(call, newest)}`,
  );
  if (newest !== undefined) out.line(`    ${out.paint('dim', newest.directory)}`);
}

function failureInWords(call: CallAnswer, newest: AttemptAnswer): string {
  const tries = call.attempts.length === 1 ? '' : `, attempt ${newest.number}`;
  const job = newest.nativeId === null ? '' : `, job ${newest.nativeId}`;
  return `${causeInWords(newest)}${job}${tries}`;
}

function inline(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
