import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { batchOf } from '../testing/plain-batch.ts';
import type { LogPiece } from './log-reader.ts';
import { RecordCursor } from './record-cursor.ts';

const runs = { numRuns: Math.ceil(200 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const place = { side: 'source', topic: 'orders', partition: 3 } as const;

/** Offsets of the records of each batch of each piece. */
type Pieces = readonly (readonly (readonly number[])[])[];

const pieces: fc.Arbitrary<Pieces> = fc
  .array(fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), { maxLength: 3 }), { maxLength: 5 })
  .map((drawn) => {
    let next = 0;
    return drawn.map((batches) =>
      batches.map((gaps) =>
        gaps.map((gap) => {
          next += gap + 1;
          return next - 1;
        }),
      ),
    );
  });

async function* readOf(drawn: Pieces): AsyncGenerator<LogPiece, undefined> {
  for (const batches of drawn) {
    const next = (batches.at(-1)?.at(-1) ?? -1) + 1;
    yield { batches: batches.map((offsets) => batchOf(offsets.map((offset) => ({ offset })))), isLost: false, next };
  }
}

test('stands at each record once, however it is peeked at, stepped and passed', async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.record({ from: fc.nat(20), length: fc.nat(40), skipped: fc.array(fc.nat(40), { maxLength: 4 }) }),
      fc.array(fc.constantFrom('step', 'step', 'step', 'peek', 'pass', 'raise'), { minLength: 1, maxLength: 60 }),
      fc.nat(6),
      async (drawn, { from, length, skipped }, actions, count) => {
        const to = from + length;
        const cursor = new RecordCursor(readOf(drawn), {
          place,
          from,
          to,
          isSkipped: (offset) => skipped.includes(offset),
          mayBeSkipped: (range) => skipped.some((offset) => offset >= range.from && offset < range.to),
          onLost: () => assert.fail('nothing is lost'),
        });
        let expected = drawn.flat(2).filter((offset) => offset >= from && offset < to && !skipped.includes(offset));
        for (let turn = 0; await cursor.ready(); turn++) {
          // Peeking alone would go on for ever.
          const action = turn % 7 === 6 ? 'step' : actions[turn % actions.length];
          if (action === 'peek') {
            const seen = await cursor.peek(count);
            assert.deepEqual(
              seen.map(({ offset }) => offset),
              expected.slice(0, count),
            );
          } else if (action === 'raise' && expected[1] !== undefined) {
            cursor.raiseFloor(expected[1]);
            expected = expected.slice(1);
          } else if (cursor.current !== undefined) {
            assert.equal(cursor.current.offset, expected[0]);
            expected = expected.slice(1);
            cursor.step();
          } else if (action === 'pass' && cursor.untouched !== undefined) {
            const offsets = [...cursor.untouched.records()].map(({ offset }) => offset);
            assert.deepEqual(offsets, expected.slice(0, offsets.length));
            expected = expected.slice(offsets.length);
            cursor.passBatch();
          } else await cursor.open();
        }
        assert.deepEqual(expected, []);
      },
    ),
    runs,
  );
});

test('tells of what retention removed, and refuses a damaged batch', async () => {
  const damaged = batchOf([{ offset: 9, value: 'text' }]);
  damaged.bytes[damaged.sizeInBytes - 2]! ^= 1;
  async function* read(): AsyncGenerator<LogPiece, undefined> {
    yield { batches: [], isLost: true, next: 8 };
    yield { batches: [damaged], isLost: false, next: 10 };
  }
  const lost: number[] = [];
  const cursor = new RecordCursor(read(), { place, from: 0, to: 20, onLost: (next) => void lost.push(next) });
  assert.equal(await cursor.ready(), true);
  assert.deepEqual(lost, [8]);
  await assert.rejects(cursor.open(), (error) => {
    assert.ok(isMillraceError(error, 'verify_unreadable'));
    assert.match(
      error.message,
      /^the comparison stopped at offset 9 of orders \[3\] in the source: the batch at offset 9/,
    );
    return true;
  });
});
