/** What bjobs -l and bhist -l of the stand-in print of a job: a head, and what happened to it. */
import { longTime } from './cluster.mjs';
import { nameOf, TERM_WORDS } from './jobs.mjs';

const RULE = `${'-'.repeat(78)}\n\n`;
const WIDTH = 80;
const INDENT = ' '.repeat(21);

export function longList(cluster, jobs) {
  const records = jobs.map((job) => {
    const started = job.startedAt !== undefined && [job.startedAt, startedWords(cluster, job)];
    const wrapped = cluster.isRelative ? (line) => line : wrap;
    return [
      wrapped(head(job, ` Status <${job.state}>, Queue <${job.queue}>,`)),
      wrapped(
        event(job.submittedAt, `Submitted from host <${cluster.settings.STAND_IN_HOST}>, ${placeOf(job)};`),
      ),
      limitsOf(cluster, job),
      ...(started ? [wrapped(event(...started))] : []),
      ...lastWords(cluster, job).map((words) => wrapped(event(job.end.at, inList(words)))),
      '',
      ' SCHEDULING PARAMETERS:',
      '           r15s   r1m  r15m   ut      pg    io   ls    it    tmp    swp    mem',
      ' loadSched   -     -     -     -       -     -    -     -     -      -      -  ',
      ' loadStop    -     -     -     -       -     -    -     -     -      -      -  ',
    ];
  });
  return records.map(text).join(RULE);
}

export function longHistory(cluster, jobs) {
  const { STAND_IN_HOST: host } = cluster.settings;
  const records = jobs.map((job) => {
    const events = [
      ...(job.startedAt === undefined
        ? []
        : [
            [job.startedAt, `Dispatched to <${host}>;`],
            [job.startedAt, `Starting (Pid ${job.pid});`],
            [
              job.startedAt,
              `Running with execution home </home/${job.user}>, Execution CWD <${job.cwd}>, Execution Pid <${job.pid}>;`,
            ],
          ]),
      ...job.requests.map((line) => {
        const [at, signal, user] = line.split(' ');
        return [Number(at), `Signal <${signal}> requested by user or administrator <${user}>;`];
      }),
      ...lastWords(cluster, job).map((words) => [job.end.at, words]),
    ];
    return [
      cluster.isRelative ? head(job, '') : wrap(head(job, '')),
      event(job.submittedAt, `Submitted from host <${host}>, to Queue <${job.queue}>, ${placeOf(job)};`),
      limitsOf(cluster, job),
      ...events.map(([at, words]) => wrap(event(at, words))),
    ];
  });
  return records.map(text).join(RULE);
}

function text(lines) {
  return `\n${lines.filter((line) => line !== undefined).join('\n')}\n`;
}

function head({ user, project, name, command, ...job }, more) {
  return `Job <${nameOf(job)}>, Job Name <${name}>, User <${user}>, Project <${project}>,${more} Command <${command}>`;
}

function event(at, words) {
  return `${longTime(at)}: ${words}`;
}

function placeOf({ cwd, output }) {
  return `CWD <${cwd}>${output === '' ? '' : `, Output File <${output}>`}`;
}

function startedWords({ isRelative, settings }, { index, cwd, user }) {
  const host = settings.STAND_IN_HOST;
  const where = `Execution Home </home/${user}>, Execution CWD <${cwd}>`;
  const element = index === 0 ? '' : `[${index}] `;
  if (!isRelative)
    return `${element}Started 1 Task(s) on Host(s) <${host}>, Allocated 1 Slot(s) on Host(s) <${host}>, ${where};`;
  return `${element}${index === 0 ? 'Started' : 'started'} on <${host}>, ${where};`;
}

/** In true minutes, whatever is set of their length. */
function limitsOf(cluster, { runMinutes }) {
  if (runMinutes === 0) return undefined;
  const minutes = (runMinutes * cluster.number('STAND_IN_MINUTE')) / 60;
  return `\n RUNLIMIT                \n ${minutes.toFixed(1)} min                 `;
}

/** The relatives never name a reason. */
function lastWords({ isRelative }, { end, reason }) {
  if (end === undefined) return [];
  const isDone = end.kind === 'exit' && end.value === 0;
  if (isRelative || isDone || reason === '') return [endWords(end, isDone)];
  return [endWords(end, isDone), `Completed <exit>; ${reason}: ${TERM_WORDS[reason]};`];
}

function endWords({ kind, value }, isDone) {
  const used = 'The CPU time used is 0.0 seconds;';
  if (isDone) return `Done successfully. ${used}`;
  if (kind === 'exit') return `Exited with exit code ${value}. ${used}`;
  if (kind === 'signal') return `Exited by signal ${value}. ${used}`;
  return kind === 'killed' ? 'Exited;' : 'Exited. The CPU time used is unknown;';
}

/** bjobs ends its sentences otherwise than bhist. */
function inList(words) {
  return words.replace('Exited. The', 'Exited The').replace(/;$/, words === 'Exited;' ? '' : '.');
}

/** Wherever the line is full, if need be inside a word; a blank at the break is lost. */
function wrap(line) {
  if (line.length < WIDTH) return line;
  return `${line.slice(0, WIDTH - 1)}\n${wrap(INDENT + line.slice(WIDTH - 1).replace(/^ /, ''))}`;
}
