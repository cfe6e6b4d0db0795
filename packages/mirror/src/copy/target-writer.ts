/**
 * Sends batches to the brokers of the target that lead their partitions: over a connection for each broker, a few
 * requests under way on each, with at most one batch a partition in a request.
 *
 * A partition stands in its broker's lane while it may have something to send. One that can't send just now (a pause, a
 * journal entry that must come first, its batches under way) leaves the lane, and is offered again by whatever it waits
 * for.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { backoffMs, type Cluster, type Connection, isGap, isStaleLeader, LeaderWatch } from '@millrace/client/protocol';
import { errorCodes, KafkaError, type ProduceResponse, produce, type RequestDraft } from '@millrace/wire';
import type { TargetBatch, TargetPartition } from './target-partition.ts';

export interface TargetWriterOptions {
  /** Requests under way to one broker. */
  readonly requestsMax: number;
  /** Most bytes of batches in one request; a larger batch goes alone. */
  readonly requestBytesMax: number;
}

interface Lane {
  readonly nodeId: number;
  readonly ready: TargetPartition[];
  underWay: number;
  isConnecting: boolean;
  isPumping: boolean;
}

interface Sent {
  readonly partition: TargetPartition;
  readonly batch: TargetBatch;
}

type Answer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** From version 13 on topics are named by id. */
const produceVersionMax = 12;

export class TargetWriter {
  readonly #cluster: Cluster;
  readonly #options: TargetWriterOptions;
  readonly #purpose: string;
  readonly #abort = new AbortController();
  readonly #leaders: LeaderWatch<TargetPartition>;
  readonly #lanes = new Map<number, Lane>();

  constructor(cluster: Cluster, options: TargetWriterOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#purpose = cluster.newPurpose('mirror');
    this.#leaders = new LeaderWatch(cluster, this.#abort.signal, (partition) => this.offer(partition));
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
    const lane = this.#laneOf(partition.leader);
    partition.inLane = true;
    lane.ready.push(partition);
    this.#pump(lane);
  }

  /** Ends all connections; nothing is sent any more. */
  close(): void {
    this.#abort.abort();
    this.#cluster.pool.release(this.#purpose);
  }

  #laneOf(nodeId: number): Lane {
    let lane = this.#lanes.get(nodeId);
    if (lane === undefined) {
      lane = { nodeId, ready: [], underWay: 0, isConnecting: false, isPumping: false };
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #pump(lane: Lane): void {
    if (lane.isPumping) return;
    lane.isPumping = true;
    while (lane.ready.length > 0 && lane.underWay < this.#options.requestsMax && !this.#abort.signal.aborted) {
      const connection = this.#cluster.pool.openTo(lane.nodeId, this.#purpose);
      if (connection === undefined) {
        this.#connect(lane);
        break;
      }
      const sent = this.#collect(lane);
      if (sent.length > 0) this.#send(lane, connection, sent);
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
        for (const partition of lane.ready.splice(0)) {
          partition.inLane = false;
          partition.leader = -1;
          // A login that is refused is refused again.
          if (error.retriable) this.offer(partition);
          else partition.stop(error);
        }
      },
    );
  }

  /** The next batches of a lane's partitions, one of each, as many as a request may carry. */
  #collect(lane: Lane): Sent[] {
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

  #send(lane: Lane, connection: Connection, sent: readonly Sent[]): void {
    lane.underWay += 1;
    const draft = draftOf(sent, this.#cluster.settings.requestTimeoutMs);
    connection.request(produce, draft, { versionMax: produceVersionMax }).then(
      (response) => {
        lane.underWay -= 1;
        this.#answered(sent, response);
        this.#pump(lane);
      },
      (error: unknown) => {
        lane.underWay -= 1;
        if (!isMillraceError(error)) throw error;
        this.#broke(sent, error);
        this.#pump(lane);
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
    const error = new KafkaError(errorCode, action, answer?.errorMessage);
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
