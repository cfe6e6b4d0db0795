import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import type { KafkaTransaction } from './kafka-transaction.ts';
import { TransactionAbortableError } from './transaction-errors.ts';
import { type RunnerParts, runInTransaction } from './transaction-runner.ts';

/** Its first transaction breaks in a way that doing the work again may cure; the next one can't begin. */
function parts(failure: Error, givenUp: () => void): RunnerParts {
  const broken = new TransactionAbortableError('id', true, 'a broker forgot it');
  let begun = 0;
  return {
    platform: nodePlatform,
    backoff: { retryBackoffMs: 1, retryBackoffMaxMs: 1 },
    isCommitting: () => false,
    begin: async () => {
      if (++begun > 1) throw failure;
      const transaction: Partial<KafkaTransaction> = {
        isOver: true,
        commit: () => Promise.reject(broken),
        giveUp: givenUp,
      };
      return transaction as KafkaTransaction;
    },
  };
}

test('consumers go back when work is not done again because no other transaction can begin', async () => {
  const failure = new Error('no coordinator');
  let givenUp = 0;
  const made = parts(failure, () => {
    givenUp++;
  });
  await assert.rejects(
    runInTransaction(made, async () => undefined, {}),
    (error) => error === failure,
  );
  assert.equal(givenUp, 1);
});

test('consumers of each attempt go back when the last one fails otherwise', async () => {
  const mine = new Error('mine');
  const givenUp: number[] = [];
  let begun = 0;
  const begin = async (): Promise<KafkaTransaction> => {
    const number = ++begun;
    const transaction: Partial<KafkaTransaction> = {
      isOver: true,
      commit: () => Promise.reject(new TransactionAbortableError('id', true, 'a broker forgot it')),
      giveUp: () => givenUp.push(number),
    };
    return transaction as KafkaTransaction;
  };
  const made = parts(mine, () => undefined);
  const work = async (): Promise<void> => {
    if (begun === 2) throw mine;
  };
  await assert.rejects(runInTransaction({ ...made, begin }, work, {}), (error) => error === mine);
  assert.deepEqual(givenUp, [1, 2]);
});

test('consumers go back when the caller gives up before the work is done again', async () => {
  const abort = new AbortController();
  let givenUp = 0;
  const made = parts(new Error('begun again'), () => {
    givenUp++;
  });
  const backoff = { retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 };
  const running = runInTransaction({ ...made, backoff }, async () => setImmediate(() => abort.abort()), {
    signal: abort.signal,
  });
  await assert.rejects(running, (error) => error === abort.signal.reason);
  assert.equal(givenUp, 1);
});
