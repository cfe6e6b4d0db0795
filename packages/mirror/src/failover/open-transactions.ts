/** Sees to it that no transaction is open on partitions that nobody may write to any more. */
import { sleep } from '@millrace/base';
import { type Admin, type TopicPartition, unwrap } from '@millrace/client';
import { type CallBounds, type Cluster, type EndKind, resolveOffsets } from '@millrace/client/protocol';
import { FailoverError } from './failover-errors.ts';

const pauseMs = 200;

interface OpenTransaction extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  /** Undefined when no coordinator knows it. */
  readonly transactionalId: string | undefined;
}

/**
 * Resolves with how many were aborted, once no transaction is open and all that was written is on all replicas in
 * sync. Waits `withinMs` for that; then transactions that are left are aborted, or named by a `FailoverError`. Rejects
 * also as the client does.
 */
export async function settleTransactions(
  cluster: Cluster,
  admin: Admin,
  places: readonly TopicPartition[],
  withinMs: number,
  isToAbort: boolean,
  bounds: CallBounds,
): Promise<number> {
  if (await areDecided(cluster, places, withinMs, bounds)) return 0;
  const open = await openTransactions(admin, places, bounds);
  if (open.length === 0) {
    if (await areDecided(cluster, places, 0, bounds)) return 0;
    const message = `replicas on the source have not caught up with their leaders after ${withinMs} ms`;
    throw new FailoverError('failover_transactions_open', `${message}; begin again when that cluster is well`);
  }
  if (!isToAbort) {
    const named = open.slice(0, 5).map(({ topic, partition, transactionalId, producerId }) => {
      const who = transactionalId === undefined ? `producer ${producerId}` : `transactional id ${transactionalId}`;
      return `${who} at ${topic} [${partition}]`;
    });
    const message = `${open.length} transactions are still open after ${withinMs} ms: ${named.join(', ')}`;
    throw new FailoverError('failover_transactions_open', `${message}; end these producers, or have them aborted`);
  }
  await abortAll(admin, open, bounds);
  if (await areDecided(cluster, places, withinMs, bounds)) return open.length;
  const message = `transactions are still open ${withinMs} ms after they were aborted; begin again`;
  throw new FailoverError('failover_transactions_open', message);
}

async function areDecided(
  cluster: Cluster,
  places: readonly TopicPartition[],
  withinMs: number,
  bounds: CallBounds,
): Promise<boolean> {
  const { clock, timers } = cluster.settings.platform;
  const deadline = clock.monotonic() + withinMs;
  for (;;) {
    const ends = await endsOf(cluster, places, 'log', bounds);
    const stable = await endsOf(cluster, places, 1, bounds);
    if (ends.every((end, place) => stable[place] === end)) return true;
    if (clock.monotonic() > deadline) return false;
    await sleep(timers, pauseMs, bounds.signal);
  }
}

/** Ends that `kind` tells of. Rejects as the client does. */
export async function endsOf(
  cluster: Cluster,
  places: readonly TopicPartition[],
  kind: EndKind,
  bounds: CallBounds,
): Promise<number[]> {
  const questions = places.map((place) => ({ ...place, at: 'latest' as const }));
  const results = await resolveOffsets(cluster, questions, bounds, kind);
  return results.map((result) => {
    if (result.error !== undefined) throw result.error;
    return result.value.offset;
  });
}

async function openTransactions(
  admin: Admin,
  places: readonly TopicPartition[],
  bounds: CallBounds,
): Promise<OpenTransaction[]> {
  const described = unwrap(await admin.describeProducers(places, bounds));
  const open = described.flatMap(({ topic, partition, producers }) =>
    producers
      .filter(({ transactionStartOffset }) => transactionStartOffset !== undefined)
      .map(({ producerId, producerEpoch, coordinatorEpoch }) => {
        return { topic, partition, producerId, producerEpoch, coordinatorEpoch };
      }),
  );
  const producerIds = [...new Set(open.map(({ producerId }) => producerId))];
  const listed = producerIds.length === 0 ? [] : await admin.listTransactions({ ...bounds, producerIds });
  const names = new Map(listed.map(({ producerId, transactionalId }) => [producerId, transactionalId]));
  return open.map((each) => ({ ...each, transactionalId: names.get(each.producerId) }));
}

/** Those that a coordinator knows by it, which fences their producers; the others in each partition. */
async function abortAll(admin: Admin, open: readonly OpenTransaction[], bounds: CallBounds): Promise<void> {
  const ids = new Set(open.flatMap(({ transactionalId }) => transactionalId ?? []));
  if (ids.size > 0) unwrap(await admin.fenceProducers([...ids], bounds));
  for (const each of open) if (each.transactionalId === undefined) await admin.abortTransaction(each, bounds);
}
