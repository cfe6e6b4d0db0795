import { batchHeader } from '@millrace/wire';

/** Stamps a batch with the time of its append, in milliseconds, as `message.timestamp.type=LogAppendTime` asks for. */
export function stampAppendTime(batch: Uint8Array, now: number): void {
  batchHeader.setLogAppendTime(batch, 0, now);
  batchHeader.updateCrc(batch, 0);
}
