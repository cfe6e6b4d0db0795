/** The dialect: what is asked, what is answered, and with which numbers it is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRegistry } from './registry-fixture.ts';

const record = (...fields: string[]) =>
  JSON.stringify({ type: 'record', name: 'R', fields: fields.map((name) => ({ name, type: 'int' })) });

test('versions, ids, deletes and lists', async (t) => {
  const { ask } = await startRegistry(t);
  const register = async (subject: string, schema: string) =>
    (await ask('POST', `/subjects/${subject}/versions`, { schema })).json;
  assert.equal((await register('a', record('x', 'y'))).id, 1);
  assert.equal((await register('a', record('x'))).id, 2);
  assert.equal((await register('b', record('x'))).id, 2);
  assert.equal((await register('a', record('x'))).version, 2);
  assert.deepEqual((await ask('GET', '/subjects/a/versions')).json, [1, 2]);
  assert.deepEqual((await ask('GET', '/schemas/ids/2/versions')).json, [
    { subject: 'a', version: 2 },
    { subject: 'b', version: 1 },
  ]);
  assert.deepEqual((await ask('GET', '/schemas/ids/2/schema')).json, JSON.parse(record('x')));
  assert.equal((await ask('POST', '/subjects/a', { schema: record('x', 'y') })).json.version, 1);
  assert.equal((await ask('POST', '/subjects/a', { schema: record('z') })).json.error_code, 40403);
  assert.equal((await ask('POST', '/subjects/none', { schema: record('z') })).json.error_code, 40401);
  assert.equal((await ask('DELETE', '/subjects/a/versions/1?permanent=true')).json.error_code, 40407);
  assert.equal((await ask('DELETE', '/subjects/a/versions/1')).json, 1);
  assert.equal((await ask('DELETE', '/subjects/a/versions/1')).json.error_code, 40406);
  assert.deepEqual((await ask('GET', '/subjects/a/versions?deleted=true')).json, [1, 2]);
  assert.equal((await ask('GET', '/schemas/ids/1')).status, 200);
  assert.equal((await ask('DELETE', '/subjects/a/versions/1?permanent=true')).json, 1);
  assert.equal((await ask('GET', '/schemas/ids/1')).json.error_code, 40403);
  assert.equal((await register('a', record('x', 'y', 'z'))).error_code, 409);
  assert.deepEqual((await ask('DELETE', '/subjects/a')).json, [2]);
  assert.equal((await ask('DELETE', '/subjects/a')).json.error_code, 40404);
  assert.deepEqual((await ask('GET', '/subjects')).json, ['b']);
  assert.deepEqual((await ask('GET', '/subjects?deleted=true')).json, ['a', 'b']);
  assert.deepEqual((await ask('DELETE', '/subjects/a?permanent=true')).json, [2]);
  const again = await register('a', record('x', 'y'));
  assert.deepEqual([again.id, again.version], [3, 1], 'an id is not given again');
});

test('what is refused, and with which number', async (t) => {
  const { ask } = await startRegistry(t);
  const codes: readonly (readonly [method: string, path: string, body: unknown, status: number, code: number])[] = [
    ['GET', '/subjects/none/versions', undefined, 404, 40401],
    ['GET', '/subjects/none/versions/1', undefined, 404, 40401],
    ['GET', '/subjects/none/versions/zero', undefined, 422, 42202],
    ['GET', '/schemas/ids/7', undefined, 404, 40403],
    ['POST', '/subjects/a/versions', { schema: '{"type":"none"}' }, 422, 42201],
    ['POST', '/subjects/a/versions', { schema: '"int"', schemaType: 'XML' }, 422, 42201],
    ['POST', '/subjects/a/versions', { schema: '"int"', ruleSet: { domainRules: [{ name: 'x' }] } }, 422, 42201],
    ['POST', '/subjects/a/versions', { schema: 7 }, 422, 422],
    ['POST', '/subjects/a/versions', { schema: '"int"', id: 9 }, 422, 42205],
    ['POST', '/subjects/:.:/versions', { schema: '"int"' }, 422, 42208],
    ['PUT', '/config', { compatibility: 'SOME' }, 422, 42203],
    ['PUT', '/mode', { mode: 'SOME' }, 422, 42204],
    ['GET', '/config/a', undefined, 404, 40408],
    ['GET', '/mode/a', undefined, 404, 40409],
  ];
  for (const [method, path, body, status, code] of codes) {
    const answer = await ask(method, path, body);
    assert.deepEqual([answer.status, answer.json.error_code], [status, code], `${method} ${path}`);
    assert.equal(typeof answer.json.message, 'string');
  }
});

test('compatibility is what is set nearest, and verbose says what is in the way', async (t) => {
  const { ask } = await startRegistry(t);
  await ask('POST', '/subjects/a/versions', { schema: record('x') });
  const check = (path: string) =>
    ask('POST', `/compatibility/subjects/a/versions${path}`, { schema: record('x', 'y') });
  assert.deepEqual((await check('/latest')).json, { is_compatible: false });
  const { json } = await check('/1?verbose=true');
  assert.equal(
    json.messages[0],
    "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'y' at path '/fields/1' in the new " +
      "schema has no default value and is missing in the old schema'}",
  );
  assert.deepEqual(json.messages.slice(1), [
    '{oldSchemaVersion: 1}',
    `{oldSchema: '${record('x')}'}`,
    "{compatibility: 'BACKWARD'}",
  ]);
  assert.deepEqual((await ask('PUT', '/config/a', { compatibility: 'forward' })).json, { compatibility: 'FORWARD' });
  assert.deepEqual((await check('')).json, { is_compatible: true });
  assert.deepEqual((await ask('GET', '/config')).json, { compatibilityLevel: 'BACKWARD' });
  assert.deepEqual((await ask('DELETE', '/config/a')).json, { compatibilityLevel: 'FORWARD' });
  assert.deepEqual((await ask('PUT', '/config', { compatibility: 'NONE' })).json, { compatibility: 'NONE' });
  assert.deepEqual((await ask('GET', '/config/a?defaultToGlobal=true')).json, { compatibilityLevel: 'NONE' });
  assert.deepEqual((await check('/latest')).json, { is_compatible: true });
});

test('contexts keep subjects apart and share the ids', async (t) => {
  const { ask } = await startRegistry(t);
  const qa = encodeURIComponent(':.qa:a');
  assert.equal((await ask('POST', '/subjects/a/versions', { schema: record('x') })).json.id, 1);
  assert.equal((await ask('POST', `/subjects/${qa}/versions`, { schema: record('x') })).json.id, 1);
  assert.equal((await ask('POST', '/contexts/.qa/subjects/b/versions', { schema: record('y') })).json.id, 2);
  assert.deepEqual((await ask('GET', '/contexts')).json, ['.', '.qa']);
  assert.deepEqual((await ask('GET', '/subjects')).json, [':.qa:a', ':.qa:b', 'a']);
  assert.deepEqual((await ask('GET', `/subjects?subjectPrefix=${encodeURIComponent(':.qa:')}`)).json, [
    ':.qa:a',
    ':.qa:b',
  ]);
  assert.equal((await ask('GET', '/contexts/.qa/subjects/b/versions/latest')).json.subject, ':.qa:b');
  assert.equal((await ask('DELETE', '/subjects/a')).status, 200);
  assert.equal((await ask('GET', `/subjects/${qa}/versions/1`)).json.id, 1);
});

test('modes: read-only refuses writes, import takes ids from outside', async (t) => {
  const { ask } = await startRegistry(t);
  const register = (subject: string, body: object) => ask('POST', `/subjects/${subject}/versions`, body);
  await ask('PUT', '/mode', { mode: 'READONLY' });
  assert.equal((await register('a', { schema: '"int"' })).json.error_code, 42205);
  await ask('PUT', '/mode', { mode: 'IMPORT' });
  assert.equal((await register('a', { schema: '"int"', id: 100, version: 5 })).json.id, 100);
  assert.equal((await register('a', { schema: '"string"', id: 100, version: 6 })).json.error_code, 42207);
  assert.deepEqual((await ask('PUT', '/mode', { mode: 'READWRITE' })).json, { mode: 'READWRITE' });
  assert.equal((await ask('PUT', '/mode', { mode: 'IMPORT' })).json.error_code, 42205);
  assert.equal((await register('b', { schema: '"string"' })).json.id, 101);
});

test('pages of other origins change nothing', async (t) => {
  const { url } = await startRegistry(t);
  const answer = await fetch(`${url}/mode`, {
    method: 'PUT',
    body: '{"mode":"READONLY"}',
    headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
  });
  assert.equal(answer.status, 403);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/vnd\.schemaregistry\.v1\+json/);
});
