/** Checks a request against its operation, and says what is wrong with it in words that help. */
import { z } from 'zod';
import { nearestName } from '../protocol/nearest-name.ts';
import { OPERATIONS, type Operation, type RequestOf } from '../protocol/operations.ts';
import type { RouteName } from '../protocol/routes.ts';
import type { Answer } from './engine-door.ts';
import { done, refuse } from './refusals.ts';

export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export function checkRequest<N extends RouteName>(name: N, raw: RawRequest): Answer<RequestOf<N>> {
  const operation: Operation = OPERATIONS[name];
  const params = operation.params.safeParse(raw.params ?? {});
  const query = operation.query.safeParse(raw.query ?? {});
  // A POST that needs to say nothing may come without a body; on a GET a body means nothing.
  const body = operation.body.safeParse(raw.body ?? {});
  const mistakes = [
    ...mistakesOf(params, operation.params, 'path'),
    ...mistakesOf(query, operation.query, 'query'),
    ...mistakesOf(body, operation.body, 'body'),
  ];
  if (mistakes.length > 0) {
    return refuse('INVALID_REQUEST', `the request is not valid: ${mistakes[0]}`, mistakes);
  }
  // The schemas are those from which RequestOf is inferred; the checker loses that through the generic name.
  return done({ params: params.data, query: query.data, body: body.data } as RequestOf<N>);
}

type Checked = { readonly success: true } | { readonly success: false; readonly error: z.ZodError };

function mistakesOf(checked: Checked, schema: z.ZodObject, place: string): string[] {
  return checked.success ? [] : checked.error.issues.flatMap((issue) => issueInWords(issue, schema, place));
}

function issueInWords(issue: z.core.$ZodIssue, schema: z.ZodObject, place: string): string[] {
  const where = [place, ...issue.path.map(String)].join('.');
  if (issue.code !== 'unrecognized_keys') return [`${where}: ${issue.message}`];
  const names = namesAt(schema, issue.path);
  return issue.keys.map((key) => `${where}: there is no key "${key}"; ${suggestion(key, names)}`);
}

function suggestion(key: string, names: readonly string[]): string {
  const nearest = nearestName(key, names);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return names.length === 0 ? 'no keys are known here' : `known are ${names.join(', ')}`;
}

/** The keys an object at this place in the request may have. */
function namesAt(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let here: unknown = schema;
  for (const step of path) {
    if (here instanceof z.ZodObject) here = here.shape[String(step)];
    if (here instanceof z.ZodExactOptional) here = here.unwrap();
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}
