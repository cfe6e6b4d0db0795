/** What a broker may answer while something is wrong, after which the same request is worth another try. */
import { errorCodes } from '@millrace/wire';

const passing: ReadonlySet<number> = new Set([
  // The drive fails or is full; when it has recovered, everything must be there.
  errorCodes.KAFKA_STORAGE_ERROR,
  // A broker is stopped, and what it led or coordinated is elsewhere or nowhere.
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.NOT_ENOUGH_REPLICAS,
  errorCodes.NOT_COORDINATOR,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
]);

export function isPassing(errorCode: number): boolean {
  return passing.has(errorCode);
}
