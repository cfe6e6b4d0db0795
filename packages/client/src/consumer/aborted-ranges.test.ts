/**
 * Random logs of several producers, transactional and not, with commits and aborts; what a reader of committed records
 * sees of any stretch of them is compared with what the log's making says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildControlBatch, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';
import { AbortedRanges, type AbortedTransaction } from './aborted-ranges.ts';

interface Step {
  readonly producerId: number;
  readonly what: 'write' | 'write plainly' | 'commit' | 'abort';
  readonly count: number;
}

interface MadeBatch {
  readonly batch: RecordBatch;
  /** Undefined for markers. */
  transaction: { isAborted: boolean } | undefined;
  readonly isMarker: boolean;
}

interface MadeLog {
  readonly batches: MadeBatch[];
  readonly aborted: (AbortedTransaction & { readonly markerOffset: number })[];
}

/** A log in which each transaction has ended. */
function make(steps: readonly Step[]): MadeLog {
  const log: MadeLog = { batches: [], aborted: [] };
  const open = new Map<number, { firstOffset: number; isAborted: boolean }>();
  let offset = 0;
  const end = (producerId: number, type: 'commit' | 'abort'): void => {
    const transaction = open.get(producerId);
    if (transaction === undefined) return;
    open.delete(producerId);
    transaction.isAborted = type === 'abort';
    if (transaction.isAborted) {
      log.aborted.push({ producerId, firstOffset: transaction.firstOffset, markerOffset: offset });
    }
    const options = { type, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1, baseOffset: offset };
    log.batches.push({ batch: new RecordBatch(buildControlBatch(options)), transaction: undefined, isMarker: true });
    offset++;
  };
  for (const { producerId, what, count } of steps) {
    if (what === 'commit' || what === 'abort') {
      end(producerId, what);
      continue;
    }
    const transactional = what === 'write';
    let transaction = open.get(producerId);
    // A producer has either kind of records, so plain ones come from others.
    const id = transactional ? producerId : producerId + 100;
    if (transactional && transaction === undefined) {
      transaction = { firstOffset: offset, isAborted: false };
      open.set(producerId, transaction);
    }
    const builder = new RecordBatchBuilder();
    for (let n = 0; n < count; n++) builder.append(1, null, String(offset + n));
    const bytes = Uint8Array.from(
      builder.build({ producerId: id, producerEpoch: 0, transactional, baseOffset: offset }),
    );
    log.batches.push({
      batch: new RecordBatch(bytes),
      transaction: transactional ? transaction : undefined,
      isMarker: false,
    });
    offset += count;
  }
  for (const producerId of open.keys()) end(producerId, 'commit');
  return log;
}

const step = fc.record<Step>({
  producerId: fc.integer({ min: 1, max: 4 }),
  what: fc.constantFrom('write', 'write', 'write plainly', 'commit', 'abort'),
  count: fc.integer({ min: 1, max: 3 }),
});

test('readers of committed records see what was committed of any stretch of a log, and no marker', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), fc.nat(), (steps, from, length) => {
      const { batches, aborted } = make(steps);
      if (batches.length === 0) return;
      const start = from % batches.length;
      const stretch = batches.slice(start, start + 1 + (length % batches.length));
      const firstOffset = stretch[0]!.batch.baseOffset;
      const lastOffset = stretch.at(-1)!.batch.lastOffset;
      // What a broker answers: aborted transactions that reach into the stretch, in any order.
      const answered = aborted.filter((one) => one.firstOffset <= lastOffset && one.markerOffset >= firstOffset);
      const ranges = new AbortedRanges(answered.reverse());
      for (const { batch, transaction, isMarker } of stretch) {
        assert.equal(ranges.hides(batch), isMarker || transaction?.isAborted === true, `offset ${batch.baseOffset}`);
      }
    }),
    { numRuns: 300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1) },
  );
});
