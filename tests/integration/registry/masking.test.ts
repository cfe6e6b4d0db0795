/**
 * Fields of values with registered schemas, masked: what comes out has the same schema, and nothing else of the old.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaskRule } from '@millrace/api/fleet';
import { maskRecords } from '@millrace/fleet/twins';
import { avro, protobuf, type Registry, schemaValues } from '@millrace/registry';
import { startRegistry } from './registry-fixture.ts';

const key = Buffer.from('a key of a test, which is no secret');

function maskOf(registry: Registry, rules: readonly MaskRule[], isSensitive = false) {
  const mask = maskRecords(rules, { topic: 'people', isSensitive }, key, schemaValues(registry));
  return (value: Uint8Array) => mask({ key: null, value, headers: [] })?.value as Uint8Array | undefined;
}

test('fields of Avro values are masked by pointer and by name', async (t) => {
  const { registry } = await startRegistry(t);
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'email', type: ['null', 'string'], default: null },
    { name: 'age', type: 'int' },
    { name: 'photo', type: 'bytes' },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
  ];
  const schema = JSON.stringify({ type: 'record', name: 'Person', fields });
  const serde = await avro<Record<string, unknown>>(registry, { subject: 'people-value', schema });
  const person = {
    id: 'a1',
    email: 'ann@example.com',
    age: 42,
    photo: Buffer.from('jpeg'),
    tags: { x: 'y' },
    kind: 'B',
  };
  const written = Buffer.from(serde.serialize(person) as Uint8Array);
  const read = (bytes: Uint8Array | undefined) => JSON.parse(JSON.stringify(serde.deserialize(bytes ?? null)));
  const rules: MaskRule[] = [
    { part: 'value', field: 'email', mask: 'format' },
    { part: 'value', pointer: '/tags/*', mask: 'redact' },
    { part: 'value', pointer: '/kind', mask: 'keep' },
  ];
  const masked = read(maskOf(registry, rules)(written));
  assert.match(masked.email, /^[a-z]{3}@[a-z]{7}\.[a-z]{3}$/);
  assert.notEqual(masked.email, person.email);
  assert.deepEqual(masked, { ...JSON.parse(JSON.stringify(person)), email: masked.email, tags: { x: '[redacted]' } });
  const hidden = read(maskOf(registry, rules, true)(written));
  assert.deepEqual([hidden.id, hidden.age, hidden.kind], ['[redacted]', 0, 'B']);
  assert.deepEqual(Buffer.from(hidden.photo.data), Buffer.alloc(4));
  const unfit: MaskRule[] = [{ part: 'value', field: 'kind', mask: 'redact' }];
  assert.equal(maskOf(registry, unfit)(written), undefined, 'no value of the enum');
  const stranger = Buffer.concat([Buffer.from([0, 0, 0, 0, 99]), written.subarray(5)]);
  assert.equal(maskOf(registry, rules)(stranger), undefined, 'a schema that nobody knows');
});

test('fields of Protobuf values are masked, and those that the schema lacks are left out', async (t) => {
  const { registry } = await startRegistry(t);
  const schema =
    'syntax = "proto3"; message Person { string email = 1; int64 account = 2; repeated string notes = 3; }';
  const serde = await protobuf<Record<string, unknown>>(registry, { subject: 'people-value', schema });
  const written = serde.serialize({ email: 'ann@example.com', account: 1234567890123n, notes: ['a', 'b'] });
  // A field 15 of text, which no version has.
  const bytes = Buffer.concat([written as Uint8Array, Buffer.from([0x7a, 6]), Buffer.from('secret')]);
  const rules: MaskRule[] = [
    { part: 'value', field: 'email', mask: 'hash' },
    { part: 'value', pointer: '/account', mask: 'format' },
  ];
  const masked = maskOf(registry, rules)(bytes) ?? assert.fail('it was not masked');
  const { email, account, notes } = serde.deserialize(masked) as Record<string, unknown>;
  assert.match(String(email), /^[0-9a-f]{32}$/);
  assert.match(String(account), /^[1-9]\d{12}$/);
  assert.notEqual(account, 1234567890123n);
  assert.deepEqual(notes, ['a', 'b']);
  assert.ok(!Buffer.from(masked).includes('secret'));
});
