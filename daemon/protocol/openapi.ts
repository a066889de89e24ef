/** The OpenAPI 3.1 document, made of the same tables by which requests are checked. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from './errors.ts';
import { COMMON_ERRORS, OPERATIONS, type Operation } from './operations.ts';
import { ROUTES, type RouteName } from './routes.ts';
import { VERSION } from './version.ts';

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { method, path } = ROUTES[name];
    const template = path.replace(/:(\w+)/g, '{$1}');
    paths[template] = { ...paths[template], [method.toLowerCase()]: operationObject(name) };
  }
  const schemas: Record<string, unknown> = {};
  schemas['Error'] = hoist(errorSchema(), schemas);
  const hoistedPaths = hoist(paths, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'wfd',
      version: VERSION,
      description: 'HTTP and JSON over the Unix socket of the workflow daemon.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: hoistedPaths,
    components: { schemas },
  };
}

function operationObject(name: RouteName): Json {
  const operation: Operation = OPERATIONS[name];
  const hasBody = Object.keys(operation.body.shape).length > 0;
  return {
    operationId: name,
    summary: operation.summary,
    parameters: [...parameters('path', operation.params), ...parameters('query', operation.query)],
    ...(hasBody
      ? { requestBody: { required: true, content: jsonContent(inputSchema(operation.body)) } }
      : {}),
    responses: {
      '200': { description: 'Done', content: jsonContent(outputSchema(operation.answer)) },
      ...errorResponses([...COMMON_ERRORS, ...operation.errors]),
    },
  };
}

function parameters(place: 'path' | 'query', schema: z.ZodObject): Json[] {
  return Object.entries(schema.shape).map(([name, part]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: inputSchema(part as z.ZodType),
  }));
}

function errorResponses(codes: readonly ErrorCode[]): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, group]) => [
    String(status),
    { description: group.join(', '), content: jsonContent({ $ref: '#/components/schemas/Error' }) },
  ]);
  return Object.fromEntries(responses);
}

function errorSchema(): Json {
  const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
  const body = z.strictObject({
    error: z.strictObject({
      code: z.enum(codes),
      message: z.string(),
      details: z.array(z.string()),
      version: z.string(),
    }),
  });
  return outputSchema(body);
}

function jsonContent(schema: Json): Json {
  return { 'application/json': { schema } };
}

function inputSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input' });
}

function outputSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'output' });
}

/**
 * Each schema was made on its own; inside one document its definitions move to the components, and the
 * dialect, which is that of OpenAPI 3.1 anyway, is not repeated.
 */
function hoist(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoist(item, schemas));
  if (typeof value === 'string') return value.replace(/^#\/\$defs\//, '#/components/schemas/');
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) {
    if (key === '$defs') Object.assign(schemas, hoist(part, schemas));
    else if (!isOwnName(key, part)) kept[key] = hoist(part, schemas);
  }
  return kept;
}

/** The dialect, and the name a definition repeats inside itself; a property called `id` has a schema, no name. */
function isOwnName(key: string, part: unknown): boolean {
  return key === '$schema' || (key === 'id' && typeof part === 'string');
}
