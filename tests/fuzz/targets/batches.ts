/** Record batches as they come in a fetch, a produce request or a log segment, and the records in them. */
import { readFileSync } from 'node:fs';
import { buildControlBatch, RecordBatchBuilder, type Records, readBatches, readControlRecord } from '@millrace/wire';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

const decompressedBytesMax = 64 * 1024;

/** An input is a run of batches. Checksums are verified last, since who changes bytes can change them too. */
export const batches: FuzzTarget = {
  name: 'batches',
  inputs: 100_000,
  seeds: () => {
    const foreign = readJson('records/foreign-batches.json') as Record<string, string>;
    const transaction = { coordinatorEpoch: 3, producerId: 9, producerEpoch: 1, timestamp: 1e12 };
    const own = [idempotentBatch(), buildControlBatch({ type: 'commit', ...transaction })];
    const all = [...Object.values(foreign).map((hex) => Buffer.from(hex, 'hex')), ...own];
    return [...all, Buffer.concat(all.slice(0, 3)), Buffer.concat(own)];
  },
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
