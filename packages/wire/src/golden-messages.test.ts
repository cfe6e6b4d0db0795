/**
 * Our codecs against bytes that Kafka's own classes wrote. A schema that changes at any version changes bytes here, so
 * the file also holds each version's wire shape fast. `tools/freeze-messages.ts` makes it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis } from './apis.ts';
import { ByteReader } from './codec/byte-reader.ts';
import { ByteWriter } from './codec/byte-writer.ts';
import { isDefault, layoutOf } from './codec/layout.ts';
import { decodeRequest, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from './frame.ts';
import type { Api, Fields } from './schema.ts';
import { type GoldenMessage, goldenHeader, goldenMessages } from './testing/golden-messages.ts';
import { comparable, complete, fromJson, kinds, type Values, versionsOf } from './testing/message-values.ts';
import { hasVersion } from './versions.ts';

const { correlationId, clientId } = goldenHeader;
const goldens = goldenMessages();

/** The frame that we write, without its length, as hex. */
function written({ api, kind, version, fields }: GoldenMessage): string {
  const writer = new ByteWriter();
  const draft = fromJson(api[kind], fields);
  const { chunks, byteLength } =
    kind === 'request'
      ? encodeRequest(writer, api, version, correlationId, clientId, draft as never)
      : encodeResponse(writer, api, version, correlationId, draft as never);
  const frame = Buffer.concat(chunks);
  assert.equal(frame.length, byteLength);
  assert.equal(frame.readInt32BE(0), byteLength - 4);
  return frame.toString('hex', 4);
}

function read({ api, kind, version, frame }: GoldenMessage): unknown {
  const bytes = Buffer.from(frame, 'hex');
  if (kind === 'response') return decodeResponse(api, version, bytes);
  const reader = new ByteReader(bytes);
  const header = decodeRequestHeader(reader);
  assert.deepEqual(header, { apiKey: api.key, apiVersion: version, correlationId, clientId });
  return decodeRequest(api, version, reader);
}

/** Names of fields that the version has and that no struct of the message gives another value than their default. */
function unusedFields(fields: Fields, version: number, flexible: boolean, structs: readonly Values[]): string[] {
  return layoutOf(fields, version, flexible).flatMap(({ name, field, place }) => {
    if (place === 'absent') return [];
    const values = structs.map((struct) => struct[name]);
    if (values.every((value) => isDefault(field, value))) return [name];
    const inner = field.type === 'struct' ? field.fields : field.type === 'array' ? field.of : undefined;
    if (typeof inner !== 'object') return [];
    const next = values.flat().filter((value) => value !== null && value !== undefined) as Values[];
    return unusedFields(inner, version, flexible, next).map((each) => `${name}.${each}`);
  });
}

for (const api of apis) {
  const own = goldens.filter((golden) => golden.api === api);

  test(`${api.name}: writes what Kafka writes, at every version`, () => {
    for (const golden of own) {
      const { message, version, fields, frame } = golden;
      assert.equal(written(golden), frame, `${message} version ${version}: ${JSON.stringify(fields)}`);
    }
  });

  test(`${api.name}: reads what Kafka writes, at every version`, () => {
    for (const golden of own) {
      const { kind, version, fields } = golden;
      const expected = complete(api[kind], fromJson(api[kind], fields));
      assert.deepEqual(comparable(read(golden)), comparable(expected), `${golden.message} version ${version}`);
    }
  });

  test(`${api.name}: every field of every version is in Kafka's messages with a value of its own`, () => {
    for (const kind of kinds) {
      for (const version of versionsOf(api)) {
        const same = own.filter((golden) => golden.kind === kind && golden.version === version);
        const structs = same.map(({ fields }) => fromJson(api[kind], fields));
        const unused = unusedFields(api[kind], version, hasVersion((api as Api).flexible, version), structs);
        assert.deepEqual(unused, [], `${kind} version ${version}`);
      }
    }
  });
}
