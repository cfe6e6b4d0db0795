/** What a version has no place for, what it has no null for, and what was left out: refused, dropped or filled in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis } from '../apis.ts';
import { fetch } from '../messages/fetch.ts';
import { listGroups } from '../messages/list-groups.ts';
import { metadata } from '../messages/metadata.ts';
import type { Api, Field, Fields } from '../schema.ts';
import { comparable, complete, type Kind, kinds, type Values, versionsOf } from '../testing/message-values.ts';
import { hasVersion } from '../versions.ts';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeBody, encodeBody } from './codec.ts';
import { interpretEncode } from './interpret.ts';
import { defaultsOf, layoutOf, type Slot } from './layout.ts';

function encoded(api: Api, kind: Kind, version: number, draft: Values): Buffer {
  const writer = new ByteWriter();
  encodeBody(api, kind, version, writer, draft as never);
  const bytes = Buffer.concat(writer.finish().chunks);
  const interpreted = new ByteWriter();
  const flexible = hasVersion(api.flexible, version);
  interpretEncode(api[kind], version, flexible, kind === 'request', interpreted, draft);
  assert.deepEqual(Buffer.concat(interpreted.finish().chunks), bytes);
  return bytes;
}

function decoded(api: Api, kind: Kind, version: number, bytes: Uint8Array): Values {
  return decodeBody(api, kind, version, new ByteReader(bytes)) as Values;
}

/** Asserts that both the compiled encoder and the interpreter refuse the draft with this code. */
function assertRefused(
  api: Api,
  kind: Kind,
  version: number,
  draft: Values,
  code: WireError['code'],
  name: string,
): void {
  const isWanted = (error: unknown): boolean =>
    error instanceof WireError && error.code === code && error.message.includes(name);
  const flexible = hasVersion(api.flexible, version);
  const strict = kind === 'request';
  const place = `${api.name} ${kind} version ${version}, field ${name}`;
  assert.throws(() => encodeBody(api, kind, version, new ByteWriter(), draft as never), isWanted, place);
  assert.throws(() => interpretEncode(api[kind], version, flexible, strict, new ByteWriter(), draft), isWanted, place);
}

/** Some value other than the field's default. */
function otherThanDefault(field: Field): unknown {
  if (field.type === 'array') return [typeof field.of === 'string' ? otherThanDefault({ type: field.of }) : {}];
  if (field.type === 'struct') {
    return Object.fromEntries(Object.entries(field.fields).map(([name, inner]) => [name, otherThanDefault(inner)]));
  }
  if (field.type === 'bool') return field.default !== true;
  if (field.type === 'string') return 'something';
  if (field.type === 'uuid') return 'BBBBBBBBBBBBBBBBBBBBBA';
  if (field.type === 'bytes' || field.type === 'records') return new Uint8Array([1]);
  return 77;
}

/** Drafts that say nothing but one field, one for every field of every struct: the field may be deep inside. */
function* draftsWith(
  fields: Fields,
  version: number,
  value: (slot: Slot) => unknown,
): Generator<[slot: Slot, draft: Values]> {
  for (const slot of layoutOf(fields, version, true)) {
    const { name, field } = slot;
    yield [slot, { [name]: value(slot) }];
    if (slot.place === 'absent') continue;
    if (field.type === 'struct') {
      for (const [inner, draft] of draftsWith(field.fields, version, value)) yield [inner, { [name]: draft }];
    } else if (field.type === 'array' && typeof field.of !== 'string') {
      for (const [inner, draft] of draftsWith(field.of, version, value)) yield [inner, { [name]: [{}, draft] }];
    }
  }
}

/** Every API, kind and version with its drafts. */
function* everyDraft(value: (slot: Slot) => unknown): Generator<[Api, Kind, version: number, Slot, draft: Values]> {
  for (const api of apis as readonly Api[]) {
    for (const kind of kinds) {
      for (const version of versionsOf(api)) {
        if (!hasVersion(api.flexible, version)) {
          const tagged = Object.values(api[kind]).some((field) => hasVersion(field.tagged, version));
          assert.ok(!tagged, `${api.name} has tagged fields outside its flexible versions`);
        }
        for (const [slot, draft] of draftsWith(api[kind], version, value)) yield [api, kind, version, slot, draft];
      }
    }
  }
}

test('a request refuses a value that its version has no place for, unless the field is ignorable', () => {
  let refused = 0;
  for (const [api, kind, version, slot, draft] of everyDraft(({ field }) => otherThanDefault(field))) {
    if (kind !== 'request' || slot.place !== 'absent') continue;
    if (slot.field.ignorable)
      assert.deepEqual(encoded(api, kind, version, draft), encoded(api, kind, version, without(draft)));
    else {
      assertRefused(api, kind, version, draft, 'unsupported_version', slot.name);
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused}`);
});

test('a response drops a value that its version has no place for', () => {
  let dropped = 0;
  for (const [api, kind, version, slot, draft] of everyDraft(({ field }) => otherThanDefault(field))) {
    if (kind !== 'response' || slot.place !== 'absent') continue;
    assert.deepEqual(encoded(api, kind, version, draft), encoded(api, kind, version, without(draft)));
    dropped++;
  }
  assert.ok(dropped > 100, `${dropped}`);
});

/** The draft without what it says in its innermost struct. */
function without(draft: Values): Values {
  const [[name, value] = []] = Object.entries(draft);
  if (name === undefined) return {};
  if (Array.isArray(value) && value.length === 2) return { [name]: [{}, without(value[1])] };
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    const inner = without(value as Values);
    return Object.keys(value).length === 1 ? { [name]: inner } : {};
  }
  return {};
}

test('the default of a field may be given in versions that lack it', () => {
  for (const [api, kind, version, slot, draft] of everyDraft(({ field }) => defaultsOf({ field })['field'])) {
    if (slot.place !== 'absent') continue;
    assert.deepEqual(encoded(api, kind, version, draft), encoded(api, kind, version, without(draft)));
  }
});

test('null is refused in a version that has no null for the field', () => {
  let refused = 0;
  for (const [api, kind, version, slot, draft] of everyDraft(() => null)) {
    if (slot.place === 'absent') continue;
    if (slot.nullable) encoded(api, kind, version, draft);
    else {
      assertRefused(api, kind, version, draft, 'unencodable_value', slot.name);
      refused++;
    }
  }
  assert.ok(refused > 1000, `${refused}`);
});

test('fields that are left out or undefined hold their default', () => {
  for (const api of apis as readonly Api[]) {
    for (const kind of kinds) {
      for (const version of versionsOf(api)) {
        const fields = api[kind];
        const unsaid = Object.fromEntries(Object.keys(fields).map((name) => [name, undefined]));
        const bytes = encoded(api, kind, version, {});
        assert.deepEqual(encoded(api, kind, version, unsaid), bytes);
        assert.deepEqual(comparable(decoded(api, kind, version, bytes)), comparable(complete(fields, {})));
      }
    }
  }
});

test('defaults of decoded messages are not shared between messages', () => {
  const bytes = encoded(metadata, 'response', 0, { topics: [{ partitions: [{}] }, { partitions: [{}] }] });
  const first = decoded(metadata, 'response', 0, bytes);
  const before = comparable(decoded(metadata, 'response', 0, bytes));
  type Partitions = { partitions: { offlineReplicas: number[] }[] }[];
  (first['topics'] as Partitions)[0]?.partitions[0]?.offlineReplicas.push(1);
  assert.deepEqual((first['topics'] as Partitions)[1]?.partitions[0]?.offlineReplicas, []);
  assert.deepEqual(comparable(decoded(metadata, 'response', 0, bytes)), before);
  const early = encoded(fetch, 'response', 4, { responses: [{ partitions: [{}] }] });
  const one = decoded(fetch, 'response', 4, early);
  (one['nodeEndpoints'] as unknown[]).push({});
  assert.deepEqual(decoded(fetch, 'response', 4, early)['nodeEndpoints'], []);
});

test('a version that the API lacks is refused in both directions', () => {
  for (const version of [-1, 6, 32_767, Number.NaN]) {
    const isUnsupported = (error: unknown): boolean =>
      error instanceof WireError && error.code === 'unsupported_version';
    assert.throws(() => encodeBody(listGroups, 'request', version, new ByteWriter(), {}), isUnsupported);
    assert.throws(() => decodeBody(listGroups, 'response', version, new ByteReader(new Uint8Array(64))), isUnsupported);
  }
});
