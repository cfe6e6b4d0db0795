import { batchHeader } from '@millrace/wire';

/** Stamps a batch with the time of its append, in milliseconds, as `message.timestamp.type=LogAppendTime` asks for. */
export function stampAppendTime(batch: Uint8Array, now: number): void {
  batchHeader.setLogAppendTime(batch, 0, now);
  batchHeader.updateCrc(batch, 0);
}

/** Takes back what a producer may not say, that its records have the time of their append. */
export function withoutAppendTime(batch: Uint8Array): void {
  const attributes = batchHeader.attributes(batch, 0);
  if ((attributes & batchHeader.batchAttributeBits.logAppendTime) === 0) return;
  new DataView(batch.buffer, batch.byteOffset).setInt16(
    batchHeader.batchHeaderLayout.attributes,
    attributes & ~batchHeader.batchAttributeBits.logAppendTime,
  );
  batchHeader.updateCrc(batch, 0);
}
