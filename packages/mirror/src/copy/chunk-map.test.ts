import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JournalChunk, nobody } from '../offset-map/journal-record.ts';
import type { OffsetRun } from '../offset-map/offset-run.ts';
import { mapOfChunks } from './chunk-map.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';

function chunkOf(confirmed: number, runs: readonly OffsetRun[]): JournalChunk {
  return { ...nobody, confirmed: { source: confirmed, target: 0, sequence: 0 }, topicId, runs };
}

test('what an owner copied again counts as it lies there, whatever the one before wrote meanwhile', () => {
  // The second went on at 100, behind what lay there; the first still copied up to 130, in between.
  const first = chunkOf(130, [
    { source: 0, target: 0, count: 110 },
    { source: 110, target: 115, count: 20 },
  ]);
  const second = chunkOf(125, [
    { source: 100, target: 110, count: 5 },
    { source: 105, target: 135, count: 20 },
  ]);
  assert.deepEqual(mapOfChunks([first, second]).runs, [
    { source: 0, target: 0, count: 100 },
    { source: 100, target: 110, count: 5 },
    { source: 105, target: 135, count: 20 },
  ]);
});

test('where a later owner begins again, what the one before told ends, before anything is stored', () => {
  const lost = chunkOf(4, [{ source: 0, target: 0, count: 4 }]);
  const again = chunkOf(2, [{ source: 2, target: 5, count: 0 }]);
  const map = mapOfChunks([lost, again]);
  assert.deepEqual(map.runs, [{ source: 0, target: 0, count: 2 }]);
  map.append({ source: 2, target: 5, count: 3 });
  assert.equal(map.targetOf(3), 6);
});
