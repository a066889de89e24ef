/**
 * The values of a workflow's inputs: what was given, else the default. Files have been read before, by
 * prepare.ts; here nothing is.
 */

import { suggestion } from '../../protocol/nearest-name.ts';
import type { Value } from '../language.ts';
import { whyNotValue } from '../utf8.ts';
import type { Draft } from './draft.ts';

/** A list in a task's `scatter` that was read at submit travels among the inputs, under this name. */
export function listKey(task: string, variable: string): string {
  return `tasks.${task}.scatter.${variable}`;
}

export function inputValues(draft: Draft): Map<string, Value> {
  const declared = Object.keys(draft.file.inputs ?? {});
  reportUnknown(draft, declared);
  return new Map(declared.map((name) => [name, inputValue(draft, name)]));
}

function inputValue(draft: Draft, name: string): Value {
  const given = Object.hasOwn(draft.bundle.inputs, name) ? draft.bundle.inputs[name] : undefined;
  const value = given ?? defaultOf(draft, name);
  if (value === null) {
    draft.report(draft.source.placeOfKey(['inputs', name]), missingInput(name));
  }
  const reason = whyNotAnyOf(value);
  if (reason !== undefined)
    draft.report(draft.source.placeOfKey(['inputs', name]), `input '${name}' ${reason}`);
  return value;
}

function defaultOf(draft: Draft, name: string): Value {
  const written = draft.file.inputs?.[name] ?? null;
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
  draft.report(
    draft.source.placeOf(['inputs', name]),
    `the list for input '${name}' was not read when the workflow was submitted`,
  );
  return [];
}

function reportUnknown(draft: Draft, declared: readonly string[]): void {
  for (const name of Object.keys(draft.bundle.inputs)) {
    if (draft.declared.inputs.has(name) || name.includes('.')) continue;
    draft.report(draft.source.placeOfKey(['inputs']), unknownInput(name, declared));
  }
}

export function unknownInput(name: string, declared: readonly string[]): string {
  const hint = suggestion(name, declared);
  if (hint !== '') return `there is no input '${name}'${hint}`;
  const inputs =
    declared.length === 0 ? 'the workflow has no inputs' : `the inputs are ${declared.join(', ')}`;
  return `there is no input '${name}'; ${inputs}`;
}

export function missingInput(name: string): string {
  return `input '${name}' is required: give it with --input ${name}=VALUE`;
}

/** Of a list, the first reason. */
export function whyNotAnyOf(value: Value): string | undefined {
  if (typeof value === 'string') return whyNotValue(value);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const item of value) {
    const reason = whyNotAnyOf(item);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
