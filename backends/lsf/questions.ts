/**
 * The questions to LSF, where one answer leads to the next. The listing shows all jobs that LSF remembers; what it
 * leaves open about an end is asked in bulk: of bjobs -l, then of bhist, which alone knows who used bkill.
 */
import type { AccountingQuery, EndReport, JobObservation, Owner, Probe, Snapshot, Tag } from '../backend.ts';
import type { Ask } from '../batch-driver.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, oneLine, whyNot } from '../why-not.ts';
import { type DialectFinder, isAnswer } from './dialect.ts';
import { type Dialect, isDone, isKill } from './ends.ts';
import { listCommand, probeCommand, readListing } from './listing.ts';
import { historyCommand, longListCommand, readLong } from './long-format.ts';

type Asked = readonly { readonly tag: Tag }[];

/** `asked`: the jobs of whose ends all is wanted that can be known. */
export async function observe(
  dialects: DialectFinder,
  owner: Owner,
  asked: Asked,
  ask: Ask,
): Promise<Snapshot> {
  const found = await dialects.find(ask);
  if ('unavailable' in found) return { kind: 'unavailable', reason: found.unavailable };
  const { dialect } = found;
  const listing = readListing(await ask(listCommand(owner, dialect)), dialect);
  if (listing.kind === 'unavailable') return listing;
  return explain(listing.jobs, new Set(asked.map(({ tag }) => tag)), dialect, ask);
}

/**
 * What the listing no longer shows (CLEAN_PERIOD, an hour by default) bhist finds in the event files, by id. A job
 * whose id never came back is then found by its claim alone, which it made before it did anything.
 */
export async function account(dialects: DialectFinder, query: AccountingQuery, ask: Ask): Promise<Snapshot> {
  const listing = await observe(dialects, query.owner, query.jobs, ask);
  if (listing.kind === 'unavailable') return listing;
  const tags = new Set(query.jobs.map(({ tag }) => tag));
  const shown = listing.jobs.filter(({ tag }) => tags.has(tag));
  const shownTags = new Set(shown.map(({ tag }) => tag));
  const gone = query.jobs.flatMap(({ tag, nativeId }) =>
    shownTags.has(tag) || nativeId === undefined ? [] : nativeId,
  );
  if (gone.length === 0) return { kind: 'complete', jobs: shown };
  const history = readHistory(await ask(historyCommand(gone, 'all')), dialects.known ?? 'relative');
  if (history.kind === 'unavailable') return history;
  return { kind: 'complete', jobs: [...shown, ...history.jobs.filter(({ tag }) => tags.has(tag))] };
}

export async function probe(dialects: DialectFinder, ask: Ask): Promise<Probe> {
  const [lsid, found] = await Promise.all([ask({ program: 'lsid', args: [] }), dialects.find(ask)]);
  const answer = 'unavailable' in found ? found.result : await ask(probeCommand(found.dialect));
  const version = lsid.exitCode === 0 ? oneLine(lsid.stdout.trim().split('\n')[0] ?? '') : 'LSF';
  if (refusesRoot(answer)) {
    const words =
      'LSF answers no questions of root (LSF_ROOT_USER); those of the users for whom jobs run it will';
    return { reachable: true, summary: `${version}; ${words}`, hasAccounting: true };
  }
  if ('unavailable' in found || !isAnswer(answer))
    return { reachable: false, summary: whyNot('bjobs', answer), hasAccounting: true };
  return { reachable: true, summary: `${version}, ${SOURCES[found.dialect]}`, hasAccounting: true };
}

const SOURCES: Readonly<Record<Dialect, string>> = {
  spectrum: 'ends by bjobs and bhist',
  relative: 'an open relative of LSF: ends by bjobs -l and bhist, and DONE alone is no success',
};

function refusesRoot({ stderr }: CommandResult): boolean {
  return process.geteuid?.() === 0 && /permission denied/i.test(stderr);
}

/** The ends of the jobs asked for, as well as they can be known. */
async function explain(
  jobs: readonly JobObservation[],
  asked: ReadonlySet<Tag>,
  dialect: Dialect,
  ask: Ask,
): Promise<Snapshot> {
  const idsWhere = (among: readonly JobObservation[], isMeant: (job: JobObservation) => boolean) =>
    among.filter((job) => asked.has(job.tag) && isMeant(job)).map(({ nativeId }) => nativeId);

  const open = idsWhere(jobs, ({ end, backendStatus }) => end?.kind === 'Unknown' && !isDone(backendStatus));
  const details = open.length === 0 ? NOTHING : readDetails(await ask(longListCommand(open)), dialect);
  if (details.kind === 'unavailable') return details;
  const told = withRecords(jobs, details.jobs);
  const killed = idsWhere(told, ({ end }) => end !== undefined && mayBeKilled(end));
  if (killed.length === 0) return { kind: 'complete', jobs: told };
  const history = readHistory(await ask(historyCommand(killed, 'newest')), dialect);
  // Only a finer cause depends on it: no answer is as good as none.
  return { kind: 'complete', jobs: history.kind === 'complete' ? withRecords(told, history.jobs) : told };
}

const NOTHING: Snapshot = { kind: 'complete', jobs: [] };

/** By bkill, that is; DONE may hide it, too. */
function mayBeKilled(end: EndReport): boolean {
  return end.kind === 'Unknown' || ((end.kind === 'NonZeroExit' || end.kind === 'Signaled') && isKill(end));
}

/** One that has aged out meanwhile is "not found", beside the others. */
function readDetails(result: CommandResult, dialect: Dialect): Snapshot {
  const { exitCode, timedOut, stdout, stderr } = result;
  const others = stderr.split('\n').filter((line) => line !== '' && !/^Job <.+> is not found/.test(line));
  const isWhole = exitCode !== undefined && !timedOut && (stdout === '' || stdout.endsWith('\n'));
  return isWhole && (exitCode === 0 || others.length === 0)
    ? { kind: 'complete', jobs: readLong(stdout, dialect) }
    : { kind: 'unavailable', reason: whyNot('bjobs', result) };
}

/** Where the event files cannot be read from here, there is no such source. */
function readHistory(result: CommandResult, dialect: Dialect): Snapshot {
  const { exitCode, timedOut, stdout, stderr } = result;
  if (exitCode === 0 && !timedOut && stdout.endsWith('\n'))
    return { kind: 'complete', jobs: readLong(stdout, dialect) };
  const isNone = /No matching job found/.test(`${stdout}${stderr}`);
  if (isNone || isMissing(result) || /Permission denied|No such file/.test(stderr))
    return { kind: 'complete', jobs: [] };
  return { kind: 'unavailable', reason: whyNot('bhist', result) };
}

function withRecords(
  jobs: readonly JobObservation[],
  records: readonly JobObservation[],
): readonly JobObservation[] {
  const key = ({ nativeId, tag }: JobObservation): string => `${nativeId} ${tag}`;
  const byKey = new Map(records.map((record) => [key(record), record]));
  return jobs.map((job) => {
    const { end, backendStatus } = byKey.get(key(job)) ?? {};
    if (end === undefined || end.kind === 'Unknown') return job;
    return { ...job, end, backendStatus: `${job.backendStatus.split(' ')[0]} (${backendStatus})` };
  });
}
