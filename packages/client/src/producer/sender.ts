/**
 * Sends batches to the brokers that lead their partitions: for each broker a lane with a few requests under way, each
 * with at most one batch a partition. `BatchVerdicts` decides what becomes of a batch that was not stored.
 *
 * A queue stands in its broker's lane while it may have something to send. One that can't send just now (a pause after
 * a failure, batches to come back first, compression) leaves the lane, and is offered again by whatever it waits for.
 */
import { isMillraceError } from '@millrace/base';
import { errorCodes, type ProduceResponse, produce } from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { ClosedError } from '../errors.ts';
import type { Accumulator } from './accumulator.ts';
import { BatchVerdicts } from './batch-verdicts.ts';
import type { Deliveries } from './deliveries.ts';
import { given } from './delivery-failures.ts';
import { IdentitySource } from './identity-source.ts';
import { type Lane, Lanes } from './lanes.ts';
import { LeaderWatch } from './leader-watch.ts';
import { noIdentity, type PartitionBatch, type ProducerIdentity } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { answerOf, produceDraft, remainingMs } from './produce-request.ts';
import type { ProducerSettings } from './producer-settings.ts';
import { QueueFailures } from './queue-failures.ts';
import type { Transactions } from './transactions.ts';

/** From version 13 on topics are named by id. */
const produceVersionMax = 12;
/** From version 12 on brokers add partitions to transactions by themselves (KIP-890), which not all clusters do. */
const produceVersionMaxV1 = 11;

export class Sender {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #accumulator: Accumulator;
  readonly #deliveries: Deliveries;
  readonly #failures: QueueFailures;
  readonly #purpose: string;
  readonly #lanes: Lanes<PartitionQueue>;
  readonly #abort = new AbortController();
  readonly #identity: IdentitySource;
  readonly #leaders: LeaderWatch<PartitionQueue>;
  readonly #verdicts: BatchVerdicts;
  readonly #transactions: Transactions | undefined;
  /** Queues that wait for a producer id. */
  readonly #unidentified = new Set<PartitionQueue>();

  constructor(
    cluster: Cluster,
    settings: ProducerSettings,
    accumulator: Accumulator,
    deliveries: Deliveries,
    transactions: Transactions | undefined,
  ) {
    this.#cluster = cluster;
    this.#transactions = transactions;
    this.#settings = settings;
    this.#accumulator = accumulator;
    this.#deliveries = deliveries;
    this.#failures = new QueueFailures(accumulator, deliveries);
    this.#purpose = cluster.newPurpose('produce');
    const { signal } = this.#abort;
    const inFlightMax = settings.maxInFlight;
    this.#lanes = new Lanes(
      { cluster, purpose: this.#purpose, signal, inFlightMax },
      {
        send: (lane, connection) => {
          const batches = this.#collect(lane, connection);
          if (batches.length > 0) this.#send(lane, connection, batches);
        },
        unreachable: (queue, error) => {
          // A refused login or certificate is refused again, so waiting for the delivery timeout helps nobody.
          if (!error.retriable) this.#failures.failAll(queue, error);
          this.offer(queue);
        },
      },
    );
    this.#identity = new IdentitySource(cluster, signal, (error) => this.#identified(error));
    this.#leaders = new LeaderWatch(cluster, signal, (queue) => this.offer(queue));
    this.#verdicts = new BatchVerdicts(cluster, settings, accumulator, deliveries, this.#identity, transactions);
  }

  /** Takes note that a queue may have something to send, and sends it at once if it can be. */
  offer(queue: PartitionQueue): void {
    const { signal } = this.#abort;
    // Nothing is sent any more: what comes back now, or is compressed only now, is given up.
    if (signal.aborted) return this.#failures.failAll(queue, signal.reason as Error);
    if (queue.inLane) return;
    if (queue.closed.length === 0 && !queue.openIsDue) return;
    const dropReason = this.#transactions?.dropReason;
    if (dropReason !== undefined) return this.#failures.failAll(queue, dropReason);
    if (queue.leader < 0) return this.#leaders.wait(queue);
    this.#lanes.add(queue);
  }

  /** Gives up batches with no time left to be sent. Those under way are left to the request's own bound. */
  expire(queue: PartitionQueue): void {
    this.#failures.expire(queue, this.#cluster.settings.platform.clock.monotonic(), this.#settings.deliveryTimeoutMs);
  }

  /** Fails all that the queues hold and have not sent. */
  drop(queues: Iterable<PartitionQueue>, error: Error): void {
    for (const queue of queues) this.#failures.failAll(queue, error);
  }

  /** Ends all connections; batches that are left fail, those behind what is under way once that has come back. */
  close(queues: Iterable<PartitionQueue>): void {
    const error = new ClosedError('producer');
    this.#abort.abort(error);
    this.#cluster.pool.release(this.#purpose);
    for (const queue of queues) if (queue.inFlight.length === 0) this.#failures.failAll(queue, error);
  }

  /** Takes the next batches out of a lane's queues, one from each, as many as a request may carry. */
  #collect(lane: Lane<PartitionQueue>, connection: Connection): PartitionBatch[] {
    const { ready } = lane;
    const batches: PartitionBatch[] = [];
    const again: PartitionQueue[] = [];
    let bytes = 0;
    for (let left = ready.length; left > 0; left--) {
      const queue = ready[0] as PartitionQueue;
      const batch = queue.leader === lane.nodeId ? this.#sendable(queue, connection) : undefined;
      if (batch !== undefined && bytes > 0 && bytes + batch.sizeInBytes > this.#settings.requestBytesMax) break;
      ready.shift();
      queue.inLane = false;
      if (batch === undefined) {
        if (queue.leader !== lane.nodeId) again.push(queue);
        continue;
      }
      if (this.#settings.idempotent) queue.number(batch, this.#currentIdentity() ?? noIdentity);
      this.#transactions?.sending();
      queue.take();
      bytes += batch.sizeInBytes;
      batches.push(batch);
      again.push(queue);
    }
    for (const queue of again) this.offer(queue);
    return batches;
  }

  /** The batch that a queue would send next over the connection, if it may send one now. */
  #sendable(queue: PartitionQueue, connection: Connection): PartitionBatch | undefined {
    const { idempotent } = this.#settings;
    if (queue.draining || (queue.inFlight.length > 0 && !(idempotent && queue.mayOverlap(connection))))
      return undefined;
    const pauseMs = queue.notBefore - this.#cluster.settings.platform.clock.monotonic();
    if (pauseMs > 0) {
      this.#offerLater(queue, pauseMs);
      return undefined;
    }
    this.expire(queue);
    if (queue.isEmpty) return undefined;
    if (idempotent && this.#currentIdentity() === undefined) {
      this.#unidentified.add(queue);
      return undefined;
    }
    if (this.#transactions !== undefined) {
      if (queue.needsNewEpoch) this.#transactions.gap(queue);
      if (!this.#transactions.maySend(queue)) return undefined;
    } else if (queue.needsNewEpoch) {
      this.#identity.bump(queue.identity);
      const identity = this.#identity.current;
      if (identity === undefined) {
        this.#unidentified.add(queue);
        return undefined;
      }
      queue.restart(identity);
    }
    if (queue.closed.length === 0 && queue.openIsDue) this.#accumulator.close(queue);
    const batch = queue.closed[0];
    return batch?.isReady ? batch : undefined;
  }

  /** Under which batches go out now; undefined while that is being asked for. */
  #currentIdentity(): ProducerIdentity | undefined {
    return this.#transactions === undefined ? this.#identity.current : this.#transactions.identity;
  }

  #offerLater(queue: PartitionQueue, pauseMs: number): void {
    if (queue.isPausing) return;
    queue.isPausing = true;
    this.#cluster.settings.platform.timers.after(Math.ceil(pauseMs), () => {
      queue.isPausing = false;
      this.offer(queue);
    });
  }

  #send(lane: Lane<PartitionQueue>, connection: Connection, batches: readonly PartitionBatch[]): void {
    const { requestTimeoutMs, platform } = this.#cluster.settings;
    const { acks, transactionalId } = this.#settings;
    const draft = produceDraft(batches, acks, requestTimeoutMs, transactionalId);
    const now = platform.clock.monotonic();
    for (const { createdAt } of batches) this.#cluster.metrics.queueTimes.add(now - createdAt);
    lane.inFlight++;
    if (acks === 0) {
      connection.post(produce, draft, { versionMax: produceVersionMax }).then(
        () => this.#posted(lane, batches),
        (error: unknown) => this.#broke(lane, batches, error),
      );
      return;
    }
    const dueMs = remainingMs(batches, now, this.#settings.deliveryTimeoutMs);
    const timeoutMs = Math.min(requestTimeoutMs, dueMs);
    const versionMax = this.#transactions?.isV2 === false ? produceVersionMaxV1 : produceVersionMax;
    connection.request(produce, draft, { timeoutMs, versionMax }).then(
      (response) => this.#answered(lane, connection, batches, response),
      (error: unknown) => this.#broke(lane, batches, error),
    );
  }

  #posted(lane: Lane<PartitionQueue>, batches: readonly PartitionBatch[]): void {
    lane.inFlight--;
    for (const batch of batches) {
      batch.queue.returned(batch);
      this.#deliveries.succeeded(batch, -1, -1);
    }
    this.#goOn(lane, batches);
  }

  #answered(
    lane: Lane<PartitionQueue>,
    connection: Connection,
    batches: readonly PartitionBatch[],
    response: ProduceResponse,
  ): void {
    lane.inFlight--;
    for (const batch of batches) batch.queue.returned(batch);
    for (const batch of batches) {
      const answer = answerOf(response, batch);
      if (answer?.errorCode === errorCodes.NONE || answer?.errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER) {
        batch.queue.stored(batch, connection);
        this.#deliveries.succeeded(batch, answer.baseOffset, answer.logAppendTimeMs);
      } else this.#verdicts.refused(batch, answer);
    }
    this.#goOn(lane, batches);
  }

  #broke(lane: Lane<PartitionQueue>, batches: readonly PartitionBatch[], error: unknown): void {
    if (!isMillraceError(error)) throw error;
    lane.inFlight--;
    for (const batch of batches) batch.queue.returned(batch);
    for (const batch of batches) {
      batch.maybeStored = true;
      if (!error.retriable || this.#abort.signal.aborted) this.#deliveries.failed(batch, given(batch, error));
      else this.#verdicts.lost(batch, error);
    }
    this.#goOn(lane, batches);
  }

  #goOn(lane: Lane<PartitionQueue>, batches: readonly PartitionBatch[]): void {
    for (const { queue } of batches) this.offer(queue);
    this.#lanes.pump(lane);
  }

  #identified(error: Error | undefined): void {
    const waiting = [...this.#unidentified];
    this.#unidentified.clear();
    for (const queue of waiting) {
      if (error !== undefined && !this.#abort.signal.aborted) this.#failures.failAll(queue, error);
      this.offer(queue);
    }
  }
}
