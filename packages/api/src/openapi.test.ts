import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { defineContract } from './contract.ts';
import { openApiDocument } from './openapi.ts';

const read = defineContract({
  method: 'GET',
  path: '/api/v1/clusters/{name}',
  summary: 'One cluster',
  params: Type.Object({ name: Type.String() }),
  query: Type.Object({ limit: Type.Optional(Type.Integer({ description: 'How many' })) }),
  response: Type.Object({ name: Type.String() }),
  problems: ['not_found'],
});
const create = defineContract({
  method: 'POST',
  path: '/api/v1/clusters/{name}',
  summary: 'Attaches a cluster',
  params: Type.Object({ name: Type.String() }),
  body: Type.Object({ bootstrap: Type.String() }),
  response: Type.Object({ id: Type.String() }),
  status: 201,
});
const watch = defineContract({
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Changes',
  kind: 'event-stream',
  response: Type.Unknown(),
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON document read by path
const document: any = openApiDocument([read, create, watch], { title: 'Test', version: '1' });

test('contracts of one path become operations of one item', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(Object.keys(document.paths), ['/api/v1/clusters/{name}', '/api/v1/events']);
  assert.deepEqual(Object.keys(document.paths['/api/v1/clusters/{name}']), ['get', 'post']);
});

test('parameters, body and answers carry the schemas that check them', () => {
  const { get, post } = document.paths['/api/v1/clusters/{name}'];
  assert.deepEqual(get.parameters, [
    { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
    {
      name: 'limit',
      in: 'query',
      required: false,
      description: 'How many',
      schema: { type: 'integer', description: 'How many' },
    },
  ]);
  assert.deepEqual(post.requestBody.content['application/json'].schema.required, ['bootstrap']);
  assert.ok(post.responses['201'].content['application/json']);
  assert.ok(document.paths['/api/v1/events'].get.responses['200'].content['text/event-stream']);
});

test('problems are listed by status with their codes', () => {
  const { responses } = document.paths['/api/v1/clusters/{name}'].get;
  assert.match(responses['404'].description, /`not_found`/);
  assert.match(responses['400'].description, /`invalid_request`/);
  assert.deepEqual(responses['404'].content['application/problem+json'].schema, {
    $ref: '#/components/schemas/Problem',
  });
});

test('operation ids are unique', () => {
  const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((item) =>
    Object.values(item).map((operation) => operation.operationId),
  );
  assert.deepEqual(ids, ['getClustersName', 'postClustersName', 'getEvents']);
});
