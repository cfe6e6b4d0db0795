import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, PgoutputError } from './decode-message.ts';
import { TupleBytes } from './tuple-bytes.ts';

/** An update as a server sent it: old key, a value that was not sent, a null, and text. */
const update = Buffer.concat([
  Buffer.from('U'),
  Buffer.from([0, 0, 0x40, 1]),
  Buffer.from('K'),
  Buffer.from([0, 3]),
  Buffer.from('t\0\0\0\x017nn'),
  Buffer.from('N'),
  Buffer.from([0, 3]),
  Buffer.from('t\0\0\0\x018un'),
]);

test('an update has its old key, nulls, and values that were not sent', () => {
  const message = decodeMessage(update);
  assert.ok(message.kind === 'update');
  const { oid, isBeforeWhole, before, after } = message;
  assert.deepEqual([oid, isBeforeWhole], [0x4001, false]);
  assert.deepEqual(before?.values(), ['7', null, null]);
  assert.deepEqual([after.values(), after.isWhole], [['8', undefined, null], false]);
  assert.deepEqual(TupleBytes.of(after.values()).values(), after.values());
});

test('bytes that are cut off or changed are a message or a PgoutputError, and take no memory', () => {
  const bytes = fc.oneof(
    fc.nat(update.length).map((length) => update.subarray(0, length)),
    fc.tuple(fc.nat(update.length - 1), fc.nat(255)).map(([at, value]) => {
      const changed = Buffer.from(update);
      changed[at] = value;
      return changed;
    }),
    fc
      .tuple(fc.constantFrom(...'BCRYIUDTMOX'), fc.uint8Array({ maxLength: 60 }))
      .map(([type, rest]) => Buffer.concat([Buffer.from(type), rest])),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        decodeMessage(input);
      } catch (error) {
        assert.ok(error instanceof PgoutputError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
