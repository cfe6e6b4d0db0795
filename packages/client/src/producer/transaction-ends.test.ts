/** Commits and aborts whose outcome is in doubt, and who hears what of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectError } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { OffsetsInTransaction } from '../consumer.ts';
import { ScriptedCoordinator, work } from '../testing/scripted-coordinator.ts';

/** A consumer that gives its offsets, and writes down what it hears of them. */
function taker(heard: string[]): OffsetsInTransaction {
  return {
    groupOffsets: () => ({ group: 'g', offsets: [{ topic: 'lines', partition: 0, offset: 5 }] }),
    offsetsSettled: (_offsets, outcome) => heard.push(outcome),
  };
}

test('a commit that is not answered in time tells consumers that its outcome is unknown', async (t) => {
  const coordinator = new ScriptedCoordinator(t, true);
  const producer = coordinator.client.producer({ transactionalId: 'id' });
  const heard: string[] = [];
  await work(producer, 'zero');
  coordinator.errors.set('EndTxn', Array<number>(10_000).fill(errorCodes.CONCURRENT_TRANSACTIONS));
  const slow = producer.transaction((transaction) => transaction.sendOffsets(taker(heard)), { timeoutMs: 100 });
  await assert.rejects(slow, { retriable: true });
  assert.deepEqual(heard, ['unknown']);
  coordinator.errors.clear();
  await producer.transaction((transaction) => transaction.sendOffsets(taker(heard)));
  assert.deepEqual(heard, ['unknown', 'committed']);
});

for (const isCommit of [true, false]) {
  const what = isCommit ? 'commit' : 'abort';
  test(`a producer that is locked out during a ${what} is of no use any more, and says so`, async (t) => {
    const coordinator = new ScriptedCoordinator(t, true);
    const producer = coordinator.client.producer({ transactionalId: 'id' });
    const heard: string[] = [];
    const transaction = await producer.begin();
    await transaction.sendOffsets(taker(heard));
    coordinator.lostAnswers.add('EndTxn');
    const refused = new ConnectError({ host: 'broker', port: 9092 }, 'not trusted', undefined, 'tls_refused');
    coordinator.connectError = refused;
    await assert.rejects(isCommit ? transaction.commit() : transaction.abort(), (error) => error === refused);
    assert.deepEqual(heard, ['unknown']);
    coordinator.connectError = undefined;
    await assert.rejects(producer.begin(), (error) => error === refused);
  });
}

test('who ends a transaction while its failed commit is under way waits for that', async (t) => {
  const coordinator = new ScriptedCoordinator(t, true);
  const producer = coordinator.client.producer({ transactionalId: 'id' });
  const transaction = await producer.begin();
  const busy = Array<number>(30).fill(errorCodes.COORDINATOR_LOAD_IN_PROGRESS);
  coordinator.errors.set('TxnOffsetCommit', [errorCodes.ILLEGAL_GENERATION, ...busy]);
  const aborts = { code: 'transaction_abortable' } as const;
  const outcomes: Promise<unknown>[] = [
    assert.rejects(transaction.sendOffsets(taker([])), aborts),
    transaction.sendOffsets(taker([])).catch(() => undefined),
    assert.rejects(transaction.commit(), aborts),
  ];
  const offsets = (): number => coordinator.asked.filter((request) => request === 'TxnOffsetCommit').length;
  while (offsets() < 5) await new Promise((resolve) => setImmediate(resolve));
  outcomes.push(assert.rejects(transaction.commit(), aborts), transaction.abort());
  await Promise.all(outcomes);
  assert.deepEqual(
    coordinator.asked.filter((request) => request === 'commit' || request === 'abort'),
    ['abort'],
  );
  await work(producer, 'next');
});
