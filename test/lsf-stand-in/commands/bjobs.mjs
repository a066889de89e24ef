/** bjobs of the stand-in for LSF (README.md): this is not LSF. */
import { userInfo } from 'node:os';
import { fieldTime, openCluster, run, Stop, tableTime } from './cluster.mjs';
import { isOver, isRemembered, jobsWithId, readJobs, TERM_WORDS } from './jobs.mjs';
import { longList } from './long-format.mjs';

async function bjobs(words) {
  const asked = read(words);
  const cluster = await openCluster('', (each) => refuseUnknown(asked, each));
  const jobs = readJobs(cluster).filter((job) => isRemembered(cluster, job));
  const chosen = choose(jobs, asked);
  const lacking = asked.ids.filter((id) => jobsWithId(jobs, id).length === 0);
  process.stdout.write(printed(cluster, chosen, asked));
  for (const id of lacking) process.stderr.write(`Job <${id}> is not found\n`);
  if (lacking.length > 0) return 255;
  if (chosen.length > 0) return 0;
  process.stderr.write(nothingFound(asked));
  return cluster.isRelative ? 254 : 0;
}

const VALUED = { '-u': 'user', '-J': 'name', '-o': 'format' };

function read(words) {
  const asked = { ids: [], flags: [] };
  for (let at = 0; at < words.length; at += 1) {
    const key = VALUED[words[at]];
    if (key !== undefined) asked[key] = words[++at];
    else if (words[at].startsWith('-')) asked.flags.push(words[at]);
    else asked.ids.push(words[at]);
  }
  return asked;
}

/** Before anybody is asked. */
function refuseUnknown({ flags, format, ids }, { isRelative }) {
  const known = ['-a', '-w', '-l', '-UF', ...(isRelative ? [] : ['-noheader'])];
  const odd = flags.find((flag) => !known.includes(flag));
  if (odd !== undefined)
    throw new Stop(`bjobs: invalid option -- '${odd[1]}'\nUsage: bjobs [-h] [-V] [-w |-l |-UF] [-a] [-o]`);
  const field = fieldsOf(format ?? '').find(
    (name) => FIELDS[name] === undefined || (isRelative && SPECTRUM_ONLY.includes(name)),
  );
  if (field !== undefined)
    throw new Stop(`<${field.toUpperCase()}> in the format string is not a valid field name.`, 99);
  const bad = ids.find((id) => !/^\d+(\[\d+\])?$/.test(id));
  if (bad !== undefined) throw new Stop(`${bad}: Illegal job ID.`);
}

function choose(jobs, { ids, flags, user = userInfo().username, name }) {
  if (ids.length > 0) return jobs.filter((job) => ids.some((id) => jobsWithId([job], id).length > 0));
  const isNamed =
    name === undefined
      ? () => true
      : (job) => matches(job.name, name) || matches(job.name.replace(/\[\d+\]$/, ''), name);
  return jobs.filter(
    (job) => isNamed(job) && (user === 'all' || job.user === user) && (flags.includes('-a') || !isOver(job)),
  );
}

function matches(name, pattern) {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.\\^$+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

function nothingFound({ ids, flags, name }) {
  if (name !== undefined) return `Job <${name}> is not found\n`;
  return ids.length > 0 ? '' : `No ${flags.includes('-a') ? '' : 'unfinished '}job found\n`;
}

function printed(cluster, jobs, { flags, format }) {
  if (jobs.length === 0) return '';
  if (flags.includes('-l')) return longList(cluster, jobs);
  if (format !== undefined) return formatted(cluster, jobs, format, flags.includes('-noheader'));
  return table(cluster, jobs, flags.includes('-w'));
}

const FIELDS = {
  jobid: ({ id }) => id,
  jobindex: ({ index }) => index,
  stat: ({ state }) => state,
  user: ({ user }) => user,
  queue: ({ queue }) => queue,
  job_name: ({ name }) => name,
  exit_code: ({ end }) => (end?.kind === 'exit' && end.value !== 0 ? end.value : '-'),
  exit_reason: ({ reason, end }) =>
    end !== undefined && reason !== '' ? `${reason}: ${TERM_WORDS[reason]}` : '-',
  start_time: ({ startedAt }, isRelative) => time(startedAt, isRelative),
  finish_time: ({ end }, isRelative) => time(end?.at, isRelative),
};
const SPECTRUM_ONLY = ['jobindex', 'exit_code', 'exit_reason'];

function time(seconds, isRelative) {
  if (seconds === undefined) return '-';
  return isRelative ? fieldTime(seconds) : tableTime(seconds);
}

function fieldsOf(format) {
  return format
    .replace(/ *delimiter='.'/, '')
    .split(' ')
    .filter((field) => field !== '');
}

function formatted({ isRelative }, jobs, format, hasNoHeader) {
  const delimiter = (!isRelative && /delimiter='(.)'/.exec(format)?.[1]) || ' ';
  const fields = fieldsOf(format);
  const header = fields.map((field) => field.toUpperCase());
  const rows = jobs.map((job) => fields.map((field) => FIELDS[field](job, isRelative)));
  return [...(hasNoHeader ? [] : [header]), ...rows].map((row) => `${row.join(delimiter)}\n`).join('');
}

/** Columns are cut off; a long name keeps its end. */
function table({ settings }, jobs, isWide) {
  const host = settings.STAND_IN_HOST;
  const rows = jobs.map(({ id, user, state, queue, name, submittedAt, startedAt }) => {
    const shown = isWide || name.length <= 10 ? name : `*${name.slice(-9)}`;
    const where = startedAt === undefined ? '   -        ' : host.padEnd(11);
    const columns = [
      String(id).padEnd(7),
      user.padEnd(7),
      state.padEnd(5),
      queue.padEnd(10),
      host.padEnd(11),
      where,
      shown.padEnd(10),
    ];
    return `${columns.join(' ')} ${tableTime(submittedAt)}`;
  });
  return `${['JOBID   USER    STAT  QUEUE      FROM_HOST   EXEC_HOST   JOB_NAME   SUBMIT_TIME', ...rows].join('\n')}\n`;
}

await run(bjobs);
