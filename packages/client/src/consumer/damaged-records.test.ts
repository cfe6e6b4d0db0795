import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import { CorruptBatchError } from '../errors.ts';
import { ScriptedLog, type StoredBatch, take } from '../testing/scripted-log.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

test('whichever byte of a batch is damaged, those before it come first, and a seek goes on behind it', async (t) => {
  const rounds = Math.max(20, Math.round(60 * scale));
  const firstSeed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 1e6));
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const randomness = seededRandomness(seed);
    const compression = randomness.integer(2) === 0 ? 'none' : 'zstd';
    const log = new ScriptedLog();
    log.append(['a', 'b'], compression);
    log.append(['c'], compression);
    log.append(['d', 'e'], compression);
    log.append(['f'], compression);
    const { bytes } = log.batches[2] as StoredBatch;
    // The leader epoch is nobody's record; who wrote it wrongly only asks for one more look at the epochs.
    let at: number;
    do at = randomness.integer(bytes.length);
    while (at >= 12 && at < 16);
    bytes[at]! ^= 1 << randomness.integer(8);
    const message = `seed ${seed}: byte ${at}`;
    const consumer = log.open(t);
    const values: string[] = [];
    let damage: unknown;
    try {
      for await (const record of consumer.records({ signal: AbortSignal.timeout(10_000) })) values.push(record.value);
    } catch (error) {
      damage = error;
    }
    assert.deepEqual(values, ['a', 'b', 'c'], message);
    assert.ok(damage instanceof CorruptBatchError, `${message}: ${damage}`);
    assert.deepEqual([damage.topic, damage.partition, damage.offset], ['lines', 0, 3], message);
    assert.match(damage.message, /lines \[0\] offset 3 can't be read: .*; seek\(\) to \d+ to go on behind them/);
    consumer.seek(damage, 5);
    assert.deepEqual(await take(consumer, 1), ['f'], message);
    await consumer.close();
  }
});

test('a record that is malformed under a right checksum is named, and a seek goes on behind its batch', async (t) => {
  const log = new ScriptedLog();
  log.append(['a', 'b']);
  log.append(['c', 'd']);
  log.append(['e']);
  const { bytes } = log.batches[1] as StoredBatch;
  // The length of the second record.
  bytes[bytes.length - 8] = 0x7e;
  batchHeader.updateCrc(bytes, 0);
  const consumer = log.open(t);
  const values: string[] = [];
  const read = async (): Promise<void> => {
    for await (const record of consumer.records()) values.push(record.value);
  };
  const told = { code: 'corrupt_batch', topic: 'lines', partition: 0, offset: 3, nextOffset: 4 };
  await assert.rejects(read(), told);
  assert.deepEqual(values, ['a', 'b', 'c']);
  await assert.rejects(read(), told);
  consumer.seek({ topic: 'lines', partition: 0 }, 4);
  assert.deepEqual(await take(consumer, 1), ['e']);
});
