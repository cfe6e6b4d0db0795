/** The OpenAPI 3.1 document of a list of contracts. Pure: the same contracts give the same document. */
import type { TObject } from 'typebox';
import type { Contract } from './contract.ts';
import { permissionOf } from './permissions.ts';
import { Problem, type ProblemCode, problemCodes } from './problem.ts';

export interface OpenApiInformation {
  readonly title: string;
  readonly version: string;
  readonly description?: string | undefined;
}

type Json = Record<string, unknown>;

/** Builds the document. Contracts with the same path become the operations of one path item. */
export function openApiDocument(contracts: readonly Contract[], information: OpenApiInformation): Json {
  const paths: Record<string, Json> = {};
  for (const contract of contracts) {
    paths[contract.path] = { ...paths[contract.path], [contract.method.toLowerCase()]: operation(contract) };
  }
  return {
    openapi: '3.1.0',
    info: { ...information },
    paths,
    components: { schemas: { Problem: plain(Problem) } },
  };
}

const mediaTypes = {
  json: 'application/json',
  'event-stream': 'text/event-stream',
  ndjson: 'application/x-ndjson',
  page: 'text/html',
} as const;

function operation(contract: Contract): Json {
  const mediaType = mediaTypes[contract.kind ?? 'json'];
  const responses: Record<string, Json> = {
    [String(contract.status ?? 200)]: {
      description: contract.summary,
      content: { [mediaType]: { schema: plain(contract.response) } },
    },
  };
  for (const [status, codes] of problemsByStatus(contract)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${problemCodes[code].title}`).join('. '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return {
    summary: contract.summary,
    ...(contract.description && { description: contract.description }),
    operationId: operationId(contract),
    'x-permission': permissionOf(contract),
    parameters: [...parameters(contract.params, 'path'), ...parameters(contract.query, 'query')],
    ...(contract.body && {
      requestBody: { required: true, content: { 'application/json': { schema: plain(contract.body) } } },
    }),
    responses,
  };
}

function problemsByStatus(contract: Contract): Map<string, ProblemCode[]> {
  const codes = new Set<ProblemCode>(['host_not_allowed', ...(contract.problems ?? [])]);
  if (permissionOf(contract) !== 'public') {
    for (const code of ['token_required', 'forbidden', 'rate_limited'] as const) codes.add(code);
  }
  if (contract.params || contract.query || contract.body) codes.add('invalid_request');
  if (contract.body) for (const code of ['payload_too_large', 'unsupported_media_type'] as const) codes.add(code);
  const byStatus = new Map<string, ProblemCode[]>();
  for (const code of codes) {
    const status = String(problemCodes[code].status);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

function parameters(schema: TObject | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const required = new Set<string>(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    ...('description' in property && { description: property.description }),
    schema: plain(property),
  }));
}

function operationId(contract: Contract): string {
  const words = contract.path.replace(/^\/api\/v1\//, '/').match(/[a-z0-9]+/gi) ?? ['root'];
  return contract.method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

/** A schema without the library's hidden members. */
function plain(schema: object): unknown {
  return JSON.parse(JSON.stringify(schema));
}
