/** What EndTxn may do in each state: end the transaction, nothing because that was done before, or be refused. */
import { errorCodes } from '@millrace/wire';
import type { ProducerIdentity } from './next-facts.ts';
import { epochMax, type Transaction, type TransactionFacts } from './transaction.ts';

/** To be done with a request, or the error code that refuses it; 0 when it is done already. */
export type EndDecision = 'end' | number;

/**
 * `bumpsEpoch`: the client expects a new epoch with each transaction (EndTxn 5), so that the epoch tells whether it
 * asks again for the end of the last transaction or for that of the next one.
 */
export function decideEnd(
  transaction: Transaction,
  producer: ProducerIdentity,
  commit: boolean,
  bumpsEpoch: boolean,
): EndDecision {
  const { facts } = transaction;
  const isRetry = bumpsEpoch && facts.bumpsEpoch && isRepeated(facts, producer);
  if (facts.producerId !== producer.producerId && !isRetry) return errorCodes.INVALID_PRODUCER_ID_MAPPING;
  if (!isRetry && (producer.epoch !== facts.epoch || (transaction.isEnding && bumpsEpoch && facts.bumpsEpoch))) {
    return errorCodes.PRODUCER_FENCED;
  }
  if (isRetry && (facts.state === 'Ongoing' || facts.state === 'Empty')) return errorCodes.PRODUCER_FENCED;
  if (transaction.isChanging || transaction.adding > 0) return errorCodes.CONCURRENT_TRANSACTIONS;
  if (facts.state === 'Ongoing') return 'end';
  if (bumpsEpoch && !isRetry) return commit ? errorCodes.INVALID_TXN_STATE : 'end';
  const done = commit ? 'CompleteCommit' : 'CompleteAbort';
  return facts.state === done ? errorCodes.NONE : errorCodes.INVALID_TXN_STATE;
}

/** Whether the client has the identity from before the end of its last transaction. */
function isRepeated(facts: TransactionFacts, { producerId, epoch }: ProducerIdentity): boolean {
  if (facts.producerId === producerId && facts.epoch === epoch + 1) return true;
  return facts.previousProducerId === producerId && epoch === epochMax - 1 && facts.epoch === 0;
}
