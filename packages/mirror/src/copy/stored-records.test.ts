import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JournalChunk, nobody } from '../offset-map/journal-record.ts';
import { StoredRecords } from './stored-records.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';
/** Ten records, of which the owner wrote the last four; it found the others when it took over. */
const before: JournalChunk = {
  producerId: 7,
  epoch: 1,
  confirmed: { source: 4, target: 4, sequence: 4 },
  topicId,
  runs: [{ source: 0, target: 0, count: 4 }],
};
const owner: JournalChunk = {
  ...before,
  epoch: 2,
  confirmed: { source: 10, target: 11, sequence: 4 },
  runs: [
    { source: 4, target: 4, count: 2 },
    { source: 6, target: 7, count: 4 },
  ],
};

function batch(baseOffset: number, count: number, epoch: number, baseSequence: number, producerId = 7) {
  const lastOffset = baseOffset + count - 1;
  return { isControl: false, producerId, producerEpoch: epoch, baseSequence, baseOffset, lastOffset };
}

test('what lies where it was written is there, and nothing else is', () => {
  const stored = new StoredRecords([before, owner]);
  assert.deepEqual([stored.first, stored.last], [0, 10]);
  assert.equal(stored.missingIn(batch(0, 4, 1, 0)), undefined);
  assert.equal(stored.missingIn(batch(4, 2, 1, 4)), undefined);
  assert.equal(stored.missingIn(batch(9, 2, 2, 2)), undefined);
  // A later batch of the same producer, somebody else's, a marker.
  assert.equal(stored.missingIn(batch(9, 2, 2, 4)), 9);
  assert.equal(stored.missingIn(batch(2, 3, 2, 4)), 2);
  assert.equal(stored.missingIn(batch(4, 2, 0, 0, 8)), 4);
  assert.equal(stored.missingIn({ ...batch(6, 2, 3, -1), isControl: true }), 7);
  // Between records, and behind them.
  assert.equal(stored.missingIn(batch(6, 1, 0, 0, 8)), undefined);
  assert.equal(stored.missingIn(batch(11, 1, 0, 0, 8)), undefined);
});

test('who wrote what a failback turned round, or what was copied at least once, may be anybody', () => {
  const reversed = { ...before, confirmed: { ...before.confirmed, sequence: 0 } };
  assert.equal(new StoredRecords([reversed]).missingIn(batch(0, 4, 0, 9, 8)), undefined);
  assert.equal(new StoredRecords([{ ...before, ...nobody }]).missingIn(batch(0, 4, 0, 9, 8)), undefined);
  assert.equal(new StoredRecords([reversed]).missingIn({ ...batch(1, 1, 0, -1, 8), isControl: true }), 1);
});
