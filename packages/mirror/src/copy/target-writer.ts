/**
 * Sends batches to the brokers of the target that lead their partitions: over a connection for each broker, several
 * where it is far, a few requests under way on each, with at most one batch a partition in a request.
 *
 * The batches of a partition go over one connection, so that they arrive in their order; it changes to another while
 * none of them is under way.
 *
 * A partition stands in its broker's lane while it may have something to send. One that can't send just now (a pause, a
 * journal entry that must come first, its batches under way) leaves the lane, and is offered again by whatever it waits
 * for.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import {
  answerError,
  backoffMs,
  type Cluster,
  type Connection,
  isGap,
  isStaleLeader,
  type Lane,
  Lanes,
  LeaderWatch,
} from '@millrace/client/protocol';
import { errorCodes, type ProduceResponse, produce, type RequestDraft } from '@millrace/wire';
import { BrokerDistances } from './broker-distances.ts';
import type { TargetBatch, TargetPartition } from './target-partition.ts';

export interface TargetWriterOptions {
  /** Requests under way to one broker. */
  readonly requestsMax: number;
  /** Most bytes of batches in one request; a larger batch goes alone. */
  readonly requestBytesMax: number;
}

interface Sent {
  readonly partition: TargetPartition;
  readonly batch: TargetBatch;
}

type Answer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** From version 13 on topics are named by id. */
const produceVersionMax = 12;
/** A far broker has so many connections besides: what one carries there is bounded by its window. */
const farConnections = 8;

export class TargetWriter {
  readonly #cluster: Cluster;
  readonly #options: TargetWriterOptions;
  readonly #abort = new AbortController();
  readonly #leaders: LeaderWatch<TargetPartition>;
  readonly #distances: BrokerDistances;
  /** The connections, by purpose: those to near brokers, then those to far ones. */
  readonly #purposes: string[] = [];
  readonly #lanes: Lanes<TargetPartition>[];
  #nextFar = 0;

  constructor(cluster: Cluster, options: TargetWriterOptions) {
    this.#cluster = cluster;
    this.#options = options;
    const { signal } = this.#abort;
    this.#leaders = new LeaderWatch(cluster, signal, (partition) => this.offer(partition));
    this.#distances = new BrokerDistances(cluster, signal);
    this.#lanes = Array.from({ length: 1 + farConnections }, () => this.#newLanes());
  }

  /** Takes note that a partition may have something to send, and sends it at once if it can be. */
  offer(partition: TargetPartition): void {
    if (partition.inLane || this.#abort.signal.aborted || partition.isStopped) return;
    const { clock, timers } = this.#cluster.settings.platform;
    const now = clock.monotonic();
    if (partition.notBefore > now) {
      if (partition.isPausing) return;
      partition.isPausing = true;
      timers.after(Math.ceil(partition.notBefore - now), () => {
        partition.isPausing = false;
        this.offer(partition);
      });
      return;
    }
    if (partition.sendable(now) === undefined) return;
    if (partition.leader < 0) return this.#leaders.wait(partition);
    this.#lanesOf(partition).add(partition);
  }

  /** Ends all connections; nothing is sent any more. */
  close(): void {
    this.#abort.abort();
    for (const purpose of this.#purposes) this.#cluster.pool.release(purpose);
  }

  #newLanes(): Lanes<TargetPartition> {
    const purpose = this.#cluster.newPurpose('mirror');
    this.#purposes.push(purpose);
    const { signal } = this.#abort;
    const lanes: Lanes<TargetPartition> = new Lanes(
      { cluster: this.#cluster, purpose, signal, inFlightMax: this.#options.requestsMax },
      {
        send: (lane, connection) => {
          const sent = this.#collect(lane);
          if (sent.length > 0) this.#send(lanes, lane, connection, sent);
        },
        // A login that is refused is refused again.
        unreachable: (partition, error) => {
          if (!error.retriable) return partition.stop(error);
          partition.lastError = error;
          this.offer(partition);
        },
      },
    );
    return lanes;
  }

  /** Those over whose connections the partition is sent now. */
  #lanesOf(partition: TargetPartition): Lanes<TargetPartition> {
    const isFar = this.#distances.isFar(partition.leader);
    if (!partition.isUnderWay && isFar !== partition.connection > 0) {
      partition.connection = isFar ? 1 + (this.#nextFar++ % farConnections) : 0;
    }
    return this.#lanes[partition.connection] as Lanes<TargetPartition>;
  }

  /** The next batches of a lane's partitions, one of each, as many as a request may carry. */
  #collect(lane: Lane<TargetPartition>): Sent[] {
    const now = this.#cluster.settings.platform.clock.monotonic();
    const sent: Sent[] = [];
    const again: TargetPartition[] = [];
    let bytes = 0;
    for (let left = lane.ready.length; left > 0; left--) {
      const partition = lane.ready[0] as TargetPartition;
      const batch = partition.leader === lane.nodeId ? partition.sendable(now) : undefined;
      if (batch !== undefined && bytes > 0 && bytes + batch.bytes.length > this.#options.requestBytesMax) break;
      lane.ready.shift();
      partition.inLane = false;
      again.push(partition);
      if (batch === undefined) continue;
      partition.sent(batch);
      bytes += batch.bytes.length;
      sent.push({ partition, batch });
    }
    for (const partition of again) this.offer(partition);
    return sent;
  }

  #send(
    lanes: Lanes<TargetPartition>,
    lane: Lane<TargetPartition>,
    connection: Connection,
    sent: readonly Sent[],
  ): void {
    lane.inFlight += 1;
    const draft = draftOf(sent, this.#cluster.settings.requestTimeoutMs);
    connection.request(produce, draft, { versionMax: produceVersionMax }).then(
      (response) => {
        lane.inFlight -= 1;
        this.#answered(sent, response);
        lanes.pump(lane);
      },
      (error: unknown) => {
        lane.inFlight -= 1;
        if (!isMillraceError(error)) throw error;
        this.#broke(sent, error);
        lanes.pump(lane);
      },
    );
  }

  #answered(sent: readonly Sent[], response: ProduceResponse): void {
    const answers = new Map<string, Map<number, Answer>>();
    for (const { name, partitionResponses } of response.responses) {
      answers.set(name, new Map(partitionResponses.map((answer) => [answer.index, answer])));
    }
    const now = this.#cluster.settings.platform.clock.monotonic();
    for (const { partition, batch } of sent) {
      const answer = answers.get(partition.topic)?.get(partition.partition);
      if (answer?.errorCode === errorCodes.NONE)
        partition.succeeded(batch, answer.baseOffset, answer.logStartOffset, now);
      else this.#refused(partition, batch, answer);
      this.offer(partition);
    }
  }

  #refused(partition: TargetPartition, batch: TargetBatch, answer: Answer | undefined): void {
    const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    const action = `write to ${partition.topic} [${partition.partition}]`;
    const needed = { operation: 'write', resourceType: 'topic', resourceName: partition.topic } as const;
    const error = answerError(errorCode, `${action} of the target`, answer?.errorMessage, needed);
    // Behind a batch that failed, those that were under way with it are refused for the gap.
    const isLater = isGap(errorCode) && !partition.isOldest(batch);
    if (error.retriable || isLater) {
      this.#comeBack(partition, batch, error);
      if (isStaleLeader(errorCode)) partition.leader = -1;
    } else {
      partition.returned(batch, 0);
      partition.stop(error);
    }
  }

  #broke(sent: readonly Sent[], error: Error & { readonly retriable: boolean }): void {
    for (const { partition, batch } of sent) {
      if (error.retriable) {
        this.#comeBack(partition, batch, error);
        partition.leader = -1;
      } else {
        partition.returned(batch, 0);
        partition.stop(error);
      }
      this.offer(partition);
    }
  }

  #comeBack(partition: TargetPartition, batch: TargetBatch, error: Error): void {
    const { settings } = this.#cluster;
    const { clock, randomness } = settings.platform;
    if (partition.isOldest(batch)) {
      partition.failures += 1;
      partition.lastError = error;
      const message = `${messageOf(error)}; trying again`;
      settings.report({ level: 'warn', event: 'produce_retried', message, error });
    }
    const pauseMs = backoffMs(settings, Math.max(1, partition.failures), randomness);
    partition.returned(batch, clock.monotonic() + pauseMs);
  }
}

function draftOf(sent: readonly Sent[], timeoutMs: number): RequestDraft<typeof produce> {
  const topics = new Map<string, { name: string; partitionData: { index: number; records: Uint8Array }[] }>();
  for (const { partition, batch } of sent) {
    let topic = topics.get(partition.topic);
    if (topic === undefined) {
      topic = { name: partition.topic, partitionData: [] };
      topics.set(partition.topic, topic);
    }
    topic.partitionData.push({ index: partition.partition, records: batch.bytes });
  }
  return { transactionalId: null, acks: -1, timeoutMs, topicData: [...topics.values()] };
}
