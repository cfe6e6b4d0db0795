/**
 * Sends batches to the brokers that lead their partitions: for each broker a lane with a few requests under way, each with at most
 * one batch a partition. Deals with every answer: done, again later, again elsewhere, in halves, or failed.
 *
 * A queue stands in its broker's lane while it may have something to send. One that can't send just now (a pause after a failure,
 * batches to come back first, compression) leaves the lane, and is offered again by whatever it waits for.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { errorCodes, KafkaError, type ProduceResponse, produce, type RequestDraft } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { ClosedError, DeliveryError } from '../errors.ts';
import type { Accumulator } from './accumulator.ts';
import type { Deliveries } from './deliveries.ts';
import { IdentitySource } from './identity-source.ts';
import { LeaderWatch } from './leader-watch.ts';
import { noIdentity, type PartitionBatch } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { isGap, isStaleLeader, needsNewProducerId } from './produce-errors.ts';
import type { ProducerSettings } from './producer-settings.ts';

/** From version 13 on topics are named by id. */
const produceVersionMax = 12;

type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];

interface Lane {
  readonly nodeId: number;
  readonly ready: PartitionQueue[];
  inFlight: number;
  isConnecting: boolean;
  isPumping: boolean;
}

export class Sender {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #accumulator: Accumulator;
  readonly #deliveries: Deliveries;
  readonly #purpose: string;
  readonly #lanes = new Map<number, Lane>();
  readonly #abort = new AbortController();
  readonly #identity: IdentitySource;
  readonly #leaders: LeaderWatch;
  /** Queues that wait for a producer id. */
  readonly #unidentified = new Set<PartitionQueue>();

  constructor(cluster: Cluster, settings: ProducerSettings, accumulator: Accumulator, deliveries: Deliveries) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#accumulator = accumulator;
    this.#deliveries = deliveries;
    this.#purpose = cluster.newPurpose('produce');
    const { signal } = this.#abort;
    this.#identity = new IdentitySource(cluster, signal, (error) => this.#identified(error));
    this.#leaders = new LeaderWatch(cluster, signal, (queue) => this.offer(queue));
  }

  /** Takes note that a queue may have something to send, and sends it at once if it can be. */
  offer(queue: PartitionQueue): void {
    if (queue.inLane || this.#abort.signal.aborted) return;
    if (queue.closed.length === 0 && !queue.openIsDue) return;
    if (queue.leader < 0) return this.#leaders.wait(queue);
    const lane = this.#laneOf(queue.leader);
    queue.inLane = true;
    lane.ready.push(queue);
    this.#pump(lane);
  }

  /** Gives up batches whose time is over. Those under way are left to the request's own bound. */
  expire(queue: PartitionQueue): void {
    const { clock } = this.#cluster.settings.platform;
    const expired = clock.monotonic() - this.#settings.deliveryTimeoutMs;
    // A batch that no broker has ever taken is still open.
    if (queue.open !== undefined && queue.open.createdAt <= expired) this.#accumulator.close(queue);
    for (let i = queue.closed.length - 1; i >= 0; i--) {
      const batch = queue.closed[i] as PartitionBatch;
      if (batch.createdAt > expired || batch.compressing) continue;
      queue.closed.splice(i, 1);
      this.#timeOut(batch);
    }
  }

  /** Ends all connections; batches that are left fail. */
  close(queues: Iterable<PartitionQueue>): void {
    const error = new ClosedError('producer');
    this.#abort.abort(error);
    this.#cluster.pool.release(this.#purpose);
    for (const queue of queues) {
      if (queue.open !== undefined) this.#accumulator.close(queue);
      for (const batch of queue.closed.splice(0)) this.#fail(batch, error);
    }
  }

  #laneOf(nodeId: number): Lane {
    let lane = this.#lanes.get(nodeId);
    if (lane === undefined) {
      lane = { nodeId, ready: [], inFlight: 0, isConnecting: false, isPumping: false };
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #pump(lane: Lane): void {
    if (lane.isPumping) return;
    lane.isPumping = true;
    while (lane.ready.length > 0 && lane.inFlight < this.#settings.maxInFlight) {
      const connection = this.#cluster.pool.openTo(lane.nodeId, this.#purpose);
      if (connection === undefined) {
        this.#connect(lane);
        break;
      }
      const batches = this.#collect(lane);
      if (batches.length > 0) this.#send(lane, connection, batches);
    }
    lane.isPumping = false;
  }

  #connect(lane: Lane): void {
    if (lane.isConnecting) return;
    lane.isConnecting = true;
    this.#cluster.pool.connect(lane.nodeId, this.#purpose).then(
      () => {
        lane.isConnecting = false;
        this.#pump(lane);
      },
      (error: unknown) => {
        lane.isConnecting = false;
        if (this.#abort.signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        for (const queue of lane.ready.splice(0)) {
          queue.inLane = false;
          this.#leaders.lost(queue);
          this.offer(queue);
        }
      },
    );
  }

  /** Takes the next batches out of a lane's queues, one from each, as many as a request may carry. */
  #collect(lane: Lane): PartitionBatch[] {
    const { ready } = lane;
    const batches: PartitionBatch[] = [];
    const again: PartitionQueue[] = [];
    let bytes = 0;
    for (let left = ready.length; left > 0; left--) {
      const queue = ready[0] as PartitionQueue;
      const batch = queue.leader === lane.nodeId ? this.#sendable(queue) : undefined;
      if (batch !== undefined && bytes > 0 && bytes + batch.sizeInBytes > this.#settings.requestBytesMax) break;
      ready.shift();
      queue.inLane = false;
      if (batch === undefined) {
        if (queue.leader !== lane.nodeId) again.push(queue);
        continue;
      }
      if (this.#settings.idempotent) queue.number(batch, this.#identity.current ?? noIdentity);
      queue.take();
      bytes += batch.sizeInBytes;
      batches.push(batch);
      again.push(queue);
    }
    for (const queue of again) this.offer(queue);
    return batches;
  }

  /** The batch that a queue would send next, if it may send one now. */
  #sendable(queue: PartitionQueue): PartitionBatch | undefined {
    const { idempotent } = this.#settings;
    if (queue.draining || (queue.inFlight.length > 0 && !(idempotent && queue.mayOverlap))) return undefined;
    const pauseMs = queue.notBefore - this.#cluster.settings.platform.clock.monotonic();
    if (pauseMs > 0) {
      this.#offerLater(queue, pauseMs);
      return undefined;
    }
    if (idempotent && this.#identity.current === undefined) {
      this.#unidentified.add(queue);
      return undefined;
    }
    if (queue.needsNewEpoch) {
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

  #offerLater(queue: PartitionQueue, pauseMs: number): void {
    if (queue.isPausing) return;
    queue.isPausing = true;
    this.#cluster.settings.platform.timers.after(Math.ceil(pauseMs), () => {
      queue.isPausing = false;
      this.offer(queue);
    });
  }

  #send(lane: Lane, connection: Connection, batches: readonly PartitionBatch[]): void {
    const draft = this.#draft(batches);
    lane.inFlight++;
    if (this.#settings.acks === 0) {
      connection.post(produce, draft, { versionMax: produceVersionMax }).then(
        () => this.#posted(lane, batches),
        (error: unknown) => this.#broke(lane, batches, error),
      );
      return;
    }
    const timeoutMs = this.#timeoutOf(batches);
    connection.request(produce, draft, { timeoutMs, versionMax: produceVersionMax }).then(
      (response) => this.#answered(lane, batches, response),
      (error: unknown) => this.#broke(lane, batches, error),
    );
  }

  #draft(batches: readonly PartitionBatch[]): RequestDraft<typeof produce> {
    const { acks } = this.#settings;
    const topicData: { name: string; partitionData: { index: number; records: Uint8Array }[] }[] = [];
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      let topicPart = topicData.find(({ name }) => name === topic);
      if (topicPart === undefined) {
        topicPart = { name: topic, partitionData: [] };
        topicData.push(topicPart);
      }
      // Nobody tells when a request without an answer has left the process, and the builder is used again at once.
      const records = acks === 0 ? batch.bytes().slice() : batch.bytes();
      topicPart.partitionData.push({ index: partition, records });
    }
    return { acks, timeoutMs: this.#cluster.settings.requestTimeoutMs, topicData };
  }

  /** The bound on a request: the usual, or sooner if the delivery of all its batches is to end sooner. */
  #timeoutOf(batches: readonly PartitionBatch[]): number {
    const now = this.#cluster.settings.platform.clock.monotonic();
    let remaining = 1;
    for (const { createdAt } of batches) {
      remaining = Math.max(remaining, createdAt + this.#settings.deliveryTimeoutMs - now);
    }
    return Math.min(this.#cluster.settings.requestTimeoutMs, Math.ceil(remaining));
  }

  #posted(lane: Lane, batches: readonly PartitionBatch[]): void {
    lane.inFlight--;
    for (const batch of batches) {
      batch.queue.returned(batch);
      this.#deliveries.succeeded(batch, -1, -1);
    }
    this.#goOn(lane, batches);
  }

  #answered(lane: Lane, batches: readonly PartitionBatch[], response: ProduceResponse): void {
    lane.inFlight--;
    for (const batch of batches) batch.queue.returned(batch);
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const answer = response.responses
        .find(({ name }) => name === topic)
        ?.partitionResponses.find(({ index }) => index === partition);
      if (answer?.errorCode === errorCodes.NONE || answer?.errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER) {
        batch.queue.stored(batch);
        this.#deliveries.succeeded(batch, answer.baseOffset, answer.logAppendTimeMs);
      } else this.#refused(batch, answer);
    }
    this.#goOn(lane, batches);
  }

  #broke(lane: Lane, batches: readonly PartitionBatch[], error: unknown): void {
    if (!isMillraceError(error)) throw error;
    lane.inFlight--;
    for (const batch of batches) batch.queue.returned(batch);
    for (const batch of batches) {
      if (!error.retriable || this.#abort.signal.aborted) this.#fail(batch, error);
      else {
        this.#leaders.lost(batch.queue);
        this.#retry(batch, error);
      }
    }
    this.#goOn(lane, batches);
  }

  #goOn(lane: Lane, batches: readonly PartitionBatch[]): void {
    for (const { queue } of batches) this.offer(queue);
    this.#pump(lane);
  }

  #refused(batch: PartitionBatch, answer: PartitionAnswer | undefined): void {
    const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    const { queue } = batch;
    const detail = answer === undefined ? 'the answer does not name the partition' : answer.errorMessage;
    const error = new KafkaError(errorCode, `produce to ${queue.topic} [${queue.partition}]`, detail);
    if (errorCode === errorCodes.MESSAGE_TOO_LARGE && batch.recordCount > 1) {
      queue.unnumber(batch);
      this.#accumulator.split(batch);
    } else if (this.#settings.idempotent && isGap(errorCode)) {
      queue.refusedOutOfOrder(batch);
      this.#retry(batch, error);
    } else if (this.#settings.idempotent && needsNewProducerId(errorCode)) {
      this.#identity.reset(batch.identity);
      queue.refusedOutOfOrder(batch);
      this.#retry(batch, error);
    } else if (error.retriable) {
      if (isStaleLeader(errorCode)) this.#leaders.lost(queue);
      this.#retry(batch, error);
    } else {
      queue.unnumber(batch);
      this.#fail(batch, error);
    }
  }

  #retry(batch: PartitionBatch, error: Error): void {
    const { queue } = batch;
    const { platform, report } = this.#cluster.settings;
    const now = platform.clock.monotonic();
    batch.attempts++;
    batch.lastError = error;
    if (now - batch.createdAt >= this.#settings.deliveryTimeoutMs) return this.#timeOut(batch);
    queue.putBack(batch);
    queue.draining = queue.inFlight.length > 0;
    queue.notBefore = now + backoffMs(this.#cluster.settings, batch.attempts, platform.randomness);
    report({ level: 'warn', event: 'produce_retried', message: `${messageOf(error)}; trying again`, error });
  }

  #timeOut(batch: PartitionBatch): void {
    const { topic, partition } = batch.queue;
    const { lastError, recordCount } = batch;
    const reason = lastError === undefined ? 'it was never sent, because no broker took it' : messageOf(lastError);
    const detail = `not acknowledged within deliveryTimeoutMs (${this.#settings.deliveryTimeoutMs} ms); ${reason}`;
    const where = { topic, partition, recordCount, maybeStored: batch.attempts > 0 };
    this.#deliveries.failed(batch, new DeliveryError('delivery_timeout', where, detail, lastError));
  }

  #fail(batch: PartitionBatch, error: Error): void {
    const { topic, partition } = batch.queue;
    const maybeStored = batch.attempts > 0 || !(error instanceof KafkaError);
    const where = { topic, partition, recordCount: batch.recordCount, maybeStored };
    this.#deliveries.failed(batch, new DeliveryError('delivery_failed', where, messageOf(error), error));
  }

  #identified(error: Error | undefined): void {
    const waiting = [...this.#unidentified];
    this.#unidentified.clear();
    for (const queue of waiting) {
      if (error !== undefined && !this.#abort.signal.aborted) {
        for (const batch of queue.closed.splice(0)) this.#fail(batch, error);
      }
      this.offer(queue);
    }
  }
}
