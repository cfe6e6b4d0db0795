import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import { CorruptBatchError } from '../errors.ts';
import { ScriptedLog, type StoredBatch, take } from '../testing/scripted-log.ts';

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
