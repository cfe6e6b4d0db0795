/** What clients are told when the broker could not write what they asked for. */
import { DiskError } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { JournalClosedError, JournalEntryTooLargeError } from './journal/journal-error.ts';

/** Why a request could not be done, as its answer says it. */
export interface Refusal {
  readonly errorCode: number;
  readonly message: string;
}

/**
 * Does what changes the cluster's state; answers undefined, or a refusal when the disk failed. Rejects with any other
 * error.
 */
export async function refusalOfStorage(change: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await change();
    return undefined;
  } catch (error) {
    if (error instanceof JournalEntryTooLargeError) {
      return { errorCode: errorCodes.INVALID_REQUEST, message: error.message };
    }
    if (!(error instanceof DiskError || error instanceof JournalClosedError)) throw error;
    return { errorCode: errorCodes.KAFKA_STORAGE_ERROR, message: error.message };
  }
}
