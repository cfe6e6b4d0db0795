/** What a mirror fetches, on its way to batches that a target takes. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { adoptBatch, conversionLimitsDefault, convertChunk } from '@millrace/mirror/testing/decoders';
import { batchHeader, RecordBatch, readBatches } from '@millrace/wire';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';
import { ownAndForeign } from './batches.ts';

/** Two messages of magic 1, and one of magic 0 that holds another by gzip. */
const oldMessages = [
  '00000000000000000000001839ff138d010000000000000000050000000161000000017800000000000000010000' +
    '0018d92ad68e01000000000000000009ffffffff000000027979',
  '0000000000000000000000310e4a54f90001ffffffff000000231f8b08000000000002036360800381c8f337b3c1' +
    '2cc64410510100b3c1f9931c000000',
];

/**
 * An input is a byte that chooses limits, whether checksums are set right, and where to begin, then a fetched chunk.
 * What goes out must be sound batches whose records are those of the source at the offsets that are said.
 */
export const mirroredBatches: FuzzTarget = {
  name: 'mirrored-batches',
  inputs: 25_000,
  seeds: () =>
    [0, 1, 6, 15].flatMap((choice) =>
      [...ownAndForeign(), ...oldMessages.map((hex) => Buffer.from(hex, 'hex'))].map((bytes) =>
        Buffer.concat([Buffer.of(choice), bytes]),
      ),
    ),
  async run(input) {
    const choice = input[0] ?? 0;
    const bytes = Uint8Array.from(input.subarray(1));
    const isSigned = (choice & 1) === 0;
    if (isSigned) sign(bytes);
    const source = recordsOf(bytes);
    const coalesce = (choice & 2) === 0 ? 0 : 100_000;
    const from = choice >>> 4;
    const { batches, nextOffset, skippedRecords } = await convertChunk(
      { bytes, from, aborted: (choice & 8) === 0 ? [] : [{ producerId: 77, firstOffset: 0 }] },
      {
        batchBytesMax: (choice & 4) === 0 ? 1_048_576 : 200,
        coalesceBelow: coalesce,
        coalesceCompressedBelow: coalesce,
        decompressedBytesMax: Math.min(64 * 1024, conversionLimitsDefault.decompressedBytesMax),
      },
    );
    assert.ok(nextOffset >= from && skippedRecords >= 0);
    for (const { bytes: outgoing, recordCount, runs } of batches) {
      adoptBatch(outgoing, 5, 6, 7);
      const batch = new RecordBatch(outgoing);
      assert.deepEqual(
        [batch.sizeInBytes, batch.recordCount, batch.lastOffsetDelta],
        [outgoing.length, recordCount, recordCount - 1],
      );
      const offsets = runs.flatMap(({ offset, count }) => Array.from({ length: count }, (_, index) => offset + index));
      assert.equal(offsets.length, recordCount);
      if (isSigned) batch.verifyCrc();
      const records = recordsOf(outgoing);
      for (const [index, offset] of offsets.entries()) {
        const [there, here] = [source.get(offset), records.get(index)];
        if (there !== undefined && here !== undefined) assert.equal(here, there);
      }
    }
    return `${Math.min(batches.length, 9)} ${skippedRecords > 0}`;
  },
};

/** Sets the checksums right, as far as there are batches or messages. */
function sign(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let position = 0; position + 17 <= bytes.length; ) {
    const size = 12 + view.getInt32(position + 8);
    if (size < 17 || position + size > bytes.length) return;
    if ((bytes[position + 16] as number) < 2) {
      view.setUint32(position + 12, crc32(bytes.subarray(position + 16, position + size)));
    } else if (size >= batchHeader.batchHeaderBytes) batchHeader.updateCrc(bytes, position);
    position += size;
  }
}

/** Offset -> record, of all batches of v2 that can be read. */
function recordsOf(bytes: Uint8Array): Map<number, string> {
  const found = new Map<number, string>();
  attempt(() => {
    for (const batch of readBatches(bytes)) {
      attempt(() => {
        for (const record of batch.records({ maxDecompressedBytes: 64 * 1024 })) {
          const { offset, timestamp, key, value, headers } = record;
          // Batches at offsets that were there before are no log, and the conversion ends before them.
          if (!found.has(offset)) found.set(offset, JSON.stringify([timestamp, key, value, headers]));
        }
      });
    }
  });
  return found;
}
