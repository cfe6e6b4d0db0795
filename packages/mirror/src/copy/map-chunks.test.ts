import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { mapOfChunks } from './chunk-map.ts';
import { MapChunks } from './map-chunks.ts';

const noRuns = { map: new PartitionOffsetMap(), chunk: 0, runs: [] };

/** The journal as compaction leaves it. */
class Journal {
  readonly chunks = new Map<number, JournalChunk>();

  write(map: MapChunks, at: number): void {
    const confirmed = { source: 2 * at, target: at, sequence: at };
    for (const { chunk, value } of map.entries({ producerId: 1, epoch: 0, confirmed, topicId: 'x' }, [])) {
      if (value === undefined) this.chunks.delete(chunk);
      else this.chunks.set(chunk, value);
    }
  }

  get values(): JournalChunk[] {
    return [...this.chunks].sort(([left], [right]) => left - right).map(([, value]) => value);
  }
}

test('the chunks together are the map, in parts of a bounded size', () => {
  const chunks = new MapChunks({ ...noRuns, map: new PartitionOffsetMap() });
  const journal = new Journal();
  // Each record lies two source offsets behind the one before.
  for (let n = 0; n < 5_000; n++) {
    chunks.append({ source: 2 * n, target: n, count: 1 });
    if (n % 100 === 99) journal.write(chunks, n + 1);
  }
  assert.ok(journal.chunks.size >= 4);
  for (const { runs } of journal.values) assert.ok(runs.length <= 1_100);
  assert.deepEqual([...mapOfChunks(journal.values).runs], [...chunks.map.runs]);
});

test('chunks that tell only of what the target has deleted leave the journal, those of former owners too', () => {
  const before = new MapChunks({ ...noRuns, map: new PartitionOffsetMap() });
  const journal = new Journal();
  for (let n = 0; n < 3_000; n++) {
    before.append({ source: 2 * n, target: n, count: 1 });
    if (n % 1_000 === 999) journal.write(before, n + 1);
  }
  const closed = [...journal.chunks].map(([chunk, { confirmed }]) => ({ chunk, targetEnd: confirmed.target }));
  const chunks = new MapChunks({ map: mapOfChunks(journal.values), chunk: closed.length, runs: [], closed });
  chunks.append({ source: 6_000, target: 3_000, count: 1 });
  chunks.dropBefore(1_999);
  journal.write(chunks, 3_001);
  assert.equal(mapOfChunks(journal.values).targetOf(2 * 1_999), 1_999);
  assert.equal(chunks.map.targetOf(2 * 500), undefined);
  chunks.dropBefore(2_999);
  journal.write(chunks, 3_001);
  assert.equal(mapOfChunks(journal.values).targetOf(2 * 2_999), 2_999);
  chunks.dropBefore(3_000);
  journal.write(chunks, 3_001);
  assert.deepEqual(mapOfChunks(journal.values).runs, [{ source: 6_000, target: 3_000, count: 1 }]);
  assert.equal(journal.chunks.size, 1);
});
