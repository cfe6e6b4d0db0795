import { batchHeader } from '@millrace/wire';

const { deleteHorizon, transactional } = batchHeader.batchAttributeBits;

/**
 * Makes an outgoing batch one of the given producer's, in place: sets producer id, epoch and first sequence number,
 * clears the transactional and the delete-horizon bit, and sets base offset 0, as brokers ask of a producer's batch.
 *
 * The checksum follows without reading the records, so that bytes damaged on the way here are still refused by the
 * target. A delete horizon stands where the base timestamp does, and the records' deltas refer to it (KIP-534), so
 * without its bit it is simply their base. Retries send the same bytes again: adopt a batch once, not once a try.
 */
export function adoptBatch(bytes: Uint8Array, producerId: number, epoch: number, sequence: number): void {
  const before = batchHeader.headerCrc(bytes, 0);
  batchHeader.setProducer(bytes, 0, producerId, epoch, sequence);
  batchHeader.setAttributes(bytes, 0, batchHeader.attributes(bytes, 0) & ~(deleteHorizon | transactional));
  batchHeader.adjustCrc(bytes, 0, before);
  batchHeader.setBaseOffset(bytes, 0, 0);
  batchHeader.setPartitionLeaderEpoch(bytes, 0, -1);
}
