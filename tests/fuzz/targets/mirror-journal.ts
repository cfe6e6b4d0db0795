/** The records of a mirror's journal, which lie in a topic that anybody who may can write to. */
import assert from 'node:assert/strict';
import {
  decodeJournalChunk,
  decodeJournalKey,
  encodeJournalChunk,
  encodeJournalKey,
  PartitionOffsetMap,
} from '@millrace/mirror/testing/decoders';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

const topicId = 'MDEyMzQ1Njc4OWFiY2RlZg';

/** An input is read as a key and as a chunk. What decodes must encode to what decodes to the same. */
export const mirrorJournal: FuzzTarget = {
  name: 'mirror-journal',
  inputs: 25_000,
  seeds: () => [
    encodeJournalKey({ topic: 'orders', partition: 0, chunk: 0 }),
    encodeJournalKey({ topic: 'o\u00e9', partition: 2 ** 31 - 1, chunk: 300 }),
    ...[0, 1, 40].map((runs) =>
      encodeJournalChunk({
        producerId: 4000,
        epoch: 3,
        confirmed: { source: 2 ** 40, target: 2 ** 39, sequence: 2 ** 31 - 1 },
        topicId,
        runs: Array.from({ length: runs }, (_, index) => ({ source: index * 200, target: index * 151, count: 150 })),
      }),
    ),
  ],
  run(input) {
    const asKey = attempt(() => {
      const key = decodeJournalKey(input);
      assert.deepEqual(decodeJournalKey(encodeJournalKey(key)), key);
      return 'key';
    });
    const asChunk = attempt(() => {
      const chunk = decodeJournalChunk(input);
      assert.deepEqual(decodeJournalChunk(encodeJournalChunk(chunk)), chunk);
      const map = new PartitionOffsetMap();
      for (const run of chunk.runs) map.append(run);
      for (const { source, target, count } of map) {
        assert.equal(map.targetOf(source + count - 1), target + count - 1);
        assert.equal(map.sourceOf(target), source);
      }
      return `chunk ${Math.min(chunk.runs.length, 3)}`;
    });
    return `${asKey}, ${asChunk}`;
  },
};
