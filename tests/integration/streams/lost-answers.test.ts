/**
 * The answer to one step of a commit is lost: the step was done, and the job does not know. Once, so that it asks
 * again; and for the last step again and again, until the job has given up asking whether it has committed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { type Client, int64, text, topic, unwrap } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { type JobEvent, startJob, topology } from '@millrace/streams';
import {
  type Api,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  produce,
  txnOffsetCommit,
} from '@millrace/wire';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { FaultyNetwork } from './faulty-network.ts';

async function counts(client: Client, name: string): Promise<number[]> {
  const described = topic(name, { key: text, value: int64 });
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  const found: number[] = [];
  for await (const batch of consumer) for (const { value } of batch) found.push(value);
  return found;
}

/** A job that counts, on a network of its own, and what it tells. */
async function startCounting(t: TestContext, kind: 1 | 2) {
  const fixture = await startFixture(t);
  const firstKind = { feature: 'transaction.version', level: 0, change: 'unsafe-downgrade' } as const;
  if (kind === 1) unwrap(await fixture.admin.updateFeatures([firstKind]));
  const directory = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [from, to] = [await fixture.createTopic(1), await fixture.createTopic(1)];
  const made = topology(uniqueName('lost'));
  const source = made.source(topic(from, { key: text, value: text }));
  source.count('counts').to(topic(to, { key: text, value: int64 }));
  const network = new FaultyNetwork();
  const client = fixture.connect({ platform: { ...nodePlatform, network }, requestTimeoutMs: 2_000 });
  const state = openOrderedStore({ directory });
  const events: JobEvent[] = [];
  const job = await startJob(made, {
    ...{ client, state, commitIntervalMs: 20, transactionTimeoutMs: 1_000 },
    ...{ sessionTimeoutMs: 10_000, heartbeatIntervalMs: 100 },
    report: (event) => void events.push(event),
  });
  t.after(async () => {
    await job.close().catch(() => undefined);
    await state.close();
  });
  const producer = fixture.client.producer();
  let written = 0;
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) producer.write({ topic: from, key: 'k', value: '' });
    written += count;
    await producer.flush();
  };
  const expectExact = async (): Promise<void> => {
    await until(async () => (await counts(fixture.client, to)).length >= written, 30_000);
    assert.deepEqual(
      await counts(fixture.client, to),
      Array.from({ length: written }, (_, n) => n + 1),
    );
  };
  return { network, events, write, expectExact };
}

const steps: readonly (readonly [Api, 1 | 2])[] = [
  [addPartitionsToTxn, 1],
  [addOffsetsToTxn, 1],
  [txnOffsetCommit, 1],
  [endTxn, 1],
  [produce, 2],
  [txnOffsetCommit, 2],
  [endTxn, 2],
];

for (const [api, kind] of steps) {
  test(`records count once when the answer to ${api.name} is lost (transactions of kind ${kind})`, async (t) => {
    const { network, write, expectExact } = await startCounting(t, kind);
    await write(10);
    await expectExact();
    for (let round = 0; round < 5; round++) {
      network.loseAnswers(api, 1);
      await write(10);
      await until(() => network.left === 0, 20_000);
      await write(10);
      await expectExact();
    }
  });
}

test('records count once when nobody ever answers whether they were committed', async (t) => {
  const { network, events, write, expectExact } = await startCounting(t, 2);
  await write(10);
  await expectExact();
  network.loseAnswers(endTxn, Number.POSITIVE_INFINITY);
  await write(10);
  await until(() => events.some(({ event }) => event === 'transaction_given_up'), 30_000);
  network.loseAnswers(initProducerId, 1);
  await write(10);
  await expectExact();
});
