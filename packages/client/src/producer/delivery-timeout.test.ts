import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, nodePlatform } from '@millrace/base';
import { errorCodes, type KafkaError } from '@millrace/wire';
import type { DeliveryError } from '../errors.ts';
import { startRig, topic } from '../testing/producer-rig.ts';
import { producerSettings } from './producer-settings.ts';

test('a failing batch ends at its delivery timeout, and the ones behind it are still stored', async (t) => {
  let failing = true;
  const rig = startRig(t, { deliveryTimeoutMs: 1_000 }, (_, partition) =>
    partition !== undefined && failing ? errorCodes.NOT_ENOUGH_REPLICAS : undefined,
  );
  await assert.rejects(rig.producer.send({ topic, value: 'lost' }), {
    code: 'delivery_timeout',
    maybeStored: false,
    message: /NOT_ENOUGH_REPLICAS: fewer replicas are in sync/,
  });
  failing = false;
  assert.equal((await rig.producer.send({ topic, value: 'stored' })).offset, 0);
  assert.deepEqual(rig.log.values(0), ['stored']);
});

test('what a broker last answered is why a record timed out, though the last attempt had no answer', async (t) => {
  const rig = startRig(t, { deliveryTimeoutMs: 1_500 }, (request, partition) => {
    if (request > 1) return 'silence';
    return partition === undefined ? undefined : errorCodes.NOT_ENOUGH_REPLICAS;
  });
  await assert.rejects(rig.producer.send({ topic, value: 'lost' }), (error) => {
    assert.ok(isMillraceError(error, 'delivery_timeout'));
    assert.match(error.message, /NOT_ENOUGH_REPLICAS: .* after this answer: Produce: no answer from broker:9092/);
    assert.equal((error.cause as KafkaError).errorName, 'NOT_ENOUGH_REPLICAS');
    assert.equal((error as DeliveryError).maybeStored, true);
    return true;
  });
});

for (const leftMs of [1, 99]) {
  test(`a batch with ${leftMs} ms left is given up instead of sent again, so that its outcome is known`, async (t) => {
    let passedMs = 0;
    const { clock } = nodePlatform;
    const rig = startRig(
      t,
      {
        deliveryTimeoutMs: 60_000,
        clock: { now: () => clock.now(), monotonic: () => clock.monotonic() + passedMs },
      },
      (_, partition) => {
        if (partition === undefined) return undefined;
        // Time that the broker took.
        passedMs = 60_000 - leftMs;
        return errorCodes.NOT_ENOUGH_REPLICAS;
      },
    );
    await assert.rejects(rig.producer.send({ topic, value: 'late' }), {
      code: 'delivery_timeout',
      maybeStored: false,
      message: /NOT_ENOUGH_REPLICAS/,
    });
    assert.equal(rig.requests, 1);
  });
}

test('a batch that waited for its turn until hardly any time was left is not sent at all', async (t) => {
  let passedMs = 0;
  const { clock } = nodePlatform;
  const rig = startRig(
    t,
    { deliveryTimeoutMs: 60_000, clock: { now: () => clock.now(), monotonic: () => clock.monotonic() + passedMs } },
    () => undefined,
  );
  await rig.producer.send({ topic, value: 'first' });
  rig.producer.write({ topic, value: 'late' });
  passedMs = 59_950;
  await assert.rejects(rig.producer.flush(), {
    code: 'delivery_timeout',
    maybeStored: false,
    message: /it was never sent/,
  });
  assert.deepEqual(rig.log.values(0), ['first']);
});

test('a linger that leaves no time to deliver is refused where it is given', () => {
  assert.throws(() => producerSettings({ lingerMs: 950, deliveryTimeoutMs: 1_000 }), {
    code: 'invalid_option',
    message: 'lingerMs is 950, which leaves no time to deliver within deliveryTimeoutMs (1000); make it smaller',
  });
});
