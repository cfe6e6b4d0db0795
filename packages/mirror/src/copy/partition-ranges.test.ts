/**
 * Logs drawn at random are read by ranges, whose answers come in any order, get lost, or wait for room. Method: a
 * source that answers as a broker does, and a partition that converts what it is handed; in the end it must have what a
 * reader of committed records sees, in order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchHeader, type KafkaError, RecordBatch, readControlRecord } from '@millrace/wire';
import fc from 'fast-check';
import { conversionLimitsDefault } from '../batches/conversion-limits.ts';
import { convertChunk } from '../batches/convert-chunk.ts';
import { batchOf } from '../testing/plain-batch.ts';
import { type PlainRecord, plainRecords, type SourceLog, sourceLogs } from '../testing/source-log.ts';
import { FetchedMemory } from './fetched-memory.ts';
import { type FetchRange, PartitionRanges } from './partition-ranges.ts';
import type { FetchAnswer, SourcePartition } from './source-partition.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

/** A log as its leader serves it. */
class Source {
  readonly #log: SourceLog;
  readonly #batches: readonly RecordBatch[];
  readonly #aborted: readonly { readonly producerId: number; readonly firstOffset: number; readonly end: number }[];

  constructor(log: SourceLog) {
    this.#log = log;
    this.#batches = log.positions.map((position) => new RecordBatch(log.bytes, position));
    this.#aborted = log.aborted.map((transaction) => ({ ...transaction, end: this.#endOf(transaction) }));
  }

  get end(): number {
    return this.#log.end;
  }

  answer({ from, bytesMax }: Pick<FetchRange, 'from' | 'bytesMax'>, leaderEpoch = 0): FetchAnswer {
    const place = this.#batches.findIndex(({ lastOffset }) => lastOffset >= from);
    const begin = place < 0 ? this.#log.bytes.length : (this.#log.positions[place] as number);
    const atLeast = place < 0 ? 0 : (this.#batches[place] as RecordBatch).sizeInBytes;
    const records = Uint8Array.from(this.#log.bytes.subarray(begin, begin + Math.max(atLeast, bytesMax)));
    for (const position of this.#log.positions) {
      // The leader epoch lies outside the checksum.
      if (position >= begin && position + 16 <= begin + records.length) {
        new DataView(records.buffer).setInt32(position - begin + 12, leaderEpoch);
      }
    }
    const aborted = this.#aborted.filter(({ end }) => end >= from);
    return {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: this.end,
      lastStableOffset: this.end,
      logStartOffset: 0,
      abortedTransactions: aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
      preferredReadReplica: -1,
      records,
    } as FetchAnswer;
  }

  #endOf({ producerId, firstOffset }: { readonly producerId: number; readonly firstOffset: number }): number {
    const marker = this.#batches.find((batch) => {
      if (batch.baseOffset < firstOffset || !batch.isControl || batch.producerId !== producerId) return false;
      return readControlRecord(batch).type === 'abort';
    });
    return marker?.lastOffset ?? Number.POSITIVE_INFINITY;
  }
}

class Sink implements SourcePartition {
  readonly topic = 'topic';
  readonly partition = 0;
  readonly topicId = '';
  readonly lastFetchedEpoch = 0;
  leader = 0;
  position: number;
  hasRoom = true;
  isSlow = false;
  readonly taken: (readonly [offset: number, record: PlainRecord])[] = [];

  constructor(position: number) {
    this.position = position;
  }

  take({ records, abortedTransactions }: FetchAnswer): Promise<void> | undefined {
    if (records === null || records.length === 0) return undefined;
    const chunk = { bytes: records, from: this.position, aborted: abortedTransactions ?? [] };
    const converted = convertChunk(chunk, { ...conversionLimitsDefault, coalesceBelow: 0 });
    if (!this.isSlow && !(converted instanceof Promise)) return this.#add(converted);
    return Promise.resolve(converted).then((done) => this.#add(done));
  }

  diverged(): void {
    throw new Error('nobody asked for epochs');
  }

  failed(error: KafkaError): void {
    throw error;
  }

  #add({ batches, nextOffset }: Awaited<ReturnType<typeof convertChunk>>): undefined {
    for (const { bytes, runs } of batches) {
      const offsets = runs.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
      for (const [index, [, record]] of plainRecords(new RecordBatch(bytes)).entries()) {
        this.taken.push([offsets[index] as number, record]);
      }
    }
    this.position = nextOffset;
  }
}

const memory = new FetchedMemory({ frameBytesMax: 1024, bytesMax: 2 ** 20 });

function ask(ranges: PartitionRanges, range: FetchRange): void {
  ranges.begin(range);
  ranges.asked(range);
}

test('ranges that arrive in any order, or not at all, are joined to what the log holds', async () => {
  let joined = 0;
  await fc.assert(
    fc.asyncProperty(sourceLogs(40), fc.infiniteStream(fc.nat(2 ** 20)), async (log, draws) => {
      const draw = (bound: number): number => draws.next().value % bound;
      const source = new Source(log);
      const sink = new Sink(log.from);
      const ranges = new PartitionRanges(sink, memory);
      const underWay: { range: FetchRange; answer: FetchAnswer }[] = [];
      for (let steps = 0; sink.position < log.end; steps++) {
        // At last all is made good, so that it comes to an end.
        const isCalm = steps > 2000;
        sink.isSlow = draw(4) === 0;
        sink.hasRoom = isCalm || draw(8) > 0;
        await ranges.deliver();
        const most = 1 + draw(600);
        const range = draw(2) === 0 ? ranges.head(most) : ranges.ahead(most);
        if (range !== undefined && underWay.length < 6) {
          ask(ranges, range);
          underWay.push({ range, answer: source.answer(range) });
        }
        if (underWay.length === 0 || draw(2) === 0) continue;
        const [arrival] = underWay.splice(draw(underWay.length), 1) as [(typeof underWay)[number]];
        if (!isCalm && draw(8) === 0) ranges.lost(arrival.range);
        else {
          const isAhead = arrival.range.from > sink.position;
          await ranges.arrived(arrival.range, arrival.answer);
          if (isAhead && ranges.isWaiting) joined += 1;
        }
      }
      assert.deepEqual(sink.taken, [...log.committed]);
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
  assert.ok(joined > 20 * scale, `only ${joined} answers waited for those before them`);
});

const bytesMax = 600;

/** A log of two hundred batches of a record each. */
function plainSource(): Source {
  const batches = Array.from({ length: 200 }, (_, offset) => batchOf([{ offset, value: '0123456789' }]).slice);
  const bytes = new Uint8Array(Buffer.concat(batches));
  const size = batches[0]?.length ?? 0;
  const positions = batches.map((_, index) => index * size);
  return new Source({ bytes, from: 0, end: 200, aborted: [], committed: new Map(), positions });
}

/** Of ranges one is taken, and two are under way. */
function twoUnderWay(source: Source): { sink: Sink; ranges: PartitionRanges; head: FetchRange; ahead: FetchRange } {
  const sink = new Sink(0);
  const ranges = new PartitionRanges(sink, memory);
  const first = ranges.head(bytesMax) as FetchRange;
  ask(ranges, first);
  assert.equal(ranges.ahead(bytesMax), undefined, 'nobody knows where');
  assert.equal(ranges.arrived(first, source.answer(first)), undefined);
  const head = ranges.head(bytesMax) as FetchRange;
  ask(ranges, head);
  const ahead = ranges.ahead(bytesMax) as FetchRange;
  ask(ranges, ahead);
  assert.ok(ahead.from > head.from);
  return { sink, ranges, head, ahead };
}

test('what waits is handed over behind what came after it', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  const before = sink.position;
  assert.equal(ranges.arrived(ahead, source.answer(ahead)), undefined);
  assert.equal(sink.position, before);
  assert.equal(ranges.arrived(head, source.answer(head)), undefined);
  assert.ok(sink.position > ahead.from);
  assert.ok(!ranges.isWaiting);
});

test('what waits is not joined when it is of another leader epoch', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  assert.equal(ranges.arrived(ahead, source.answer(ahead, 1)), undefined);
  assert.ok(ranges.isWaiting);
  assert.equal(ranges.arrived(head, source.answer(head)), undefined);
  assert.ok(sink.position < ahead.until);
  assert.ok(!ranges.isWaiting);
  assert.equal(ranges.head(bytesMax)?.from, sink.position);
});

test('what was asked for ahead is compared too when its turn comes while it is under way', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  const { records } = source.answer({ from: 0, bytesMax: 1 });
  const upToAhead = (ahead.from - head.from) * (records?.length ?? 0);
  assert.equal(ranges.arrived(head, source.answer({ from: head.from, bytesMax: upToAhead })), undefined);
  assert.equal(sink.position, ahead.from);
  assert.equal(ranges.arrived(ahead, source.answer(ahead, 1)), undefined);
  assert.equal(sink.position, ahead.from);
  assert.equal(ranges.head(bytesMax)?.from, sink.position, 'its leader is asked, and told what came before');
});

test('a range that begins with records that were taken is joined only if its epoch reaches where they end', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  const [same, other] = [source.answer(ahead).records as Uint8Array, source.answer(ahead, 1).records as Uint8Array];
  const size = batchHeader.batchSize(same, 0);
  const records = Uint8Array.from(Buffer.concat([same.subarray(0, size), other.subarray(size)]));
  assert.equal(ranges.arrived(ahead, { ...source.answer(ahead), records }), undefined);
  const overlap = (ahead.from + 2 - head.from) * size;
  assert.equal(ranges.arrived(head, source.answer({ from: head.from, bytesMax: overlap })), undefined);
  assert.equal(sink.position, ahead.from + 2);
  assert.ok(!ranges.isWaiting);
});

test('a range ahead that is refused is no trouble of its partition, and is asked for when its turn comes', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  assert.equal(ranges.lost(ahead, true), false);
  assert.equal(ranges.ahead(bytesMax), undefined);
  assert.equal(ranges.arrived(head, source.answer(head)), undefined);
  const next = ranges.head(bytesMax) as FetchRange;
  assert.equal(next.from, sink.position);
  ask(ranges, next);
  assert.equal(ranges.lost(next, true), true);
});

test('a gap between two ranges is what is asked for next', () => {
  const source = plainSource();
  const { sink, ranges, head, ahead } = twoUnderWay(source);
  assert.equal(ranges.arrived(ahead, source.answer(ahead)), undefined);
  assert.equal(ranges.arrived(head, source.answer({ ...head, bytesMax: 100 })), undefined);
  const gap = ranges.head(bytesMax) as FetchRange;
  assert.deepEqual([gap.from, gap.until], [sink.position, ahead.from]);
});

test('what waits keeps the memory of its records, and lets go of it when it is dropped', () => {
  const users = new Map<ArrayBufferLike, number>();
  const pool = new FetchedMemory({ frameBytesMax: 1024, bytesMax: 2 ** 20 });
  pool.use = ({ buffer }) => void users.set(buffer, (users.get(buffer) ?? 0) + 1);
  pool.release = ({ buffer }) => void users.set(buffer, (users.get(buffer) ?? 0) - 1);
  const ranges = new PartitionRanges(new Sink(0), pool);
  const range = { from: 100, until: 120, bytesMax };
  const answer = plainSource().answer(range);
  ask(ranges, range);
  assert.equal(ranges.arrived(range, answer), undefined);
  const buffer = (answer.records as Uint8Array).buffer;
  assert.equal(users.get(buffer), 1);
  ranges.close();
  assert.equal(users.get(buffer), 0);
});
