/** Grid Engine's commands, as far as its adapter uses them, in the words of Son of Grid Engine 8.1.9. */
import { hostname } from 'node:os';
import type { Answer, Call } from '../command-server.ts';
import { type Face, failed, inAnyOrder, said, shortOptions } from '../face.ts';
import type { FakeScheduler, Place } from '../fake-scheduler.ts';
import type { ToldJob } from '../told-job.ts';
import { printQacct, printQstat, printReasons } from './print.ts';
import { qsub } from './qsub.ts';

type Program = (call: Call, scheduler: FakeScheduler, spool: string) => Answer;

const PROGRAMS: Readonly<Record<string, Program>> = { qsub, qstat, qacct, qdel, qmod, qconf };

export const sgeFace: Face = {
  programs: Object.keys(PROGRAMS),
  answer: (call, scheduler, spool) =>
    PROGRAMS[call.program]?.(call, scheduler, spool) ?? failed(127, `${call.program}: command not found`),
  // The file of accounting needs no qmaster.
  down: (call, scheduler) => (call.program === 'qacct' ? qacct(call, scheduler) : nobody(call)),
  lost: ({ program }) =>
    program === 'qsub' ? failed(1, `Unable to run job: ${NOBODY}`, 'Exiting.') : failed(1, NOBODY),
};

const NOBODY = 'unable to send message to qmaster using port 6444 on host "vm": got send error';
const REFUSED = 'error: commlib error: got select error (Connection refused)';

function nobody({ program }: Call): Answer {
  switch (program) {
    case 'qsub':
      return failed(1, REFUSED, `Unable to run job: ${NOBODY}`, 'Exiting.');
    case 'qdel':
    case 'qmod':
      return { stdout: `${NOBODY}\n`, stderr: `${REFUSED}\n`, exitCode: 1 };
    default:
      return failed(1, REFUSED, NOBODY, NOBODY);
  }
}

/** `-j`: of jobs that are gone nothing is said, as long as one of them is there. */
function qstat(call: Call, scheduler: FakeScheduler): Answer {
  if (call.args.includes('-help')) return said(HELP);
  const { options } = shortOptions(call.args, { s: 1, xml: 0, u: 1, j: 1 });
  const alive = scheduler.jobs().filter(({ end }) => end === undefined);
  const ids = options.get('j')?.[0]?.split(',');
  if (ids === undefined) {
    const user = options.get('u')?.[0] ?? call.env['USER'];
    return said(printQstat(inAnyOrder(alive.filter((job) => job.user.name === user))));
  }
  const found = alive.filter(({ id }) => ids.includes(String(id)));
  if (found.length === 0) return failed(1, 'Following jobs do not exist: ', ids.join(', '));
  return said(printReasons(found));
}

const HELP =
  'SGE 8.1.9\nusage: qstat [options]\n        [-ext]                            view additional attributes\n';

function qacct({ args }: Call, scheduler: FakeScheduler): Answer {
  const { options } = shortOptions(args, { m: 0, o: 1, j: 1 });
  const pattern = options.get('j')?.[0] ?? '';
  const owner = options.get('o')?.[0];
  const name = namePattern(pattern);
  const found = scheduler
    .jobs()
    .filter((job) => (owner === undefined || job.user.name === owner) && name.test(job.name));
  const text = printQacct(found);
  return text === '' ? failed(1, `error: job name ${pattern} not found`) : said(text);
}

/** fnmatch(3): `*`, `?` and `[abc]`. */
function namePattern(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

/** Each id has a line of its own, and one that is gone makes the exit code 1. */
function qdel({ args, env, uid }: Call, scheduler: FakeScheduler): Answer {
  const user = env['USER'] ?? '';
  const lines = args.map((word) => {
    const { place, jobs } = find(scheduler, word);
    if (jobs.length === 0) return { bad: true, line: `denied: job "${word}" does not exist` };
    if (jobs.some((job) => job.user.uid !== uid && uid !== 0))
      return {
        bad: true,
        line: `${user} - you do not have the necessary privileges to delete the job "${word}"`,
      };
    if (jobs.every(({ state }) => state === 'ending'))
      return { bad: false, line: `job ${word} is already in deletion` };
    scheduler.ask(place, { kind: 'kill' });
    if (jobs.every(({ state }) => state === 'waiting'))
      return { bad: false, line: `${user} has deleted job ${word}` };
    return { bad: false, line: `${user} has registered the job ${word} for deletion` };
  });
  return answerOf(lines);
}

/** `-cj`: answers 1 also where all went well. */
function qmod({ args, env, uid }: Call, scheduler: FakeScheduler): Answer {
  const user = env['USER'] ?? '';
  const lines = args.slice(1).flatMap((word) => {
    const { place, jobs } = find(scheduler, word);
    if (jobs.length === 0) return [`invalid queue or job "${word}"`];
    if (jobs.some((job) => job.user.uid !== uid && uid !== 0))
      return [`${user} - you have no permission to modify job "${word}"`];
    scheduler.clear(place);
    return jobs.map(({ id, element, error }) => {
      const job = element === undefined ? `job ${id}` : `job-array task ${id}.${element}`;
      if (error === undefined) return `${job[0]?.toUpperCase()}${job.slice(1)} is not in error state`;
      return `${user}@${HOST} cleared error state of ${job}`;
    });
  });
  return answerOf(lines.map((line) => ({ bad: true, line })));
}

const HOST = 'vm';

function answerOf(lines: readonly { readonly bad: boolean; readonly line: string }[]): Answer {
  const stdout = lines.map(({ line }) => `${line}\n`).join('');
  return { stdout, stderr: '', exitCode: lines.some(({ bad }) => bad) ? 1 : 0 };
}

/** `40`, or `40.3` of an array. */
function find(scheduler: FakeScheduler, word: string): { place: Place; jobs: readonly ToldJob[] } {
  const [id = 0, element] = word.split('.').map(Number);
  const jobs = scheduler
    .jobs()
    .filter((job) => job.end === undefined && job.id === id && (element ?? job.element) === job.element);
  return { place: { id, ...(element !== undefined && { element }) }, jobs };
}

function qconf({ args }: Call): Answer {
  return said(
    args[0] === '-ss' ? `${hostname()}\n` : 'qname                 normal\nnotify                00:00:05\n',
  );
}
