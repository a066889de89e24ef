/** The jobs of the stand-in: a directory for each, in which its own processes and the commands leave small files. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

export const TERM_WORDS = {
  TERM_OWNER: 'job killed by owner',
  TERM_ADMIN: 'job killed by root or LSF administrator',
  TERM_FORCE_OWNER: 'job killed by owner without time for cleanup',
  TERM_FORCE_ADMIN: 'job killed by root or LSF administrator without time for cleanup',
  TERM_RUNLIMIT: 'job killed after reaching LSF run time limit',
  TERM_MEMLIMIT: 'job killed after reaching LSF memory usage limit',
};

/** A number of its own for each submission: whoever makes the directory has it. */
export function takeId({ directory }) {
  const taken = readdirSync(`${directory}/jobs`).map(Number);
  for (let id = Math.max(0, ...taken) + 1; ; id += 1) {
    try {
      mkdirSync(`${directory}/jobs/${id}`);
      return id;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

/** All jobs and elements of arrays, those that are not over first, then in the order in which they ended. */
export function readJobs(cluster) {
  const ids = readdirSync(`${cluster.directory}/jobs`)
    .map(Number)
    .sort((a, b) => a - b);
  const jobs = ids.flatMap((id) => elementsOf(cluster, id).map((index) => readJob(cluster, id, index)));
  const known = jobs.filter((job) => job !== undefined);
  return known.sort((a, b) => (a.end?.at ?? 0) - (b.end?.at ?? 0));
}

function elementsOf({ directory }, id) {
  return readdirSync(`${directory}/jobs/${id}`)
    .map(Number)
    .sort((a, b) => a - b);
}

function readJob(cluster, id, index) {
  const place = `${cluster.directory}/jobs/${id}/${index}`;
  const spec = read(`${place}/spec.json`);
  if (spec === undefined) return undefined; // just being submitted
  const startedAt = numberIn(`${place}/started`);
  const job = {
    ...JSON.parse(spec),
    place,
    startedAt,
    pid: numberIn(`${place}/pid`),
    isDying: existsSync(`${place}/dying`),
    requests: lines(`${place}/requests`),
    reason: read(`${place}/reason`)?.trim() ?? '',
    end: endOf(place, startedAt),
  };
  return { ...job, state: stateOf(cluster, job) };
}

/** What is noted, or follows from processes that are gone without a word. */
function endOf(place, startedAt) {
  const [at, kind, value] = read(`${place}/ended`)?.trim().split(' ') ?? [];
  if (at !== undefined) return { at: Number(at), kind, value: Number(value ?? 0) };
  const runner = numberIn(`${place}/runner`);
  const isGone = startedAt !== undefined && !isAlive(runner) && !isAlive(numberIn(`${place}/pid`));
  return isGone && !existsSync(`${place}/ended`) ? { at: startedAt, kind: 'lost', value: 0 } : undefined;
}

function stateOf({ directory }, { place, startedAt, isDying, end }) {
  const isUnreachable = existsSync(`${directory}/unreachable`);
  if (isUnreachable && startedAt !== undefined && (end === undefined || end.kind === 'lost'))
    return isDying ? 'ZOMBI' : 'UNKWN';
  if (end !== undefined) return end.kind === 'exit' && end.value === 0 ? 'DONE' : 'EXIT';
  if (startedAt !== undefined) return 'RUN';
  return existsSync(`${place}/held`) ? 'PSUSP' : 'PEND';
}

export function isOver({ state }) {
  return state === 'DONE' || state === 'EXIT';
}

/** bjobs forgets what ended long ago. */
export function isRemembered(cluster, { end }) {
  return end === undefined || now() - end.at < cluster.number('CLEAN_PERIOD');
}

/** `4711`, or `4711[3]`; a whole array by its id alone. */
export function jobsWithId(jobs, written) {
  const [, id, index] = /^(\d+)(?:\[(\d+)\])?$/.exec(written) ?? [];
  return jobs.filter((job) => job.id === Number(id) && (index === undefined || job.index === Number(index)));
}

export function nameOf({ id, index }) {
  return index === 0 ? `${id}` : `${id}[${index}]`;
}

export function noteRequest({ place }, signal, user) {
  appendFileSync(`${place}/requests`, `${now()} ${signal} ${user}\n`);
}

/** A job that has not started ends at once. `false`: it has started after all. */
export function endUnstarted({ place }) {
  try {
    mkdirSync(`${place}/begin`);
  } catch {
    return false;
  }
  writeFileSync(`${place}/ended`, `${now()} killed\n`);
  return true;
}

export function now() {
  return Math.floor(Date.now() / 1000);
}

function isAlive(pid) {
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

function numberIn(path) {
  const text = read(path)?.trim();
  return text === undefined || text === '' ? undefined : Number(text);
}

function lines(path) {
  return (read(path) ?? '').split('\n').filter((line) => line !== '');
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
