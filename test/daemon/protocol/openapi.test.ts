import { expect, test } from 'vitest';
import { z } from 'zod';
import { ERRORS, errorTableMarkdown } from '../../../daemon/protocol/errors.ts';
import { openApiDocument } from '../../../daemon/protocol/openapi.ts';
import { fillPath, ROUTES } from '../../../daemon/protocol/routes.ts';

/** The parts of OpenAPI 3.1 (sections 4.8.1 to 4.8.17) that our document uses, and nothing else. */
const schemaObject = z.record(z.string(), z.unknown());
const content = z.strictObject({ 'application/json': z.strictObject({ schema: schemaObject }) });
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string().min(1),
  parameters: z.array(
    z.strictObject({
      name: z.string(),
      in: z.enum(['path', 'query']),
      required: z.boolean(),
      schema: schemaObject,
    }),
  ),
  requestBody: z.strictObject({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.strictObject({ description: z.string().min(1), content }),
  ),
});
const openApi = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  paths: z.record(z.string().startsWith('/v1/'), z.partialRecord(z.enum(['get', 'post']), operation)),
  components: z.strictObject({ schemas: z.record(z.string(), schemaObject) }),
});

const document = openApi.parse(openApiDocument());
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.values(methods).map((one) => ({ path, ...one })),
);

test('every route is in the document, once', () => {
  expect(operations.map((one) => one.operationId).sort()).toEqual(Object.keys(ROUTES).sort());
});

test.each(operations)('$operationId declares exactly the parameters of its path', ({ path, parameters }) => {
  const inPath = parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
  expect(path.match(/\{\w+\}/g) ?? []).toEqual(inPath);
});

test('every reference points to a component that is there', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(references.length).toBeGreaterThan(0);
  expect(references.filter((one) => !known.includes(one))).toEqual([]);
  expect(JSON.stringify(document)).not.toContain('$defs');
});

test('a run has the names that scripts rely on', () => {
  const run = document.paths['/v1/runs/{id}']?.get?.responses['200']?.content['application/json'].schema;
  const properties = z.object({ properties: z.record(z.string(), z.unknown()) }).parse(run).properties;
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining([
      'id',
      'uuid',
      'name',
      'owner',
      'status',
      'failing',
      'failureMode',
      'submittedAt',
      'startedAt',
      'endedAt',
      'calls',
      'orphans',
      'problems',
      'callList',
    ]),
  );
});

test('paths are filled with what was given, safely', () => {
  expect(fillPath(ROUTES.abortRun, { id: 17 })).toBe('/v1/runs/17/abort');
  expect(fillPath(ROUTES.pauseBackend, { name: 'a/b c' })).toBe('/v1/backends/a%2Fb%20c/pause');
});

test('the table of errors has a row for each code, and exit codes a shell can tell apart from ends of runs', () => {
  const rows = errorTableMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(Object.keys(ERRORS).length);
  expect(Object.values(ERRORS).filter((kind) => kind.exitCode < 2 || kind.exitCode > 125)).toEqual([]);
});
