import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { RecordBatchBuilder } from '@millrace/wire';
import { conversionLimitsDefault } from './conversion-limits.ts';
import { convertChunk } from './convert-chunk.ts';
import type { ConvertedChunk } from './outgoing-batch.ts';
import { RecordTimeError, type TimeBounds } from './record-times.ts';

const now = 1_000_000;
const after = { ms: 100, setting: 'after' };
const before = { ms: 100, setting: 'before' };

/** A batch of records at these times, from offset 0 on. */
function batchOf(...times: number[]): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const time of times) builder.append(time, null, 'value');
  return builder.build();
}

function convert(bytes: Uint8Array, from: number, bounds: TimeBounds): Promise<ConvertedChunk> {
  const limits = { ...conversionLimitsDefault, times: () => ({ ...bounds, now }) };
  return Promise.resolve().then(() => convertChunk({ bytes, from, aborted: [] }, limits));
}

async function refusalOf(work: Promise<unknown>): Promise<RecordTimeError> {
  const error = await work.then(
    () => assert.fail('it was converted'),
    (reason: unknown) => reason,
  );
  assert.ok(isMillraceError(error, 'record_time_refused') && error instanceof RecordTimeError);
  return error;
}

test('what comes before a refused record is converted, and the row of refused ones is told', async () => {
  const batch = batchOf(now, now + 100, now + 101, now + 500, now);
  const { batches, nextOffset } = await convert(batch, 0, { after });
  assert.deepEqual([batches.map(({ recordCount }) => recordCount), nextOffset], [[2], 2]);
  const { offset, end, time } = await refusalOf(convert(batch, 2, { after }));
  assert.deepEqual([offset, end, time], [2, 4, now + 101]);
  const rest = await convert(batch, end, { after });
  assert.deepEqual([rest.batches[0]?.runs, rest.nextOffset], [[{ offset: 4, count: 1 }], 5]);
});

test('records of long ago are found behind a first record of now', async () => {
  const { nextOffset } = await convert(batchOf(now, now - 101, now), 0, { before, after });
  assert.equal(nextOffset, 1);
});

test('what has no time, and what is within the bounds, passes', async () => {
  const { batches } = await convert(batchOf(now - 100, -1, now + 100), 0, { before, after });
  assert.equal(batches[0]?.recordCount, 3);
});

test('without bounds all times pass', async () => {
  assert.equal((await convert(batchOf(5, now + 1e12), 0, {})).nextOffset, 2);
});
