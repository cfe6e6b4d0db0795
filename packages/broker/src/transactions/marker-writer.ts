/** Appends the markers that end transactions to partitions' logs. */
import { buildControlBatch, errorCodes } from '@millrace/wire';
import type { Partition } from '../topics/partition.ts';

/** How a producer's transaction ends in a partition. */
export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Absent in markers of the cluster's one coordinator: nothing ever replaces it, so nothing may fence it. */
  readonly coordinatorEpoch?: number;
  readonly commit: boolean;
}

/**
 * Appends a marker behind everything that the producer has appended so far. Resolves once it is written, with the error
 * code that refuses it or 0; rejects when the disk fails.
 */
export async function writeMarker(partition: Partition, marker: Marker, timestamp: number): Promise<number> {
  const { producerId, producerEpoch, commit } = marker;
  const log = partition.openLog();
  // An operator's marker may have a greater epoch than 0, which is the coordinator's own.
  const coordinatorEpoch = marker.coordinatorEpoch ?? Math.max(0, log.producers.get(producerId)?.coordinatorEpoch ?? 0);
  const refusal = log.producers.checkMarker(producerId, producerEpoch, coordinatorEpoch);
  if (refusal !== errorCodes.NONE) return refusal;
  const { baseOffset, written } = log.append(
    buildControlBatch({
      type: commit ? 'commit' : 'abort',
      coordinatorEpoch,
      producerId,
      producerEpoch,
      timestamp,
    }),
    partition.leaderEpoch,
  );
  const { writtenTo, failure } = await written;
  if (baseOffset >= writtenTo) throw failure;
  return errorCodes.NONE;
}
