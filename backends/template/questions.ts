/** What a site's templates are used for once jobs are there: listing, accounting, requests to end. */
import type {
  AbortManner,
  AccountingQuery,
  KnownJob,
  NativeId,
  Owner,
  RequestReply,
  Snapshot,
  Tag,
} from '../backend.ts';
import { type Ask, allSent } from '../batch-driver.ts';
import { hasEnded, type Naming, nativeIdOf, type Rows, readRows, snapshotOf } from './answer.ts';
import { lines, mentions, type Names, programOf } from './commands.ts';
import { readRequestReply } from './replies.ts';
import type { TemplateSettings } from './settings.ts';
import type { Words } from './words.ts';

export async function observe(
  settings: TemplateSettings,
  owner: Owner,
  known: readonly KnownJob[],
  ask: Ask,
): Promise<Snapshot> {
  const rows = await listing(settings, owner, known, ask);
  return snapshotOf(settings, rows, naming(owner, known));
}

export async function account(
  settings: TemplateSettings,
  { owner, jobs }: AccountingQuery,
  ask: Ask,
): Promise<Snapshot> {
  const { byId, byTag } = settings.account ?? {};
  const withId = byId === undefined ? [] : jobs.filter(({ nativeId }) => nativeId !== undefined);
  const others = jobs.filter((job) => !withId.includes(job));
  const rows = await Promise.all([
    rowsFor(settings, byId, { owner, jobs: withId }, ask),
    rowsFor(settings, byTag, { owner, jobs: others }, ask),
  ]);
  const found = snapshotOf(settings, together(rows), naming(owner, jobs));
  if (found.kind === 'unavailable') return found;
  // An id may have been another job's before, and a site's command may tell of more than it was asked about.
  const tags = new Set(jobs.map(({ tag }) => tag));
  return { kind: 'complete', jobs: found.jobs.filter(({ tag }) => tags.has(tag)) };
}

interface EndRequest {
  readonly owner: Owner;
  readonly nativeIds: readonly NativeId[];
  readonly manner: AbortManner;
}

export async function endJobs(
  settings: TemplateSettings,
  { owner, nativeIds, manner }: EndRequest,
  ask: Ask,
): Promise<RequestReply> {
  const template = templateFor(settings, manner);
  if (template === undefined)
    return { kind: 'failed', reason: "the site's configuration does not say how a job is sent a signal" };
  const named = nativeIds.map((nativeId) => ({ nativeId }));
  const found = mentions(template, 'listedId') ? await living(settings, owner, named, ask) : named;
  if ('reason' in found) return { kind: 'failed', reason: found.reason };
  const values = manner.kind === 'signal' ? { signal: manner.signal } : {};
  const results = await Promise.all(lines(template, owner, found, values).map(ask));
  return allSent(results.map((result) => readRequestReply(settings.gone, programOf(template), result)));
}

function templateFor({ abort, force, signal }: TemplateSettings, manner: AbortManner): Words | undefined {
  switch (manner.kind) {
    case 'kill':
      return abort;
    case 'force':
      return force ?? abort;
    case 'signal':
      return signal;
    default:
      return manner satisfies never;
  }
}

/** Those that a listing made now shows and does not call ended: what else has their ids is no job of ours. */
async function living(
  settings: TemplateSettings,
  owner: Owner,
  jobs: readonly { readonly nativeId: NativeId }[],
  ask: Ask,
): Promise<readonly Names[] | { readonly reason: string }> {
  const found = await listing(settings, owner, jobs, ask);
  if (found.kind === 'unavailable') return found;
  const wanted = new Set(jobs.map(({ nativeId }) => nativeId));
  const rows = found.rows.filter(
    (row) => wanted.has(nativeIdOf(row, settings)) && !hasEnded(settings.answer, row),
  );
  return rows.map((row) => ({ nativeId: nativeIdOf(row, settings), listedId: row.id }));
}

async function listing(
  settings: TemplateSettings,
  owner: Owner,
  jobs: readonly Names[],
  ask: Ask,
): Promise<Rows> {
  const { command, complete } = settings.status;
  const results = await Promise.all(lines(command, owner, jobs).map(ask));
  return together(results.map((result) => readRows(settings, programOf(command), result, complete)));
}

async function rowsFor(
  settings: TemplateSettings,
  template: Words | undefined,
  { owner, jobs }: { readonly owner: Owner; readonly jobs: readonly Names[] },
  ask: Ask,
): Promise<Rows> {
  if (template === undefined || jobs.length === 0) return together([]);
  const results = await Promise.all(lines(template, owner, jobs).map(ask));
  return together(results.map((result) => readRows(settings, programOf(template), result)));
}

/** One piece that did not answer makes the whole unknown. */
function together(pieces: readonly Rows[]): Rows {
  const none = pieces.find(({ kind }) => kind === 'unavailable');
  return none ?? { kind: 'complete', rows: pieces.flatMap((piece) => ('rows' in piece ? piece.rows : [])) };
}

function naming(owner: Owner, jobs: readonly { readonly tag: Tag; readonly nativeId?: NativeId }[]): Naming {
  const tags = jobs.flatMap(({ tag, nativeId }) =>
    nativeId === undefined ? [] : [[nativeId, tag] as const],
  );
  return { tags: new Map<string, Tag>(tags), user: owner.name };
}
