/** A producer that is closed before everything is acknowledged, because its owner does not wait for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeliveryError } from '../errors.ts';
import type { Delivery } from '../producer.ts';
import { startRig, topic } from '../testing/producer-rig.ts';

for (const compression of ['none', 'gzip'] as const) {
  test(`what was sent may be stored, what was not sent is not (compression ${compression})`, async (t) => {
    const told: Delivery[] = [];
    const onDelivery = (delivery: Delivery): void => void told.push(delivery);
    const rig = startRig(
      t,
      { compression, lingerMs: 0, maxInFlight: 1, idempotent: false, onDelivery },
      () => 'silence',
    );
    const value = 'x'.repeat(100_000);
    rig.producer.write({ topic, value });
    while (rig.requests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const late = rig.producer.send({ topic, value });
    const rejected = assert.rejects(late, { code: 'delivery_failed', maybeStored: false });
    const giveUp = new AbortController();
    const closing = rig.producer.close({ signal: giveUp.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(told.length, 0, 'it waits until it is told not to');
    giveUp.abort();
    await closing;
    await rejected;
    assert.deepEqual(
      told.map(({ error, recordCount }) => [(error as DeliveryError).maybeStored, recordCount]),
      [
        [true, 1],
        [false, 1],
      ],
    );
    assert.equal(rig.producer.bufferedBytes, 0);
  });
}

test('a failure that nobody was told of is told by closing', async (t) => {
  const rig = startRig(t, {}, () => 'silence');
  rig.producer.write({ topic, value: 'lost' });
  while (rig.requests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(rig.producer.close({ signal: AbortSignal.abort() }), { code: 'delivery_failed' });
});

test('an observer hears of deliveries and leaves their failures to flush', async (t) => {
  const seen: (string | undefined)[] = [];
  const observe = ({ error, begunAtMs }: Delivery): void => {
    assert.ok(begunAtMs <= performance.now());
    seen.push((error as DeliveryError | undefined)?.code);
  };
  let fails = false;
  const rig = startRig(t, { observe, deliveryTimeoutMs: 300 }, () => (fails ? 'lost request' : undefined));
  await rig.producer.send({ topic, value: 'well' });
  fails = true;
  rig.producer.write({ topic, value: 'lost' });
  await assert.rejects(rig.producer.flush(), { code: 'delivery_timeout' });
  assert.deepEqual(seen, [undefined, 'delivery_timeout']);
});
