/** What an error of a partition's fetch asks for. */
import { errorCodes, errorRow } from '@millrace/wire';

/**
 * `reset`: the offset is not there; `refresh`: metadata, then again; `again`: after a pause; `fatal`: tell the user.
 */
export type FetchRemedy = 'reset' | 'refresh' | 'again' | 'fatal';

const refreshing: ReadonlySet<number> = new Set([
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.REPLICA_NOT_AVAILABLE,
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.FENCED_LEADER_EPOCH,
  errorCodes.UNKNOWN_LEADER_EPOCH,
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.UNKNOWN_TOPIC_ID,
  errorCodes.INCONSISTENT_TOPIC_ID,
  errorCodes.OFFSET_NOT_AVAILABLE,
]);

export function remedyOf(errorCode: number): FetchRemedy {
  if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) return 'reset';
  if (refreshing.has(errorCode)) return 'refresh';
  return errorRow(errorCode).retriable || errorCode === errorCodes.UNKNOWN_SERVER_ERROR ? 'again' : 'fatal';
}
