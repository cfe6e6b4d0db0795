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

test('what was only announced takes nothing from the chunk before', () => {
  const runs = [{ source: 0, target: 0, count: 110 }];
  assert.deepEqual(
    mapOfChunks([chunkOf(110, runs), chunkOf(100, [{ source: 100, target: 110, count: 0 }])]).runs,
    runs,
  );
});
