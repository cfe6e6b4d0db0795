/** What an error of a produce request asks of the producer besides trying again. */
import { errorCodes } from '@millrace/wire';

const staleLeader: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.REPLICA_NOT_AVAILABLE,
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.FENCED_LEADER_EPOCH,
  errorCodes.UNKNOWN_LEADER_EPOCH,
  errorCodes.UNKNOWN_TOPIC_ID,
]);

/** After these the leader, or the one that took over from it, may have the batch all the same. */
const inDoubt: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_SERVER_ERROR,
  errorCodes.REQUEST_TIMED_OUT,
  errorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.DUPLICATE_SEQUENCE_NUMBER,
]);

/** Whether the broker's refusal leaves open that the batch is stored. */
export function leavesDoubt(errorCode: number): boolean {
  return inDoubt.has(errorCode);
}

/** Whether fresh metadata must tell who leads the partition. */
export function isStaleLeader(errorCode: number): boolean {
  return staleLeader.has(errorCode);
}

/** Whether the producer id is of no use any more, and another must be asked for. */
export function needsNewProducerId(errorCode: number): boolean {
  return errorCode === errorCodes.INVALID_PRODUCER_EPOCH || errorCode === errorCodes.INVALID_PRODUCER_ID_MAPPING;
}

/** Whether the broker saw a gap before the batch: it is surely not stored. */
export function isGap(errorCode: number): boolean {
  return errorCode === errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER || errorCode === errorCodes.UNKNOWN_PRODUCER_ID;
}
