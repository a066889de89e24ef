/**
 * The stand-in for LSF (README.md), which is not LSF: where it keeps what it knows, what is set, and the troubles that
 * are made for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 10_000;

/** A command that cannot go on: `words` for stderr, and the exit code. */
export class Stop extends Error {
  constructor(words, exitCode = 255) {
    super(words);
    this.exitCode = exitCode;
  }
}

/** Runs one command: what it throws as a Stop becomes its answer. */
export async function run(command) {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/** `after` follows upon the reason why not. Nobody is asked. */
export function readCluster(after = '') {
  const directory = process.env['LSF_ENVDIR'] ?? '/etc';
  const settings = readSettings(`${directory}/lsf.conf`, after);
  const isRelative = settings.STAND_IN_DIALECT === 'relative';
  if (!isRelative && isRefusedRoot(settings)) throw new Stop(`User permission denied${after}`);
  return { directory, settings, isRelative, number: (key) => Number(settings[key]) };
}

/** Fails as the real commands do where nobody answers. `before`: what is found out before anybody is asked. */
export async function openCluster(after = '', before = () => {}) {
  const cluster = readCluster(after);
  before(cluster);
  await meetTrouble(cluster.directory, after);
  return cluster;
}

export function isRefusedRoot({ LSF_ROOT_USER }) {
  return process.getuid() === 0 && LSF_ROOT_USER !== 'Y';
}

const DEFAULTS = {
  STAND_IN_DIALECT: '10.1',
  STAND_IN_JOBS: '200',
  STAND_IN_MINUTE: '60',
  STAND_IN_HOST: 'host1',
  LSF_ROOT_USER: 'N',
  LSB_MEMLIMIT_ENFORCE: 'n',
  JOB_TERMINATE_INTERVAL: '10',
  CLEAN_PERIOD: '3600',
  MAX_PEND_JOBS: 'Infinity',
};

function readSettings(path, after) {
  if (!existsSync(path))
    throw new Stop(`lsb_init: Failed in an LSF library call: Unable to open file lsf.conf${after}`);
  const lines = readFileSync(path, 'utf8').split('\n');
  const written = lines
    .filter((line) => /^\w+=/.test(line))
    .map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]);
  return { ...DEFAULTS, ...Object.fromEntries(written) };
}

async function meetTrouble(directory, after) {
  const trouble = () =>
    existsSync(`${directory}/down`) ? readFileSync(`${directory}/down`, 'utf8').trim() : '';
  if (trouble() === 'hang') await sleep(3_600_000);
  for (let tries = 1; trouble() !== ''; tries += 1) {
    if (tries >= triesAllowed()) throw new Stop(`${FAILURES[trouble()] ?? FAILURES.mbatchd}${after}`);
    process.stderr.write('batch system daemon not responding ... still trying\n');
    await sleep(RETRY_MS);
  }
}

const FAILURES = {
  mbatchd: 'Connection refused by server',
  lim: 'Failed in an LSF library call: LIM is down; try later',
};

/** By default the commands try for ever. */
export function triesAllowed() {
  return Number(process.env['LSB_NTRIES'] ?? 'Infinity');
}

/** `Fri Nov 20 07:29:47`, as events are dated. */
export function longTime(seconds) {
  const [day, month, date] = new Date(seconds * 1000).toString().split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${clock(seconds)}`;
}

/** `Nov 20 07:29`. */
export function tableTime(seconds) {
  return longTime(seconds).slice(4, 16);
}

/** `11/20-07:29:47`, as the relatives print times in a format. */
export function fieldTime(seconds) {
  const date = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, '0');
  return `${two(date.getMonth() + 1)}/${two(date.getDate())}-${clock(seconds)}`;
}

function clock(seconds) {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}
