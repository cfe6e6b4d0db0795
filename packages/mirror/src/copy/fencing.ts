/**
 * Makes this process the only one that can write under a transactional id, in every partition that matters.
 *
 * InitProducerId gives the id's producer a new epoch, but a partition's leader learns of it only from what is written
 * there: until then a process that had the id before could still append. So an empty transaction follows, whose commit
 * writes a marker of the new epoch into each partition; behind that marker the leader refuses older epochs
 * (INVALID_PRODUCER_EPOCH). EndTxn is answered before the markers are written, so whoever relies on a marker looks for
 * it in the partition itself.
 *
 * The requests are those of transactions before KIP-890, which all brokers from Kafka 2.1 on take, and which leave the
 * epoch as it is when the transaction ends. What is written after that is plain idempotent data, in no transaction.
 */
import type { TopicPartition } from '@millrace/client';
import {
  type CallBounds,
  type Cluster,
  isGap,
  leavesDoubt,
  noIdentity,
  type ProducerIdentity,
  transactionRequests,
} from '@millrace/client/protocol';
import { errorCodes, KafkaError } from '@millrace/wire';

/** Empty transactions are over in milliseconds; one that hangs is ended by the coordinator after this. */
const transactionTimeoutMs = 60_000;

/** How many partitions one request adds. */
const partitionsMax = 1000;

/**
 * Begins a new epoch of the transactional id and fences older ones in `partitions`. Rejects with `KafkaError`
 * (not authorized), or a retriable error when the cluster can't be asked within the bounds.
 */
export function takeOver(
  cluster: Cluster,
  transactionalId: string,
  partitions: readonly TopicPartition[],
  bounds: CallBounds,
): Promise<ProducerIdentity> {
  return withCoordinator(cluster, transactionalId, bounds, async (connection, timeoutMs) => {
    const { init } = transactionRequests;
    const identity = await init(connection, transactionalId, transactionTimeoutMs, noIdentity, timeoutMs);
    await writeMarkers(connection, transactionalId, identity, partitions, timeoutMs);
    return identity;
  });
}

/** Fences older epochs in further partitions. Rejects likewise, and when the id was taken over by another process. */
export function fence(
  cluster: Cluster,
  transactionalId: string,
  identity: ProducerIdentity,
  partitions: readonly TopicPartition[],
  bounds: CallBounds,
): Promise<void> {
  return withCoordinator(cluster, transactionalId, bounds, (connection, timeoutMs) =>
    writeMarkers(connection, transactionalId, identity, partitions, timeoutMs),
  );
}

/** Whether the error says that another process has taken over the transactional id. */
export function isFenced(error: unknown): boolean {
  return error instanceof KafkaError && fencedCodes.has(error.errorCode);
}

/** Whether the error leaves it unknown what of the partition is stored. */
export function leavesOpen(error: Error): boolean {
  return error instanceof KafkaError && (isGap(error.errorCode) || leavesDoubt(error.errorCode));
}

const fencedCodes: ReadonlySet<number> = new Set([
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.PRODUCER_FENCED,
  errorCodes.INVALID_PRODUCER_ID_MAPPING,
]);

type Connection = Parameters<typeof transactionRequests.init>[0];

async function writeMarkers(
  connection: Connection,
  transactionalId: string,
  identity: ProducerIdentity,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<void> {
  if (partitions.length === 0) return;
  const owner = { transactionalId, identity };
  for (let first = 0; first < partitions.length; first += partitionsMax) {
    const some = partitions.slice(first, first + partitionsMax);
    await transactionRequests.addPartitions(connection, owner, some, timeoutMs);
  }
  await transactionRequests.end(connection, owner, true, false, timeoutMs);
}

/** Has work done with the coordinator of a transactional id, found anew when a try fails. */
export function withCoordinator<T>(
  cluster: Cluster,
  transactionalId: string,
  bounds: CallBounds,
  work: (connection: Connection, timeoutMs: number) => Promise<T>,
): Promise<T> {
  return cluster.retrying(bounds, async (remainingMs) => {
    const timeoutMs = Math.min(remainingMs, cluster.settings.requestTimeoutMs);
    const node = await cluster.findCoordinator(transactionalId, 'transactional id', timeoutMs);
    return work(await cluster.pool.connect(node), timeoutMs);
  });
}
