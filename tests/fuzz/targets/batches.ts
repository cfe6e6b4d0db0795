/** Record batches as they come in a fetch, a produce request or a log segment, and the records in them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  batchHeader,
  buildControlBatch,
  emptyBatch,
  filterBatch,
  placeholderBatch,
  RecordBatch,
  RecordBatchBuilder,
  type Records,
  readBatches,
  readControlRecord,
} from '@millrace/wire';
import { attempt, attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const decompressedBytesMax = 64 * 1024;

/** An input is a run of batches. Checksums are verified last, since who changes bytes can change them too. */
export const batches: FuzzTarget = {
  name: 'batches',
  inputs: 50_000,
  seeds: ownAndForeign,
  run(input) {
    let outcome = '';
    for (const batch of readBatches(input)) {
      outcome += attempt(() => batch.isControl && readControlRecord(batch));
      outcome += attempt(() => readRecords(batch.records({ maxDecompressedBytes: decompressedBytesMax })));
      attempt(() => batch.verifyCrc());
    }
    return outcome.slice(0, 200);
  },
};

/** Batches as this project and others write them. */
export function ownAndForeign(): Uint8Array[] {
  const foreign = readJson('records/foreign-batches.json') as Record<string, string>;
  const transaction = { coordinatorEpoch: 3, producerId: 9, producerEpoch: 1, timestamp: 1e12 };
  const own = [idempotentBatch(), buildControlBatch({ type: 'commit', ...transaction })];
  const all = [...Object.values(foreign).map((hex) => Buffer.from(hex, 'hex')), ...own];
  return [...all, Buffer.concat(all.slice(0, 3)), Buffer.concat(own)];
}

/**
 * An input is a byte that chooses what is to go, then batches whose checksums are set right: what is left of each must
 * be a sound batch, of the same offsets, with as many records as there were kept.
 */
export const filteredBatches: FuzzTarget = {
  name: 'filtered-batches',
  inputs: 25_000,
  seeds: () =>
    [0, 1, 13].flatMap((choice) => ownAndForeign().map((bytes) => Buffer.concat([Buffer.of(choice), bytes]))),
  async run(input) {
    const choice = input[0] ?? 0;
    const bytes = Uint8Array.from(input.subarray(1));
    let outcome = '';
    for (const batch of readBatches(bytes)) {
      batchHeader.updateCrc(bytes, batch.position);
      outcome += await attemptLater(() => filtered(batch, choice));
      for (const emptied of [emptyBatch(batch), placeholderBatch(batch)]) assertSound(emptied, batch, 0);
    }
    return outcome.slice(0, 200);
  },
};

async function filtered(batch: RecordBatch, choice: number): Promise<string> {
  const kept: number[] = [];
  const { bytes, recordCount } = await filterBatch(batch, {
    keep({ offset, key, isTombstone }) {
      const isKept = (offset + (key?.length ?? 0)) % 3 !== choice % 4 && !(isTombstone && (choice & 4) !== 0);
      if (isKept) kept.push(offset);
      return isKept;
    },
    horizon: (tombstones) => (tombstones && (choice & 8) !== 0 ? 1_700_000_000_000 : undefined),
  });
  assert.equal(recordCount, kept.length);
  assertSound(bytes, batch, kept.length);
  // What could be read before can be read now.
  const before = attempt(() =>
    [...batch.records()].map(({ offset }) => offset).filter((offset) => kept.includes(offset)),
  );
  const after = attempt(() => [...new RecordBatch(bytes).records()].map(({ offset }) => offset));
  if (before === `${kept}`) assert.equal(after, before);
  return `${kept.length}`;
}

function assertSound(bytes: Uint8Array, of: RecordBatch, recordCount: number): void {
  const left = new RecordBatch(bytes);
  assert.doesNotThrow(() => left.verifyCrc());
  assert.equal(left.sizeInBytes, bytes.length);
  assert.deepEqual([left.baseOffset, left.lastOffset, left.recordCount], [of.baseOffset, of.lastOffset, recordCount]);
}

function readRecords(records: Records): number {
  let count = 0;
  for (const record of records) {
    void [record.offset, record.timestamp, record.key, record.value, record.keyText(), record.valueText()];
    for (const { key, value } of record.headers) void [key, value];
    record.copy();
    count++;
  }
  return count;
}

function idempotentBatch(): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (let index = 0; index < 5; index++) {
    builder.append(1e12 + index, `key ${index}`, index === 3 ? null : 'value'.repeat(index), [
      { key: 'h', value: null },
    ]);
  }
  return Uint8Array.from(builder.build({ producerId: 77, producerEpoch: 2, baseSequence: 5 }));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../packages/wire/src/${path}`, import.meta.url), 'utf8'));
}
