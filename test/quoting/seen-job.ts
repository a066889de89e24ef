/**
 * Jobs that write down what they see: arguments, variables, directory and input, byte for byte as the kernel has
 * them. They are made and submitted as the engine does it (submissionFiles, Backend.submit), without the engine.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, NativeId, Owner, Tag } from '../../backends/backend.ts';
import { type JobElement, logPath, scriptPath, submissionFiles } from '../../backends/job-script.ts';
import { type ExitMark, parseExitMark } from '../../backends/marks.ts';

export interface Habitat {
  readonly backend: Backend;
  readonly owner: Owner;
  /** Absolute; the owner can write there and the jobs see it. */
  readonly directory: string;
  /** Of what the scheduler knows all there are, so that it refuses any other. */
  readonly knows: readonly ('queue' | 'account')[];
  close(): Promise<void>;
}

/** The run's directory lies below the habitat's; it may be several directories deep. */
export type AskedElement = (run: string) => Partial<JobElement>;

export interface SeenJob {
  readonly run: string;
  readonly nativeId: NativeId;
  readonly elements: readonly SeenElement[];
  /** Names of the logs and of the spool's entries that are there. */
  logs(): readonly string[];
  spooled(): readonly string[];
}

export interface SeenElement {
  readonly asked: JobElement;
  readonly exit: ExitMark;
  /** What the command wrote to its output, or in `name` beside its script. */
  read(name: string): Buffer;
}

/** Whatever the shells between made of it, /proc has what the process was given (proc(5)). */
const WRITE_DOWN = `#!/bin/sh
here=\${0%/*}
cat "/proc/$$/cmdline" >"$here/seen.args"
cat "/proc/$$/environ" >"$here/seen.env"
readlink "/proc/$$/cwd" >"$here/seen.workdir"
cat >"$here/seen.input"
`;

/** The command of an element that writes down what it is given. */
export function writeDown(args: readonly string[] = []): JobElement['command'] {
  return { kind: 'script', text: WRITE_DOWN, args };
}

export async function seenJob(
  habitat: Habitat,
  asked: readonly AskedElement[],
  runName = 'run',
): Promise<SeenJob> {
  const { backend, owner } = habitat;
  const tag = `quoting.1.${randomBytes(5).toString('hex')}` as Tag;
  const base = `${habitat.directory}/${tag}`;
  const run = `${base}/${runName}`;
  const directory = `${run}/.wfd/${tag}`;
  const spoolDirectory = `${run}/.wfd/spool`;
  const elements = asked.map((element, index) => jobElement(`${run}/task/${index}/1`, element(run)));
  const head = { log: logPath(directory), umask: 0o022, elements: elements.length };
  for (const { workdir } of elements) mkdirSync(workdir, { recursive: true });
  mkdirSync(spoolDirectory, { recursive: true });
  const preamble = backend.preamble(head);
  for (const { path, content, mode } of submissionFiles({
    tag,
    directory,
    spoolDirectory,
    preamble,
    elements,
  })) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  }
  if (process.geteuid?.() === 0) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, base]);
  const [{ workdir = run } = {}] = elements;
  const request = { ...head, tag, owner, resources: {}, workdir, script: scriptPath(directory) };
  let reply = await backend.submit(request);
  for (let tries = 1; reply.kind === 'throttled' && tries < SUBMIT_TRIES; tries += 1) {
    await sleep(1_000);
    reply = await backend.submit(request);
  }
  if (reply.kind !== 'accepted') throw new Error(`the submit is ${reply.kind}: ${reply.reason}`);
  const { nativeId } = reply;
  try {
    await allEnded(habitat, elements, { tag, nativeId, log: head.log });
  } catch (error) {
    await backend.abort(owner, [nativeId], { kind: 'kill' });
    throw error;
  }
  return {
    run,
    nativeId,
    elements: elements.map(seenElement),
    logs: () => readdirSync(directory).filter((name) => name !== 'job'),
    spooled: () => readdirSync(spoolDirectory),
  };
}

/** Its words, which NUL characters end; decoded only where the bytes are what such a text is encoded as. */
export function words(bytes: Buffer): readonly string[] {
  const text = bytesAsText(bytes);
  if (text !== '' && !text.endsWith('\0')) throw new Error('the last word has no end');
  return text.split('\0').slice(0, -1);
}

export function bytesAsText(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function jobElement(directory: string, asked: Partial<JobElement>): JobElement {
  return {
    directory,
    command: writeDown(),
    env: {},
    login: false,
    workdir: '/',
    outputs: {},
    successCodes: [0],
    ...asked,
  };
}

function seenElement(asked: JobElement): SeenElement {
  const read = (name: string): Buffer => readFileSync(`${asked.directory}/${name}`);
  const exit = parseExitMark(bytesAsText(read('exit')), 0);
  if (exit === undefined) throw new Error(`the exit mark makes no sense: ${read('exit')}`);
  return { asked, exit, read };
}

interface Submitted {
  readonly tag: Tag;
  readonly nativeId: NativeId;
  readonly log: string;
}

/** Each has left its exit mark. A job that never will is told of, with what it wrote into its log. */
async function allEnded(
  { backend, owner }: Habitat,
  elements: readonly JobElement[],
  { tag, nativeId, log }: Submitted,
): Promise<void> {
  const isLeft = () => elements.some(({ directory }) => !existsSync(`${directory}/exit`));
  for (let looks = 0, hopeless = 0; isLeft(); looks += 1) {
    await sleep(LOOK_AGAIN_MS);
    if (looks % LOOKS_PER_LISTING !== 0) continue;
    const snapshot = await backend.observe(owner, [{ tag, index: 0, nativeId }]);
    if (snapshot.kind === 'unavailable') continue;
    const jobs = snapshot.jobs.filter((job) => job.tag === tag);
    const never = jobs.every(({ state, blocked }) => state === 'ended' || blocked !== undefined);
    hopeless = never ? hopeless + 1 : 0;
    if (hopeless < HOPELESS_LISTINGS || !isLeft()) continue;
    const told = existsSync(log) ? readFileSync(log, 'utf8') : 'there is no log';
    throw new Error(`job ${nativeId} left no exit mark; ${JSON.stringify(jobs)}; its log: ${told}`);
  }
}

const SUBMIT_TRIES = 60;
const LOOK_AGAIN_MS = 100;
const LOOKS_PER_LISTING = 20;
const HOPELESS_LISTINGS = 5;
