/** What no single key of a `kind: template` entry shows: templates, patterns and statements that do not fit together. */
import type { AnswerFormat, JobFacts, SubmitTemplate } from '../../../backends/template/settings.ts';
import { placeholdersOf, type Words } from '../../../backends/template/words.ts';
import { groupsOf, unknownGroup } from './template-patterns.ts';

interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** As far as it matters here. */
interface Written {
  readonly submit: SubmitTemplate;
  readonly job: Omit<JobFacts, 'id'> & { readonly id: string; readonly cutAt?: string };
  readonly status: { readonly command: Words };
  readonly answer: Pick<AnswerFormat, 'fields'>;
  readonly account?: { readonly byId?: Words; readonly byTag?: Words };
  readonly abort: Words;
  readonly force?: Words;
  readonly signal?: Words;
  readonly lookUp?: boolean;
}

export function contradictions(file: Written): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const report = (path: Contradiction['path'], message: string): void => void found.push({ path, message });
  checkSubmit(file, report);
  checkFields(file, report);
  checkIdentity(file, report);
  checkArrays(file, report);
  checkRequests(file, report);
  if (file.lookUp === true && !listsByName(file))
    report(
      ['lookUp'],
      "is true, but 'status' does not list all jobs with the group 'name': leave it out, or list them",
    );
  return found;
}

/** A job can be found by its name where one listing shows all of them with their names. */
export function listsByName(file: Pick<Written, 'status' | 'answer'>): boolean {
  return hasGroup(file, 'name') && jobNamesIn(file.status.command).length === 0;
}

type Report = (path: Contradiction['path'], message: string) => void;

function checkSubmit(file: Written, report: Report): void {
  const { submit, job } = file;
  const told = placeholdersOf([...submit.command, ...(submit.input ?? [])]);
  const command = ['submit', 'command'];
  if (!told.has('script') && submit.stdin === undefined)
    report(command, 'hands over no job: it needs {script}, here or in \'input\', or else stdin: "{script}"');
  if (hasGroup(file, 'name') && !told.has('tag'))
    report(command, "does not give the job its name, {tag}, by which 'answer.fields' look for it");
  if (submit.input !== undefined && submit.stdin !== undefined)
    report(['submit', 'stdin'], "cannot stand beside 'input': a command has one standard input");
  if (submit.id === undefined && job.id !== 'tag')
    report(['submit'], "needs 'id': where the new job's id stands in what the command prints");
  if (submit.id !== undefined && !groupsOf(submit.id).includes('id'))
    report(['submit', 'id'], 'has no group (?<id>…)');
  if (job.log === 'scheduler' && !told.has('log'))
    report(['job', 'log'], 'leaves the log to the scheduler, but the submit command does not tell it {log}');
}

function checkFields(file: Written, report: Report): void {
  for (const [at, field] of file.answer.fields.entries()) {
    const unknown = unknownGroup(field);
    if (unknown !== undefined) report(['answer', 'fields', at], unknown);
  }
  for (const name of ['id', 'state'])
    if (!hasGroup(file, name))
      report(['answer', 'fields'], `must find a group (?<${name}>…) in every record`);
}

function checkIdentity(file: Written, report: Report): void {
  const { job } = file;
  if (job.id !== 'tag') return;
  if (!hasGroup(file, 'name'))
    report(['job', 'id'], "is the tag, so that 'answer.fields' must find it as group 'name'");
  if (job.cutAt !== undefined) report(['job', 'cutAt'], 'is for an id in a variable; a tag is used whole');
}

/** All of it, or nothing. */
function checkArrays(file: Written, report: Report): void {
  const { submit, job } = file;
  const told = placeholdersOf([...submit.command, ...(submit.input ?? [])]);
  const isTold = told.has('elements') || told.has('lastElement');
  if (job.index === undefined) {
    if (isTold)
      report(['submit', 'command'], "submits arrays, but 'job.index' does not say how a job knows its index");
    return;
  }
  if (!isTold)
    report(['job', 'index'], 'is for arrays, but the submit command has no {elements} or {lastElement}');
  if (!hasGroup(file, 'index'))
    report(['job', 'index'], "is for arrays, but 'answer.fields' find no group 'index'");
  if (job.id === 'tag')
    report(['job', 'index'], 'is for arrays, whose jobs share one tag: they need an id in a variable');
}

function checkRequests(file: Written, report: Report): void {
  const { status, account, abort, force, signal } = file;
  const commands = { abort, force, signal };
  for (const [key, words] of Object.entries(commands)) {
    if (words === undefined) continue;
    if (jobNamesIn(words).length === 0)
      report([key], 'does not say which jobs: use {nativeIds}, or {nativeId} for one at a time');
    checkNumber([key], words, report);
  }
  if (signal !== undefined && !placeholdersOf(signal).has('signal'))
    report(['signal'], 'does not say which {signal}');
  checkNumber(['status', 'command'], status.command, report);
  if (account === undefined) return;
  if (account.byId === undefined && account.byTag === undefined)
    report(['account'], "needs 'byId' or 'byTag'; leave it out where the scheduler has no accounting");
  checkNumber(['account', 'byId'], account.byId ?? [], report);
  checkNumber(['account', 'byTag'], account.byTag ?? [], report);
}

function checkNumber(path: Contradiction['path'], words: Words, report: Report): void {
  const names = jobNamesIn(words);
  const plural = names.find((name) => name.endsWith('s'));
  const single = names.find((name) => !name.endsWith('s'));
  if (plural !== undefined && single !== undefined)
    report(path, `names one job by {${single}} and many by {${plural}}: a command is for one or for many`);
}

function jobNamesIn(words: Words): readonly string[] {
  return [...placeholdersOf(words)].filter((name) => /^(nativeId|listedId|tag)s?$/.test(name));
}

function hasGroup({ answer }: Pick<Written, 'answer'>, name: string): boolean {
  return answer.fields.some((field) => groupsOf(field).includes(name));
}
