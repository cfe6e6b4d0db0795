/** Error codes of the coordinator as clients of older versions of the protocol know them. */
import { errorCodes } from '@millrace/wire';

/** From this version on PRODUCER_FENCED is told by that name, before it as INVALID_PRODUCER_EPOCH (KIP-588). */
export const fencedVersions = { initProducerId: 4, others: 2 } as const;

/** Tells an older client that it was fenced. */
export function fencedError(errorCode: number, knowsFenced: boolean): number {
  return errorCode === errorCodes.PRODUCER_FENCED && !knowsFenced ? errorCodes.INVALID_PRODUCER_EPOCH : errorCode;
}

/** What a client knows by the version of the request in which it writes to a transaction (KIP-890). */
export interface WriterKnowledge {
  /** TRANSACTION_ABORTABLE. */
  readonly abortable: boolean;
  /** That partitions and groups are added as they are written to, which may have to wait for the last transaction. */
  readonly implicitAdd: boolean;
  /** What stands for errors that go away: one that makes the client ask again without looking for another broker. */
  readonly retryAs: number;
}

/** Tells a producer why its batch or offsets were not taken into the transaction. */
export function writerError(errorCode: number, knowledge: WriterKnowledge): number {
  switch (errorCode) {
    case errorCodes.PRODUCER_FENCED:
      return errorCodes.INVALID_PRODUCER_EPOCH;
    case errorCodes.TRANSACTION_ABORTABLE:
      return knowledge.abortable ? errorCode : errorCodes.INVALID_TXN_STATE;
    case errorCodes.CONCURRENT_TRANSACTIONS:
      return knowledge.implicitAdd ? errorCode : knowledge.retryAs;
    case errorCodes.COORDINATOR_NOT_AVAILABLE:
      return knowledge.retryAs;
    default:
      return errorCode;
  }
}
