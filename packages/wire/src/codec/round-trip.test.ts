/**
 * Any message of any API, in both directions and at every version. Method: messages are drawn from the schema itself;
 * the interpreter, which is plain enough to be read, is the oracle for the compiled codec.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { apis } from '../apis.ts';
import type { Api } from '../schema.ts';
import { arbitraryMessage, propertyRun } from '../testing/message-arbitrary.ts';
import { comparable, type Kind, kinds, type Values, versionsOf } from '../testing/message-values.ts';
import { hasVersion } from '../versions.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeBody, encodeBody } from './codec.ts';
import { interpretDecode, interpretEncode } from './interpret.ts';

function compiledBytes(api: Api, kind: Kind, version: number, message: Values): Buffer {
  const writer = new ByteWriter();
  encodeBody(api, kind, version, writer, message as never);
  return joined(writer);
}

function interpretedBytes(api: Api, kind: Kind, version: number, message: Values): Buffer {
  const writer = new ByteWriter();
  const flexible = hasVersion(api.flexible, version);
  interpretEncode(api[kind], version, flexible, kind === 'request', writer, message);
  return joined(writer);
}

function joined(writer: ByteWriter): Buffer {
  const { chunks, byteLength } = writer.finish();
  const bytes = Buffer.concat(chunks);
  assert.equal(bytes.length, byteLength);
  return bytes;
}

for (const api of apis as readonly Api[]) {
  test(`${api.name}: messages survive encoding and decoding, compiled and interpreted alike`, () => {
    for (const kind of kinds) {
      for (const version of versionsOf(api)) {
        const flexible = hasVersion(api.flexible, version);
        fc.assert(
          fc.property(arbitraryMessage(api[kind], version, flexible), (message) => {
            const bytes = compiledBytes(api, kind, version, message);
            assert.deepEqual(interpretedBytes(api, kind, version, message), bytes, `${kind} version ${version}`);
            const reader = new ByteReader(bytes);
            const decoded = comparable(decodeBody(api, kind, version, reader));
            assert.equal(reader.remaining, 0);
            assert.deepEqual(decoded, comparable(message), `${kind} version ${version}`);
            const interpreted = interpretDecode(api[kind], version, flexible, new ByteReader(bytes));
            assert.deepEqual(comparable(interpreted), decoded, `${kind} version ${version}`);
          }),
          propertyRun(40),
        );
      }
    }
  });
}
