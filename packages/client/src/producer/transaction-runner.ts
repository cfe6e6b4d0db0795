/** Work that is done in a transaction, again where the transaction broke by itself. */
import { isMillraceError, type Platform, sleep } from '@millrace/base';
import { type BackoffOptions, backoffMs } from '../backoff.ts';
import type { Transaction, TransactionOptions } from '../producer.ts';
import { integerOption } from '../settings.ts';
import type { KafkaTransaction } from './kafka-transaction.ts';

export interface RunnerParts {
  readonly platform: Platform;
  readonly backoff: BackoffOptions;
  /** Begins a transaction whose consumers are told of an abort by `giveUp` alone. */
  readonly begin: (options: TransactionOptions) => Promise<KafkaTransaction>;
  /** Whether the coordinator is asked to commit and has not answered yet. */
  readonly isCommitting: () => boolean;
}

export async function runInTransaction<Result>(
  parts: RunnerParts,
  work: (transaction: Transaction) => Promise<Result>,
  options: TransactionOptions,
): Promise<Result> {
  const attemptsMax = integerOption('attemptsMax', options.attemptsMax, 5, 1, 2 ** 31 - 1);
  const { platform, backoff } = parts;
  /** Consumers that gave offsets to any of them must go back when none is committed. */
  const begun: KafkaTransaction[] = [];
  try {
    for (let attempts = 1; ; attempts++) {
      const transaction = await parts.begin(options);
      begun.push(transaction);
      try {
        const result = await work(transaction);
        await transaction.commit(options);
        return result;
      } catch (error) {
        const again = await undo(parts, transaction, error, options);
        if (!again || attempts >= attemptsMax || options.signal?.aborted) throw error;
        await sleep(platform.timers, backoffMs(backoff, attempts, platform.randomness), options.signal);
      }
    }
  } catch (error) {
    for (const transaction of begun) transaction.giveUp();
    throw error;
  }
}

/** Aborts what failed, and answers whether its work may be done again. */
async function undo(
  parts: RunnerParts,
  transaction: KafkaTransaction,
  error: unknown,
  { timeoutMs }: TransactionOptions,
): Promise<boolean> {
  if (transaction.isOver) return isMillraceError(error, 'transaction_abortable') && error.retriable;
  const { isRepeatable } = transaction;
  // Where the outcome is not known yet there is nothing to undo.
  if (parts.isCommitting()) return false;
  try {
    await transaction.abort({ timeoutMs });
  } catch (abortError) {
    // What the work ran into says more; the next transaction tells if this producer is of no use any more.
    if (!isMillraceError(abortError)) throw abortError;
    return false;
  }
  return isRepeatable;
}
