import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Randomness, seededRandomness } from '@millrace/base';
import { errorCodes, initProducerId } from '@millrace/wire';
import { type ProducerRig, startRig, topic } from '../testing/producer-rig.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

/** Writes numbered records over the partitions, letting requests go out in between. */
async function writeAll(
  { producer }: ProducerRig,
  count: number,
  partitions: number,
  randomness: Randomness,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    if (!producer.write({ topic, partition: n % partitions, value: String(n) })) await producer.ready();
    if (randomness.integer(20) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function expected(count: number, partitions: number, partition: number): string[] {
  return Array.from({ length: count }, (_, n) => n)
    .filter((n) => n % partitions === partition)
    .map(String);
}

const passing = [
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.NOT_ENOUGH_REPLICAS,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.KAFKA_STORAGE_ERROR,
];

test('each record is stored once and in order, whatever requests, answers and partitions fail', async (t) => {
  const seeds = Math.max(5, Math.round(40 * scale));
  const firstSeed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 1e6));
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const randomness = seededRandomness(seed);
    const partitions = 1 + randomness.integer(3);
    const rig = startRig(t, { partitions, batchBytesMax: 256 + randomness.integer(400) }, (_, partition) => {
      const draw = randomness.integer(30);
      if (partition !== undefined) return draw < 2 ? passing[randomness.integer(passing.length)] : undefined;
      return draw < 2 ? 'lost request' : draw < 4 ? 'lost answer' : undefined;
    });
    await writeAll(rig, 800, partitions, randomness);
    await rig.producer.flush();
    for (let partition = 0; partition < partitions; partition++) {
      assert.deepEqual(rig.log.values(partition), expected(800, partitions, partition), `seed ${seed}`);
    }
    assert.ok(!rig.events.some(({ event }) => event === 'producer_epoch_bumped'), `seed ${seed}: the epoch went up`);
    await rig.producer.close();
  }
});

test('a broker that starts again and has forgotten the producer gets its batches in order', async (t) => {
  const seeds = Math.max(5, Math.round(40 * scale));
  const firstSeed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 1e6));
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const randomness = seededRandomness(seed);
    let startsUntil = 0;
    const rig = startRig(t, { batchBytesMax: 256 }, (request, partition) => {
      // For a while it knows its partitions or not, as if by chance.
      if (partition !== undefined) {
        return request < startsUntil && randomness.integer(2) === 0 ? errorCodes.NOT_LEADER_OR_FOLLOWER : undefined;
      }
      if (randomness.integer(12) > 0) return undefined;
      rig.log.forgetProducers();
      rig.broker.restart();
      startsUntil = request + 8;
      return 'lost request';
    });
    await writeAll(rig, 400, 1, randomness);
    await rig.producer.flush();
    // What was stored and not answered before comes again.
    assert.deepEqual([...new Set(rig.log.values(0))], expected(400, 1, 0), `seed ${seed}`);
    await rig.producer.close();
  }
});

test('after an election lost acknowledged records a new epoch begins, and what follows is stored once', async (t) => {
  const rig = startRig(t, { batchBytesMax: 256 }, () => undefined);
  await writeAll(rig, 300, 1, seededRandomness(1));
  await rig.producer.flush();
  rig.log.truncate(0, 50);
  const kept = rig.log.values(0).length;
  for (let n = 0; n < 300; n++) rig.producer.write({ topic, value: `after ${n}` });
  await rig.producer.flush();
  assert.deepEqual(
    rig.log.values(0).slice(kept),
    Array.from({ length: 300 }, (_, n) => `after ${n}`),
  );
  assert.equal(rig.events.filter(({ event }) => event === 'producer_epoch_bumped').length, 1);
});

test('a batch refused for good leaves a gap that the next ones close under a new epoch', async (t) => {
  let refuse = true;
  const rig = startRig(t, { batchBytesMax: 256, lingerMs: 1 }, (_, partition) => {
    if (partition === undefined || !refuse) return undefined;
    refuse = false;
    return errorCodes.INVALID_RECORD;
  });
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) => rig.producer.send({ topic, value: String(n) })),
  );
  const failed = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
  assert.ok(failed.length > 0 && failed.length < 60, `${failed.length} failed`);
  assert.deepEqual(failed, [...failed.keys()], 'more than the first batch failed');
  assert.deepEqual(
    rig.log.values(0),
    Array.from({ length: 200 - failed.length }, (_, n) => String(n + failed.length)),
  );
});

test('a producer id that the broker does not take any more is replaced', async (t) => {
  let fenced = false;
  const rig = startRig(t, {}, (request, partition) => {
    if (partition === undefined || request !== 2 || fenced) return undefined;
    fenced = true;
    return errorCodes.INVALID_PRODUCER_EPOCH;
  });
  for (const value of ['a', 'b', 'c']) await rig.producer.send({ topic, value });
  assert.equal(fenced, true);
  assert.deepEqual(rig.log.values(0), ['a', 'b', 'c']);
});

for (const compression of ['none', 'zstd'] as const) {
  test(`without a producer id records fail with the reason, and the next try asks again: ${compression}`, async (t) => {
    const rig = startRig(t, { compression }, () => undefined);
    let errorCode: number = errorCodes.CLUSTER_AUTHORIZATION_FAILED;
    rig.broker.on(initProducerId, () => ({ throttleTimeMs: 0, errorCode, producerId: 7, producerEpoch: 0 }));
    const value = 'x'.repeat(100_000);
    await assert.rejects(rig.producer.send({ topic, value }), {
      code: 'delivery_failed',
      message: /ask for a producer id: CLUSTER_AUTHORIZATION_FAILED/,
    });
    errorCode = 0;
    assert.equal((await rig.producer.send({ topic, value })).offset, 0);
  });
}

test('without idempotence order is kept too, and records may come twice', async (t) => {
  const randomness = seededRandomness(7);
  const rig = startRig(t, { idempotent: false, batchBytesMax: 300 }, (_, partition) =>
    partition === undefined && randomness.integer(6) === 0 ? 'lost answer' : undefined,
  );
  await writeAll(rig, 500, 1, randomness);
  await rig.producer.flush();
  const values = rig.log.values(0).map(Number);
  assert.deepEqual(
    [...new Set(values)].sort((a, b) => a - b),
    [...Array(500).keys()],
  );
  assert.deepEqual([...new Set(values)], [...Array(500).keys()]);
});
