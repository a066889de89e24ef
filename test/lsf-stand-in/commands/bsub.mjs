/** bsub of the stand-in for LSF (README.md): this is not LSF. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRefusedRoot, openCluster, run, Stop, triesAllowed } from './cluster.mjs';
import { now, readJobs, takeId } from './jobs.mjs';
import { readOptions } from './options.mjs';

const NOT_SUBMITTED = '. Job not submitted.';
const HERE = fileURLToPath(new URL('..', import.meta.url));
const ENVIRONMENT_OF_LSF =
  /^(LSB_(JOBID|JOBINDEX|JOBNAME|QUEUE|HOSTS|MCPU_HOSTS)|LS_SUBCWD|PWD|HOME|USER|TERM)$/;
const QUEUES = ['normal', 'short', 'private'];
const RESOURCES = ['mem', 'swp', 'tmp', 'ut', 'r1m', 'cs', 'ngpus_physical', 'type', 'any', 'local'];

await run(async (words) => {
  const cluster = await openCluster(NOT_SUBMITTED);
  const { options, command } = readOptions(words, cluster.isRelative);
  const text = command.length > 0 ? { command: command.join(' ') } : { script: readFileSync(0, 'utf8') };
  if ((text.command ?? text.script) === '') refuse('No command is specified');
  check(options, cluster);
  await waitForRoom(cluster);
  const id = takeId(cluster);
  for (const element of elementsOf(options.J, cluster, words))
    start(cluster, { id, ...element }, options, text);
  const queue = options.q === undefined ? 'default queue <normal>' : `queue <${options.q}>`;
  if (process.env['BSUB_QUIET'] === undefined)
    process.stdout.write(`Job <${id}> is submitted to ${queue}.\n`);
  return 0;
});

function refuse(words) {
  throw new Stop(`${words}${NOT_SUBMITTED}`);
}

function check({ q, n = '1', W, M, R, J = '', m, x }, cluster) {
  if (isRefusedRoot(cluster.settings)) refuse('User permission denied');
  if (q !== undefined && !QUEUES.includes(q)) refuse(`${q}: No such queue`);
  if (q === 'private') refuse(`${q}: User cannot use the queue`);
  if (m !== undefined && m !== cluster.settings.STAND_IN_HOST)
    refuse(`${m}: Bad host name, host group name or cluster name`);
  if (x === true) refuse(`${q ?? 'normal'}: Queue does not accept EXCLUSIVE jobs`);
  if (Number(n.split(',')[0]) > cluster.number('STAND_IN_JOBS')) refuse('Too many processors requested');
  if (W !== undefined && !/^(\d+:)?\d+(\/\w+)?$/.test(W)) refuse(`${W}: Bad RUNLIMIT specification`);
  if (q === 'short' && minutesOf(W) > 60) refuse("RUNLIMIT: Cannot exceed queue's hard limit(s)");
  const isMemory = cluster.isRelative ? /^\d+$/ : /^\d+([KMGT]B?)?$/;
  if (M !== undefined && !isMemory.test(M)) refuse(`${M}: MEMLIMT value should be a positive integer`);
  if (R !== undefined && !isRequirement(R)) refuse('Bad resource requirement syntax');
  if (J.length > (cluster.isRelative ? 200 : 4094)) refuse('Bad job name');
}

function isRequirement(text) {
  const sections = [...text.matchAll(/(select|rusage|span|order)\[([^\]]*)\]/g)];
  const rest = text.replaceAll(/(select|rusage|span|order)\[[^\]]*\]/g, '').trim();
  const words = sections
    .filter(([, name]) => name !== 'span')
    .flatMap(([, , inner]) => inner.match(/[A-Za-z_]\w*/g) ?? []);
  return rest === '' && words.every((word) => RESOURCES.includes(word));
}

/** With LSB_NTRIES=1 bsub gives up, else it waits for ever. */
async function waitForRoom(cluster) {
  const isFull = () =>
    readJobs(cluster).filter(({ state }) => state === 'PEND').length >= cluster.number('MAX_PEND_JOBS');
  if (cluster.settings.MAX_PEND_JOBS === 'Infinity') return;
  for (let tries = 1; isFull(); tries += 1) {
    if (tries >= triesAllowed()) refuse('System: Pending job threshold reached');
    process.stderr.write('System: Pending job threshold reached. Retrying in 5 seconds...\n');
    await sleep(5_000);
  }
}

/** The relatives take a list that is none, or is too long, for a plain name. */
function elementsOf(name, { isRelative }) {
  const [, base, from, to] = /^(.+)\[(\d+)(?:-(\d+))?\](?:%\d+)?$/.exec(name ?? '') ?? [];
  if (base === undefined) {
    if (!isRelative && /[[\]]/.test(name ?? '')) refuse('Bad job name');
    return [{ index: 0, name }];
  }
  const count = Number(to ?? from) - Number(from) + 1;
  if (count > 1000) return isRelative ? [{ index: 0, name }] : refuse('Job array index too large');
  return Array.from({ length: count }, (_, at) => ({
    index: Number(from) + at,
    name: `${base}[${Number(from) + at}]`,
  }));
}

function start(cluster, { id, index, name }, options, text) {
  const place = `${cluster.directory}/jobs/${id}/${index}`;
  const shown = (text.command ?? text.script.trimEnd()).replaceAll('\n', ';');
  const { username: user, uid, homedir: home } = userInfo();
  const {
    q: queue = 'normal',
    P: project = 'default',
    R: requirement = '',
    W,
    n = '1',
    o: output,
    H,
  } = options;
  const spec = {
    id,
    index,
    name: name ?? shown,
    user,
    uid,
    project,
    queue,
    requirement,
    output: output ?? '',
  };
  mkdirSync(place);
  writeFileSync(`${place}/cwd`, process.cwd());
  writeFileSync(`${place}/output`, (output ?? '/dev/null').replaceAll('%J', id).replaceAll('%I', index));
  if (text.script === undefined) writeFileSync(`${place}/command`, text.command);
  else writeFileSync(`${place}/script`, withInterpreter(text.script), { mode: 0o700 });
  if (H === true) writeFileSync(`${place}/held`, '');
  const seen = {
    ...spec,
    command: shown,
    submittedAt: now(),
    cwd: process.cwd(),
    slots: n,
    runMinutes: minutesOf(W),
  };
  writeFileSync(`${place}/spec.json`, JSON.stringify(seen));
  if (H === true) return;
  const host = cluster.settings.STAND_IN_HOST;
  const slots = Number(n.split(',')[0]);
  const environment = {
    ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !ENVIRONMENT_OF_LSF.test(key))),
    HOME: home,
    USER: user,
    LSB_JOBID: id,
    LSB_JOBINDEX: index,
    LSB_JOBNAME: seen.name,
    LSB_QUEUE: queue,
    LSB_HOSTS: Array(slots).fill(host).join(' '),
    LSB_MCPU_HOSTS: `${host} ${slots} `,
    LS_SUBCWD: process.cwd(),
  };
  const limit = W === undefined ? '' : minutesOf(W) * cluster.number('STAND_IN_MINUTE');
  const words = [
    place,
    cluster.directory,
    cluster.settings.STAND_IN_JOBS,
    limit,
    memoryKib(options.M, cluster),
  ];
  spawn('sh', [`${HERE}run-job`, ...words.map(String)], {
    detached: true,
    stdio: 'ignore',
    env: environment,
  }).unref();
}

function withInterpreter(script) {
  return script.startsWith('#!') ? script : `#!/bin/sh\n${script}`;
}

function minutesOf(written) {
  if (written === undefined) return 0;
  const [minutes = 0, hours = 0] = written.split('/')[0].split(':').map(Number).reverse();
  return hours * 60 + minutes;
}

function memoryKib(written, { settings }) {
  if (written === undefined || !/^y/i.test(settings.LSB_MEMLIMIT_ENFORCE)) return '';
  const [, number, suffix] = /^(\d+)([KMGT]?)/.exec(written);
  const unit = suffix || (settings.LSF_UNIT_FOR_LIMITS ?? 'KB')[0];
  return Number(number) * { K: 1, M: 1024, G: 1024 ** 2, T: 1024 ** 3 }[unit];
}
