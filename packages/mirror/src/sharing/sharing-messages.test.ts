import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim, type HeldShard } from './sharing-messages.ts';

const runs = { numRuns: Math.ceil(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const plain = { noNullPrototype: true };

function shardsBelow(count: number): fc.Arbitrary<HeldShard[]> {
  const load = fc.option(fc.nat(2 ** 40), { nil: undefined });
  return fc.uniqueArray(fc.record({ shard: fc.nat(count - 1), load }, plain), {
    selector: ({ shard }) => shard,
  });
}

const claim = fc.integer({ min: 1, max: 1000 }).chain((shardCount) =>
  fc.record(
    {
      worker: fc.string({ maxLength: 200 }),
      shardCount: fc.constant(shardCount),
      generation: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      held: shardsBelow(shardCount),
    },
    plain,
  ),
);

const assignment = fc.integer({ min: 1, max: 1000 }).chain((shardCount) =>
  fc.record(
    {
      shardCount: fc.constant(shardCount),
      workers: fc.integer({ min: 1, max: 1000 }),
      shards: shardsBelow(shardCount),
    },
    plain,
  ),
);

test('claims and assignments come out as they went in', () => {
  fc.assert(
    fc.property(claim, assignment, (claimed, assigned) => {
      assert.deepEqual(decodeClaim(encodeClaim(claimed)), claimed);
      assert.deepEqual(decodeAssignment(encodeAssignment(assigned)), assigned);
    }),
    runs,
  );
});

function assertRefused(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  assert.throws(
    () => decode(bytes),
    (error) => isMillraceError(error, 'sharing_message_corrupt'),
  );
}

test('bytes that are none of these are refused, and nothing else is thrown', () => {
  const json = fc.json().map((text) => Buffer.from(`\u0001${text}`));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), json), (bytes) => {
      assertRefused(decodeClaim, bytes);
      assertRefused(decodeAssignment, bytes);
    }),
    runs,
  );
});

test('one changed byte is refused or makes another message of the same form', () => {
  fc.assert(
    fc.property(claim, fc.nat(), fc.integer({ min: 1, max: 255 }), (claimed, place, change) => {
      const bytes = Uint8Array.from(encodeClaim(claimed));
      bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ change;
      try {
        const { shardCount, held } = decodeClaim(bytes);
        assert.ok(held.every(({ shard }) => shard >= 0 && shard < shardCount));
      } catch (error) {
        assert.ok(isMillraceError(error, 'sharing_message_corrupt'), `${error}`);
      }
    }),
    runs,
  );
});

const hostile: readonly (readonly [string, unknown])[] = [
  ['no list', {}],
  ['too few fields', ['w', 4]],
  ['no shards', ['w', 0, 1, []]],
  ['too many shards', ['w', 1e9, 1, []]],
  ['a shard behind the last', ['w', 4, 1, [[4, null]]]],
  ['a shard before the first', ['w', 4, 1, [[-1, null]]]],
  [
    'a shard twice',
    [
      'w',
      4,
      1,
      [
        [1, null],
        [1, 5],
      ],
    ],
  ],
  ['a negative load', ['w', 4, 1, [[1, -5]]]],
  ['a load beyond all measure', ['w', 4, 1, [[1, 1e300]]]],
  ['a generation of another kind', ['w', 4, '1', []]],
  ['a name without end', ['w'.repeat(1000), 4, 1, []]],
];

for (const [name, fields] of hostile) {
  test(`refuses a claim with ${name}`, () => {
    assertRefused(decodeClaim, Buffer.concat([Buffer.from([1]), Buffer.from(JSON.stringify(fields))]));
  });
}

test('refuses a claim of another version', () => {
  const bytes = encodeClaim({ worker: 'w', shardCount: 1, generation: -1, held: [] });
  bytes[0] = 2;
  assertRefused(decodeClaim, bytes);
});
