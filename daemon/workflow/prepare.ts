/**
 * What wfctl does before it sends a workflow: reads every file the workflow names, as the user who typed the
 * command, so that the daemon has to open none of them.
 *
 * Files named in the workflow are found relative to it, those given at submit relative to the working
 * directory. Decides nothing about the workflow itself; but when a file cannot be read, all other mistakes are
 * reported in the same breath.
 */
import { posix } from 'node:path';
import type { Mistake, Value, WorkflowBundle } from './language.ts';
import { type Draft, STEPS } from './native/draft.ts';
import { EvaluationProblem, textOf } from './native/evaluate.ts';
import { parseText, references } from './native/expression.ts';
import { type GivenInputs, givenInputs } from './native/given-inputs.ts';
import { listKey, missingInput, unknownInput } from './native/inputs.ts';
import { openNative } from './native/open.ts';
import type { InputBody, ListBody } from './native/schema.ts';
import { scopeOf } from './native/scopes.ts';
import { type Path, readSource } from './native/source.ts';
import { validateShape } from './native/validate.ts';
import { readList, readText } from './read-inputs.ts';

export interface PrepareRequest {
  /** As typed; relative to `cwd`. */
  readonly file: string;
  readonly cwd: string;
  /** `--input name=value`. */
  readonly givenInputs: Readonly<Record<string, string>>;
  /** `--inputs FILE`. */
  readonly inputsFile?: string;
}

export type Prepared =
  | { readonly ok: true; readonly bundle: WorkflowBundle }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export async function prepareBundle(request: PrepareRequest): Promise<Prepared> {
  const text = await readText(request.file, request.cwd);
  if (!text.ok) return { ok: false, mistakes: [wholeFile(request.file, text.message)] };
  const read = readSource(request.file, text.value);
  if (!read.ok) return read;
  const { file } = validateShape(read.source);
  const bundle: Bundle = {
    language: 'native',
    fileName: request.file,
    source: text.value,
    files: {},
    inputs: {},
  };
  if (file === undefined) return { ok: true, bundle };

  const mistakes: Mistake[] = [];
  const given = await givenOf(request, mistakes);
  const directory = posix.resolve(request.cwd, posix.dirname(request.file));
  const preparation: Preparation = {
    bundle,
    source: read.source,
    file,
    given,
    directory,
    cwd: request.cwd,
    report: (place, message) => void mistakes.push(read.source.mistake(place, message)),
  };
  await readInputs(preparation);
  await readScatterLists(preparation);
  await readScripts(preparation);
  return mistakes.length === 0 ? { ok: true, bundle } : { ok: false, mistakes: withOthers(mistakes, bundle) };
}

type Bundle = WorkflowBundle & {
  readonly files: Record<string, string>;
  readonly inputs: Record<string, Value>;
};

interface Preparation extends Pick<Draft, 'source' | 'file' | 'report'> {
  readonly bundle: Bundle;
  readonly given: GivenInputs;
  /** Where the workflow file lies. */
  readonly directory: string;
  readonly cwd: string;
}

async function givenOf(
  { inputsFile, cwd, givenInputs: typed }: PrepareRequest,
  mistakes: Mistake[],
): Promise<GivenInputs> {
  if (inputsFile === undefined) return givenInputs(typed, undefined, mistakes);
  const text = await readText(inputsFile, cwd);
  if (!text.ok) mistakes.push(wholeFile(inputsFile, text.message));
  const read =
    text.ok && text.value.trim() !== '' ? readSource(inputsFile, text.value, 'keepAllDigits') : undefined;
  if (read?.ok === false) mistakes.push(...read.mistakes);
  return givenInputs(typed, read?.ok ? read.source : undefined, mistakes);
}

async function readInputs(preparation: Preparation): Promise<void> {
  const { file, given, source, bundle, report } = preparation;
  const declared = Object.keys(file.inputs ?? {});
  for (const [name, { mistake }] of given) {
    if (declared.includes(name)) continue;
    mistake === undefined
      ? report(source.placeOfKey(['inputs']), unknownInput(name, declared))
      : mistake(unknownInput(name, declared));
  }
  for (const [name, written] of Object.entries(file.inputs ?? {})) {
    const own = given.get(name);
    const failed = own?.mistake ?? ((message: string) => report(source.placeOf(['inputs', name]), message));
    const value = own === undefined ? written : own.valueLike(written, failed);
    const list = await readForm(value, own === undefined ? preparation.directory : preparation.cwd);
    if (!list.ok) failed(`the list for input '${name}' cannot be had: ${list.message}`);
    bundle.inputs[name] = list.ok ? list.value : [];
    if (list.ok && list.value === null) report(source.placeOfKey(['inputs', name]), missingInput(name));
  }
}

async function readForm(written: InputBody, directory: string) {
  const isForm = typeof written === 'object' && written !== null && !Array.isArray(written);
  return isForm ? readList(written, directory) : { ok: true as const, value: written };
}

/** Lists in a scatter that need no task's outputs travel among the inputs. */
async function readScatterLists(preparation: Preparation): Promise<void> {
  for (const [task, { scatter }] of Object.entries(preparation.file.tasks)) {
    for (const [variable, list] of Object.entries(scatter ?? {})) {
      if (typeof list === 'string' || Array.isArray(list) || 'range' in list) continue;
      await readScatterList(preparation, ['tasks', task, 'scatter', variable], listKey(task, variable), list);
    }
  }
}

async function readScatterList(
  { bundle, given, directory, cwd, source, report }: Preparation,
  path: Path,
  key: string,
  list: Exclude<ListBody, string | unknown[]>,
): Promise<void> {
  const written = 'glob' in list ? list.glob : 'linesOf' in list ? list.linesOf : '';
  const { parts } = parseText(String(written));
  const used = parts.flatMap((part) =>
    typeof part === 'string' ? [] : [...references(part.expression)].map(({ to }) => to),
  );
  if (used.some(({ kind }) => kind !== 'input')) return;
  const isGiven = used.some((to) => to.kind === 'input' && given.has(to.name));
  try {
    const name = textOf(parts, scopeOf({ inputs: new Map(Object.entries(bundle.inputs)) }));
    const read = await readList(
      'glob' in list ? { glob: name } : { linesOf: name },
      isGiven ? cwd : directory,
    );
    if (!read.ok)
      report(source.placeOf(path), `the list for '${path.at(-1)}' cannot be had: ${read.message}`);
    bundle.inputs[key] = read.ok ? read.value : [];
  } catch (problem) {
    if (!(problem instanceof EvaluationProblem)) throw problem;
    bundle.inputs[key] = []; // the expression itself is wrong: reported when the workflow is opened
  }
}

async function readScripts({ file, directory, bundle, source, report }: Preparation): Promise<void> {
  const bodies = [
    ...Object.entries(file.tasks).map(([name, body]) => [['tasks', name], body] as const),
    ...STEPS.map((key) => [[key], file[key] ?? {}] as const),
  ];
  for (const [path, { script }] of bodies) {
    if (script === undefined) continue;
    const read = await readText(script, directory);
    if (!read.ok) report(source.placeOf([...path, 'script']), `script '${script}' ${read.message}`);
    bundle.files[script] = read.ok ? read.value : '';
  }
}

/** What opening the workflow would find as well. */
function withOthers(mistakes: readonly Mistake[], bundle: WorkflowBundle): readonly Mistake[] {
  const opened = openNative(bundle);
  const all = opened.ok ? mistakes : [...mistakes, ...opened.mistakes];
  const once = new Map(
    all.map((mistake) => [`${mistake.file}:${mistake.line}:${mistake.column}:${mistake.message}`, mistake]),
  );
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function wholeFile(file: string, message: string): Mistake {
  return { file, line: 1, column: 1, message, text: '' };
}
