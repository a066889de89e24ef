/** bkill of the stand-in for LSF (README.md): this is not LSF. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openCluster, run, Stop } from './cluster.mjs';
import { endUnstarted, isOver, isRemembered, jobsWithId, nameOf, noteRequest, readJobs } from './jobs.mjs';

const END_JOB = fileURLToPath(new URL('../end-job', import.meta.url));

await run(async (words) => {
  const { ids, signal, isForced } = read(words);
  if (ids.length === 0) throw new Stop("Job ID or one of '-m', '-u' '-q' and '-J' must be specified.");
  const cluster = await openBeside(ids);
  const jobs = readJobs(cluster);
  const { uid } = userInfo();
  const wanted = ids.includes('0')
    ? jobs.filter((job) => job.uid === uid && !isOver(job)).map((job) => [nameOf(job), [job]])
    : ids.map((id) => [id, jobsWithId(jobs, id).filter((job) => isRemembered(cluster, job))]);
  const faults = wanted.map(([id, found]) => end(cluster, id, found, { signal, isForced }));
  return faults.includes(true) ? 255 : 0;
});

function read(words) {
  const rest = [...words];
  const isForced = rest[0] === '-r' && rest.shift() === '-r';
  const signal = rest[0] === '-s' ? rest.splice(0, 2)[1] : undefined;
  return { ids: rest, signal: signal === 'KILL' ? undefined : signal, isForced };
}

/** bkill complains of the daemons once for each job. */
async function openBeside(ids) {
  try {
    return await openCluster();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    throw new Stop(ids.map((id) => `Job <${id}>: ${error.message}`).join('\n'));
  }
}

/** `true`: something is wrong with this one. */
function end(cluster, id, found, { signal, isForced }) {
  const complain = (words) => process.stderr.write(`Job <${id}>: ${words}\n`) && true;
  if (found.length === 0) return complain('No matching job found');
  const { uid } = userInfo();
  if (found.some((job) => job.uid !== uid) && uid !== 0) return complain('User permission denied');
  const alive = found.filter((job) => !isOver(job));
  if (alive.length === 0) return complain('Job has already finished');
  if (signal !== undefined && alive.every(({ pid }) => pid === undefined))
    return complain('Job has not started yet');
  const isUnreachable = existsSync(`${cluster.directory}/unreachable`);
  for (const job of alive) {
    if (signal !== undefined) send(job, signal);
    else kill(cluster, job, isForced);
  }
  if (isUnreachable && alive.some(({ startedAt }) => startedAt !== undefined))
    return complain('Operation is in progress');
  process.stdout.write(`Job <${id}> is being ${signal === undefined ? 'terminated' : 'signaled'}\n`);
  return false;
}

function send(job, signal) {
  if (job.pid !== undefined) process.kill(-job.pid, `SIG${signal.replace(/^SIG/, '')}`);
}

function kill(cluster, job, isForced) {
  if (job.isDying) return;
  const who = userInfo().uid === job.uid ? 'OWNER' : 'ADMIN';
  noteRequest(job, 'KILL', userInfo().username);
  if (job.reason === '') writeFileSync(`${job.place}/reason`, `TERM_${isForced ? 'FORCE_' : ''}${who}\n`);
  if (job.startedAt === undefined && endUnstarted(job)) return;
  const words = [END_JOB, job.place, cluster.settings.JOB_TERMINATE_INTERVAL];
  spawn('sh', words, { detached: true, stdio: 'ignore' }).unref();
}
