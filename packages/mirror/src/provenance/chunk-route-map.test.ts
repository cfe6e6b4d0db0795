/**
 * A journal is simulated: records come by routes, are announced before they are sent, come to lie where others have
 * left room, and are written down some time later. Whatever of it is known, every batch that lies there has its route.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeJournalChunk, encodeJournalChunk, type JournalChunk } from '../offset-map/journal-record.ts';
import { joinRun, type OffsetRun, routed } from '../offset-map/offset-run.ts';
import { ChunkRouteMap } from './chunk-route-map.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';

interface Batch {
  readonly count: number;
  readonly via: string | undefined;
  /** Source offsets before it that were left out. */
  readonly gap: number;
  /** Records of others on the target before it. */
  readonly others: number;
}

const batch: fc.Arbitrary<Batch> = fc.record({
  count: fc.integer({ min: 1, max: 5 }),
  via: fc.constantFrom(undefined, 'a', 'b a'),
  gap: fc.nat({ max: 2 }),
  others: fc.nat({ max: 2 }),
});

/** The newest chunk when so many of the batches are confirmed and all are announced, and where each batch lies. */
function journalOf(batches: readonly Batch[], confirmedCount: number, sequence: number) {
  const runs: OffsetRun[] = [];
  const lies: { readonly baseOffset: number; readonly baseSequence: number; readonly via: string | undefined }[] = [];
  let confirmed = { source: 0, target: 0, sequence };
  let [source, target, next, predicted] = [0, 0, sequence, 0];
  for (const [index, { count, via, gap, others }] of batches.entries()) {
    source += gap;
    target += others;
    const isConfirmed = index < confirmedCount;
    joinRun(runs, routed({ source, target: isConfirmed ? target : predicted, count }, via));
    lies.push({ baseOffset: target, baseSequence: next, via });
    source += count;
    target += count;
    next = (next + count) % 2 ** 31;
    predicted = isConfirmed ? target : predicted + count;
    if (isConfirmed) confirmed = { source, target, sequence: next };
  }
  const chunk: JournalChunk = { producerId: 7, epoch: 3, confirmed, topicId, runs, targetTopic: 'orders' };
  return { chunk, lies };
}

test('the route of a batch is known as soon as it lies there, wherever that is', () => {
  const sequence = fc.constantFrom(0, 100, 2 ** 31 - 5);
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1 }), fc.nat(), sequence, (batches, some, first) => {
      const { chunk, lies } = journalOf(batches, some % (batches.length + 1), first);
      const map = new ChunkRouteMap([decodeJournalChunk(encodeJournalChunk(chunk))]);
      for (const { via, ...place } of lies) {
        assert.equal(map.routeOf({ ...place, producerEpoch: 3 }), via);
        assert.equal(map.isSettled({ ...place, producerEpoch: 3 }), place.baseOffset < chunk.confirmed.target);
      }
    }),
  );
});

test('who reads on from an offset learns the same of what lies there, and is told where that is not settled', () => {
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1 }), fc.nat(), fc.nat(), (batches, some, reached) => {
      const { chunk, lies } = journalOf(batches, some % (batches.length + 1), 0);
      const first = reached % lies.length;
      const map = new ChunkRouteMap([chunk], lies[first]?.baseOffset);
      for (const [index, { via, ...place }] of lies.entries()) {
        const isSettled = index >= first && place.baseOffset < chunk.confirmed.target;
        assert.equal(map.isSettled({ ...place, producerEpoch: 3 }), isSettled);
        if (index >= first) assert.equal(map.routeOf({ ...place, producerEpoch: 3 }), via);
      }
    }),
  );
});

test('what an owner before announced only, and a later one found elsewhere, goes by where it was found', () => {
  const before: JournalChunk = {
    producerId: 7,
    epoch: 3,
    confirmed: { source: 10, target: 10, sequence: 10 },
    topicId,
    targetTopic: 'orders',
    runs: [
      { source: 0, target: 0, count: 10 },
      { source: 10, target: 10, count: 5, via: 'a' },
    ],
  };
  const after: JournalChunk = {
    ...before,
    epoch: 4,
    confirmed: { source: 15, target: 21, sequence: 0 },
    runs: [{ source: 10, target: 15, count: 5, via: 'a' }],
  };
  const map = new ChunkRouteMap([before, after]);
  assert.equal(map.routeOf({ baseOffset: 10, producerEpoch: 3, baseSequence: 10 }), undefined);
  assert.equal(map.routeOf({ baseOffset: 15, producerEpoch: 3, baseSequence: 10 }), 'a');
});

test('a journal that tells of nothing knows no routes', () => {
  const place = { baseOffset: 1, producerEpoch: 3, baseSequence: 1 };
  assert.equal(new ChunkRouteMap([]).routeOf(place), undefined);
  assert.equal(new ChunkRouteMap([]).isSettled(place), false);
});
