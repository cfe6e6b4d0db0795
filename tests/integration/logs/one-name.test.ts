/** Two writers of one name fence each other, as they do who were started twice by mistake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineIntake } from '@millrace/pipelines';
import { startFixture } from '../client/client-fixture.ts';
import { assertEachOnce, storedBodies } from './stored-bodies.ts';

test('two collectors of one name take turns, and each line is stored once', async (t) => {
  const { client, connect } = await startFixture(t);
  const intakes = [client, connect()].map(
    (each) => new LineIntake({ client: each, name: 'one', deliveryTimeoutMs: 60_000 }),
  );
  const wanted: string[] = [];
  for (let round = 0; round < 8; round++) {
    await Promise.all(
      intakes.map(async (intake, n) => {
        const body = `line ${round} of ${n}`;
        wanted.push(body);
        const time = Date.now();
        assert.equal(await intake.store([{ time, received: time, body, labels: {} }]), 'stored');
      }),
    );
  }
  await Promise.all(intakes.map((intake) => intake.close()));
  assertEachOnce(await storedBodies(client), wanted);
});
