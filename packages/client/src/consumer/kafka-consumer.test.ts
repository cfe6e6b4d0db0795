import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  buildControlBatch,
  type Compression,
  errorCodes,
  fetch,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  RecordBatchBuilder,
} from '@millrace/wire';
import type { ClientEvent } from '../client.ts';
import { Cluster } from '../cluster.ts';
import { CorruptBatchError } from '../errors.ts';
import { text } from '../serde.ts';
import { clientSettings } from '../settings.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';
import { topic } from '../topic.ts';
import { KafkaConsumer } from './kafka-consumer.ts';

const lines = topic('lines', { value: text });

interface StoredBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  bytes: Uint8Array;
}

/** The log of one partition behind a scripted broker, and what a test may do to it. */
class ScriptedLog {
  batches: StoredBatch[] = [];
  leaderEpoch = 1;
  /** Answered instead of records, once each. */
  readonly errors: number[] = [];
  /** Where an epoch ends, as the leader tells. */
  epochEnd = { leaderEpoch: 1, endOffset: 0 };
  readonly events: ClientEvent[] = [];
  fetches = 0;

  get end(): number {
    return this.batches.at(-1)?.nextOffset ?? 0;
  }

  append(values: readonly string[], compression: Compression = 'none'): void {
    const builder = new RecordBatchBuilder();
    for (const value of values) builder.append(1, null, value);
    const options = { baseOffset: this.end, partitionLeaderEpoch: this.leaderEpoch, compression };
    const bytes = Uint8Array.from(builder.build(options));
    this.batches.push({ baseOffset: this.end, nextOffset: this.end + values.length, bytes });
  }

  appendControl(): void {
    const bytes = Uint8Array.from(
      buildControlBatch({
        baseOffset: this.end,
        producerId: 1,
        producerEpoch: 0,
        type: 'commit',
        timestamp: 1,
        coordinatorEpoch: 0,
      }),
    );
    this.batches.push({ baseOffset: this.end, nextOffset: this.end + 1, bytes });
  }

  open(t: TestContext, from: 'earliest' | 'none' = 'earliest'): KafkaConsumer<typeof lines> {
    const broker = new ScriptedBroker();
    broker.on(metadata, () => ({
      brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
      topics: [{ errorCode: 0, name: lines.name, partitions: [this.#partition()] }],
    }));
    broker.on(listOffsets, () => ({
      topics: [{ name: lines.name, partitions: [{ partitionIndex: 0, errorCode: 0, offset: 0 }] }],
    }));
    broker.on(offsetForLeaderEpoch, () => ({
      topics: [{ topic: lines.name, partitions: [{ errorCode: 0, partition: 0, ...this.epochEnd }] }],
    }));
    broker.on(fetch, ({ topics }) => {
      this.fetches++;
      const asked = topics[0]?.partitions[0];
      const isFenced = asked !== undefined && asked.currentLeaderEpoch < this.leaderEpoch;
      const errorCode = isFenced ? errorCodes.FENCED_LEADER_EPOCH : (this.errors.shift() ?? 0);
      const offset = asked?.fetchOffset ?? this.end;
      const batches = errorCode === 0 ? this.batches.filter(({ nextOffset }) => nextOffset > offset) : [];
      const records = batches.map(({ bytes }) => bytes);
      const partition = { partitionIndex: 0, errorCode, highWatermark: this.end, abortedTransactions: null, records };
      return { sessionId: 0, responses: [{ topic: lines.name, partitions: [partition] }] };
    });
    const cluster = new Cluster(
      clientSettings({
        bootstrap: 'broker:9092',
        platform: broker.network.platform,
        retryBackoffMs: 1,
        retryBackoffMaxMs: 4,
        report: (event) => this.events.push(event),
      }),
    );
    const consumer = new KafkaConsumer<typeof lines>(
      cluster,
      { assign: [{ topic: lines, partition: 0, offset: 0 }], from },
      () => undefined,
    );
    t.after(async () => {
      await consumer.close();
      cluster.close();
    });
    return consumer;
  }

  #partition() {
    return {
      errorCode: 0,
      partitionIndex: 0,
      leaderId: 1,
      leaderEpoch: this.leaderEpoch,
      replicaNodes: [1],
      isrNodes: [1],
    };
  }
}

async function take(consumer: KafkaConsumer<typeof lines>, count: number): Promise<string[]> {
  const values: string[] = [];
  for await (const record of consumer.records()) {
    values.push(record.value);
    if (values.length === count) break;
  }
  return values;
}

test('control batches are passed over, and the position goes behind them', async (t) => {
  const log = new ScriptedLog();
  log.append(['a', 'b']);
  log.appendControl();
  log.appendControl();
  log.append(['c']);
  log.appendControl();
  const consumer = log.open(t);
  assert.deepEqual(await take(consumer, 3), ['a', 'b', 'c']);
});

for (const [damage, at, compression] of [
  ['checksum', -2, 'none'],
  ['checksum', -2, 'zstd'],
  ['claims a length', 8, 'none'],
] as const) {
  test(`records before a damaged batch come first; it may be whole later (${damage}, ${compression})`, async (t) => {
    const log = new ScriptedLog();
    log.append(['a'], compression);
    log.append(['b'], compression);
    log.append(['c'], compression);
    log.append(['d'], compression);
    const batch = log.batches[2] as StoredBatch;
    const whole = batch.bytes;
    batch.bytes = Uint8Array.from(whole);
    batch.bytes[at < 0 ? batch.bytes.length + at : at]! ^= 0x80;
    const consumer = log.open(t);
    const records = consumer.records();
    assert.equal((await records.next()).value?.value, 'a');
    assert.equal((await records.next()).value?.value, 'b');
    const told = new RegExp(
      `lines \\[0\\] offset 2 can't be read: .*${damage}.*; seek\\(\\) to 3 to go on behind them`,
    );
    await assert.rejects(records.next(), { code: 'corrupt_batch', offset: 2, nextOffset: 3, message: told });
    batch.bytes = whole;
    assert.deepEqual(await take(consumer, 2), ['c', 'd']);
  });
}

test('a loop can go on behind a damaged batch', async (t) => {
  const log = new ScriptedLog();
  log.append(['a', 'b']);
  log.append(['c', 'd']);
  log.append(['e']);
  const { bytes } = log.batches[1] as StoredBatch;
  bytes[bytes.length - 2]! ^= 1;
  const consumer = log.open(t);
  const damage = await take(consumer, 3).catch((error: unknown) => error);
  assert.ok(damage instanceof CorruptBatchError);
  consumer.seek(damage, damage.nextOffset);
  assert.deepEqual(await take(consumer, 1), ['e']);
});

for (const from of ['earliest', 'none'] as const) {
  test(`an election that cut the log behind the position is noticed, with from '${from}'`, async (t) => {
    const log = new ScriptedLog();
    log.append(['a', 'b', 'c', 'd']);
    const consumer = log.open(t, from);
    const records = consumer.records();
    for (const expected of ['a', 'b', 'c', 'd']) assert.equal((await records.next()).value?.value, expected);
    // The new leader never had the last three.
    log.batches = [];
    log.append(['a']);
    log.leaderEpoch = 2;
    log.epochEnd = { leaderEpoch: 1, endOffset: 1 };
    log.append(['B', 'C', 'D', 'E', 'F']);
    if (from === 'none') {
      await assert.rejects(records.next(), { code: 'no_offset', offset: 4 });
      return;
    }
    const values: (string | undefined)[] = [];
    for (let n = 0; n < 5; n++) values.push((await records.next()).value?.value);
    assert.deepEqual(values, ['B', 'C', 'D', 'E', 'F']);
    const told = log.events.find(({ event }) => event === 'offset_reset');
    assert.match(
      told?.message ?? '',
      /the log of lines \[0\] was cut at offset 1 in an election; going on there instead of 4/,
    );
  });
}

test('an error of the session begins it anew, and passing errors are tried again', async (t) => {
  const log = new ScriptedLog();
  log.append(['a']);
  log.errors.push(errorCodes.NOT_LEADER_OR_FOLLOWER, errorCodes.OFFSET_NOT_AVAILABLE, errorCodes.UNKNOWN_SERVER_ERROR);
  assert.deepEqual(await take(log.open(t), 1), ['a']);
  assert.equal(log.fetches, 4);
  const refused = new ScriptedLog();
  refused.append(['a']);
  refused.errors.push(errorCodes.TOPIC_AUTHORIZATION_FAILED);
  await assert.rejects(take(refused.open(t), 1), {
    code: 'authorization_failed',
    errorName: 'TOPIC_AUTHORIZATION_FAILED',
  });
});

test('a chunk of compressed batches comes in pieces, so that little of it is decompressed at a time', async (t) => {
  const log = new ScriptedLog();
  const value = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 12; n++) log.append([`${n}${value}`], 'zstd');
  const consumer = log.open(t);
  const counts: number[] = [];
  let next = 0;
  for await (const batch of consumer) {
    counts.push(batch.recordCount);
    assert.equal(batch.firstOffset, next);
    for (const record of batch) assert.equal(record.value, `${next++}${value}`);
    if (next === 12) break;
  }
  assert.deepEqual(counts, [4, 4, 4]);
  consumer.seek({ topic: 'lines', partition: 0 }, 5);
  assert.deepEqual(
    (await take(consumer, 3)).map(({ length }) => length),
    Array(3).fill(value.length + 1),
  );
  // The loop was left within a piece: the next goes on right behind.
  assert.equal((await consumer.records().next()).value?.offset, 8);
});
