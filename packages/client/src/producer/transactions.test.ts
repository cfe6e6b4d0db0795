/**
 * Each request of a transaction is answered once with each error there is, on clusters of both kinds. Whatever comes:
 * the caller is told one of the documented errors or nothing, a coordinator is never asked to commit what failed, and
 * the producer goes on with a next transaction unless it said that it is of no use any more.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { errorCodes, errorRow, KafkaError } from '@millrace/wire';
import type { Producer } from '../producer.ts';
import { ScriptedCoordinator, whole, work } from '../testing/scripted-coordinator.ts';
import { ProducerFencedError } from './transaction-errors.ts';
import { isRepeatable, type TransactionRequest, transactionVerdict } from './transaction-verdicts.ts';

const requests: readonly TransactionRequest[] = [
  'Produce',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
];

for (const isV2 of [false, true]) {
  for (const request of requests) {
    if (isV2 && request.startsWith('Add')) continue;
    test(`each error of ${request} has its documented outcome (transactions ${isV2 ? 2 : 1})`, async (t) => {
      for (const [name, errorCode] of Object.entries(errorCodes)) {
        if (errorCode === 0) continue;
        // Not errors for producers: they mean that the batch is stored, or is to be halved.
        if (request === 'Produce' && name === 'DUPLICATE_SEQUENCE_NUMBER') continue;
        const coordinator = new ScriptedCoordinator(t, isV2);
        const producer = coordinator.client.producer({ transactionalId: 'id', maxInFlight: 1 });
        coordinator.errors.set(request, [errorCode]);
        const outcome = await work(producer, 'first').then(
          () => undefined,
          (error: unknown) => error,
        );
        await judge(coordinator, producer, outcome, request, errorCode, `${request} ${name}`);
        await coordinator.client.close();
      }
    });

    test(`an answer to ${request} that is lost changes nothing (transactions ${isV2 ? 2 : 1})`, async (t) => {
      const coordinator = new ScriptedCoordinator(t, isV2);
      const producer = coordinator.client.producer({ transactionalId: 'id' });
      await work(producer, 'zero');
      coordinator.lostAnswers.add(request);
      await work(producer, 'first');
      await work(producer, 'second');
      const seen = coordinator.committed.map((values) => [...new Set(values)].sort());
      assert.deepEqual(seen, ['zero', 'first', 'second'].map(whole));
    });
  }
}

/** Whether a batch's error is repeated until it passes rather than ending the transaction. */
function passes(request: TransactionRequest, errorCode: number): boolean {
  if (request !== 'Produce') return transactionVerdict(request, errorCode) === 'again';
  return errorRow(errorCode).retriable;
}

async function judge(
  coordinator: ScriptedCoordinator,
  producer: Producer,
  outcome: unknown,
  request: TransactionRequest,
  errorCode: number,
  what: string,
): Promise<void> {
  const verdict = transactionVerdict(request, errorCode);
  const seen = (): string[][] => coordinator.committed.map((values) => [...values].sort());
  if (passes(request, errorCode)) {
    assert.equal(outcome, undefined, `${what}: ${String(outcome)}`);
    assert.deepEqual(seen(), [whole('first')], what);
  } else if (verdict === 'fenced' || verdict === 'fatal') {
    const expected = verdict === 'fenced' ? ProducerFencedError : KafkaError;
    assert.ok(outcome instanceof expected, `${what}: ${String(outcome)}`);
    assert.deepEqual(seen(), [], what);
    await assert.rejects(work(producer, 'second'), (error) => error === outcome, what);
    assert.deepEqual(seen(), [], what);
    return;
  } else {
    assert.ok(isMillraceError(outcome, 'transaction_abortable'), `${what}: ${String(outcome)}`);
    assert.equal(outcome.retriable, isRepeatable(errorCode), what);
    assert.deepEqual(seen(), [], what);
    assert.ok(request === 'EndTxn' || !coordinator.asked.includes('commit'), `${what}: ${coordinator.asked.join()}`);
  }
  const before = seen();
  await work(producer, 'second');
  assert.deepEqual(seen(), [...before, whole('second')], `${what}: ${coordinator.asked.join()}`);
}
