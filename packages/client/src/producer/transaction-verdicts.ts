/** What an error means for a transaction, by the request that it answers (KIP-360, KIP-588, KIP-890, KIP-1050). */
import { errorCodes, errorRow } from '@millrace/wire';

export type TransactionRequest =
  | 'Produce'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'TxnOffsetCommit'
  | 'EndTxn';

/**
 * `again`: after a pause, perhaps elsewhere; `abort`: the transaction can only be aborted; `renew`: likewise, and the
 * epoch is in doubt; `forgotten`: likewise, and the coordinator does not know the producer any more; `fenced`: another
 * producer took over; `fatal`: no use.
 */
export type TransactionVerdict = 'again' | 'abort' | 'renew' | 'forgotten' | 'fenced' | 'fatal';

const fatal: ReadonlySet<number> = new Set([
  errorCodes.CLUSTER_AUTHORIZATION_FAILED,
  errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  errorCodes.UNSUPPORTED_VERSION,
  errorCodes.UNSUPPORTED_FOR_MESSAGE_FORMAT,
]);

const abortable: ReadonlySet<number> = new Set([
  errorCodes.TRANSACTION_ABORTABLE,
  errorCodes.OPERATION_NOT_ATTEMPTED,
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorCodes.GROUP_AUTHORIZATION_FAILED,
  errorCodes.FENCED_INSTANCE_ID,
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.ILLEGAL_GENERATION,
  errorCodes.FENCED_MEMBER_EPOCH,
  errorCodes.STALE_MEMBER_EPOCH,
]);

/** Errors after which the same work may succeed in a new transaction, though repeating the request is of no use. */
const repeatable: ReadonlySet<number> = new Set([
  errorCodes.TRANSACTION_ABORTABLE,
  errorCodes.OPERATION_NOT_ATTEMPTED,
  errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  errorCodes.UNKNOWN_PRODUCER_ID,
  errorCodes.INVALID_PRODUCER_ID_MAPPING,
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.INVALID_TXN_STATE,
  errorCodes.ILLEGAL_GENERATION,
  errorCodes.STALE_MEMBER_EPOCH,
]);

export function transactionVerdict(request: TransactionRequest, errorCode: number): TransactionVerdict {
  if (errorCode === errorCodes.PRODUCER_FENCED) return 'fenced';
  if (fatal.has(errorCode)) return 'fatal';
  const isProduce = request === 'Produce';
  switch (errorCode) {
    // Of a partition's leader it may come from a transaction that timed out: the coordinator tells which it is.
    case errorCodes.INVALID_PRODUCER_EPOCH:
      return isProduce ? 'renew' : 'fenced';
    case errorCodes.INVALID_TXN_STATE:
      return isProduce || request === 'EndTxn' ? 'renew' : 'fatal';
    case errorCodes.INVALID_PRODUCER_ID_MAPPING:
      return request === 'InitProducerId' ? 'fatal' : 'forgotten';
    case errorCodes.UNKNOWN_PRODUCER_ID:
      if (isProduce) return 'renew';
      return request === 'InitProducerId' ? 'fatal' : 'forgotten';
  }
  if (isProduce) return 'renew';
  if (errorRow(errorCode).retriable) return 'again';
  return abortable.has(errorCode) && request !== 'InitProducerId' ? 'abort' : 'fatal';
}

/** Whether doing the work again in a new transaction may help after an error that ended one. */
export function isRepeatable(errorCode: number): boolean {
  return repeatable.has(errorCode) || errorRow(errorCode).retriable;
}
