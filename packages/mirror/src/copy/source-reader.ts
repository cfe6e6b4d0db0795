/**
 * Fetches from the source: for each broker that leads partitions of the mirror one request at a time, which waits at
 * the broker for data, over a connection of its own. What arrives goes to its partition at once, so that the next
 * request is under way while it is written.
 */
import { isMillraceError, type MillraceError, messageOf, type Timer } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import { answerError, backoffMs, type Cluster, isStaleLeader, LeaderWatch } from '@millrace/client/protocol';
import { type FetchResponse, fetch, KafkaError, type RequestDraft } from '@millrace/wire';
import type { ByteLimit } from '../limits/byte-limit.ts';
import { FetchedMemory } from './fetched-memory.ts';
import { isTopicIdKnown } from './topic-identity.ts';

type Answer = FetchResponse['responses'][number]['partitions'][number];

/** A partition that is fetched. */
export interface SourcePartition extends TopicPartition {
  readonly topicId: string;
  /** Node id; -1 while unknown. */
  leader: number;
  /** Source offset of the next record to fetch. */
  readonly position: number;
  /**
   * Leader epoch of the record before that, by which the leader tells whether it still has it; -1 when unknown. Only
   * what is fetched right at `position` can be asked with it.
   */
  readonly lastFetchedEpoch: number;
  /** Whether it can take more just now. */
  readonly hasRoom: boolean;
  /**
   * Takes what was fetched at its position, for good; resolves when the next position is known. It is a user of the
   * records' memory for as long as it needs them.
   */
  take(answer: Answer, memory: FetchedMemory): Promise<void> | undefined;
  /** Is told that the leader has other records before its position: where its epoch ends next to the one asked for. */
  diverged(end: { readonly epoch: number; readonly endOffset: number }): void;
  /** Is told that its position lies outside the source's log, or that it can't be read at all. */
  failed(error: KafkaError): void;
}

export interface SourceReaderOptions {
  /** Most bytes that one request asks for, and for one partition. */
  readonly requestBytesMax: number;
  readonly partitionBytesMax: number;
  /** How long a request waits at the broker for data. */
  readonly waitMs: number;
  /** How quickly it may fetch. Default: as quickly as it can. */
  readonly limit?: ByteLimit | undefined;
  /** Of two partitions that one broker leads the one of the greater number is asked for first. Default: in turn. */
  readonly priority?: ((topic: string) => number) | undefined;
  /** For tests: overwrites the memory of what was fetched when it is released. */
  readonly scribbles?: boolean | undefined;
  /** Told of errors that another try does not cure; it is tried again all the same, after a minute. */
  readonly onFatal: (error: MillraceError) => void;
}

interface Lane {
  readonly nodeId: number;
  isBusy: boolean;
  failures: number;
  notBefore: number;
  /** Ends the pause. */
  timer: Timer | undefined;
}

/** The last version that names topics by name. Later ones name them by id, and never read one made anew by mistake. */
const fetchByNameVersion = 12;

/** From this version on leaders compare the epoch that was fetched last. */
const fetchEpochVersionMin = 12;

/** So long nothing is asked of a broker that refused in a way which another try does not cure, as a login. */
const refusedPauseMs = 60_000;

export class SourceReader {
  readonly #cluster: Cluster;
  readonly #options: SourceReaderOptions;
  readonly #purpose: string;
  readonly #memory: FetchedMemory;
  readonly #abort = new AbortController();
  readonly #leaders: LeaderWatch<SourcePartition>;
  readonly #partitions = new Set<SourcePartition>();
  readonly #lanes = new Map<number, Lane>();

  constructor(cluster: Cluster, options: SourceReaderOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#purpose = cluster.newPurpose('mirror');
    const { requestBytesMax, scribbles } = options;
    this.#memory = new FetchedMemory({ frameBytesMax: 2 * requestBytesMax, scribbles });
    cluster.pool.useMemory(this.#purpose, this.#memory);
    this.#leaders = new LeaderWatch(cluster, this.#abort.signal, () => this.poke());
  }

  add(partition: SourcePartition): void {
    this.#partitions.add(partition);
    this.poke();
  }

  /** Fetches it no more. An answer that is under way is dropped. */
  remove(partition: SourcePartition): void {
    this.#partitions.delete(partition);
  }

  /** Sends the fetches that can be sent. Called whenever a partition may take more, or a leader is known. */
  poke(): void {
    if (this.#abort.signal.aborted) return;
    const byLeader = new Map<number, SourcePartition[]>();
    for (const partition of this.#partitions) {
      if (!partition.hasRoom) continue;
      if (partition.leader < 0) {
        this.#leaders.wait(partition);
        continue;
      }
      const led = byLeader.get(partition.leader);
      if (led === undefined) byLeader.set(partition.leader, [partition]);
      else led.push(partition);
    }
    for (const [nodeId, led] of byLeader) this.#fetch(this.#laneOf(nodeId), led);
  }

  close(): void {
    this.#abort.abort();
    for (const { timer } of this.#lanes.values()) timer?.cancel();
    this.#partitions.clear();
    this.#cluster.pool.release(this.#purpose);
  }

  #laneOf(nodeId: number): Lane {
    let lane = this.#lanes.get(nodeId);
    if (lane === undefined) {
      lane = { nodeId, isBusy: false, failures: 0, notBefore: 0, timer: undefined };
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #fetch(lane: Lane, partitions: readonly SourcePartition[]): void {
    if (lane.isBusy || lane.timer !== undefined) return;
    const { clock, timers } = this.#cluster.settings.platform;
    const now = clock.monotonic();
    const pauseMs = Math.max(lane.notBefore - now, this.#options.limit?.pauseMs(now) ?? 0);
    if (pauseMs > 0) {
      lane.timer = timers.after(Math.ceil(pauseMs), () => {
        lane.timer = undefined;
        this.poke();
      });
      return;
    }
    lane.isBusy = true;
    this.#exchange(lane, partitions).then(
      () => {
        lane.isBusy = false;
        lane.failures = 0;
        this.poke();
      },
      (error: unknown) => {
        lane.isBusy = false;
        this.#broke(lane, partitions, error);
      },
    );
  }

  async #exchange(lane: Lane, partitions: readonly SourcePartition[]): Promise<void> {
    const { requestBytesMax, partitionBytesMax, waitMs, limit } = this.#options;
    const { clock } = this.#cluster.settings.platform;
    const connection = await this.#cluster.pool.connect(lane.nodeId, this.#purpose);
    if (this.#abort.signal.aborted) return;
    const areIdsKnown = partitions.every(({ topicId }) => isTopicIdKnown(topicId));
    const version = connection.version(fetch, areIdsKnown ? undefined : fetchByNameVersion);
    const isById = version > fetchByNameVersion;
    const maxBytes = limit?.share(requestBytesMax, clock.monotonic()) ?? requestBytesMax;
    const asksEpochs = version >= fetchEpochVersionMin;
    const topics = topicsOf(this.#inOrder(partitions), Math.min(partitionBytesMax, maxBytes), asksEpochs);
    // A transaction that is not decided may be aborted yet: nothing behind its begin is fetched.
    const isolationLevel = 1;
    const draft = { maxWaitMs: waitMs, minBytes: 1, maxBytes, isolationLevel, topics };
    const timeoutMs = this.#cluster.settings.requestTimeoutMs + waitMs;
    const response = await connection.request(fetch, draft, { timeoutMs, versionMax: version });
    if (response.errorCode !== 0) throw new KafkaError(response.errorCode, `fetch from broker ${connection.broker}`);
    limit?.took(bytesIn(response), clock.monotonic());
    this.#memory.trim(clock.monotonic());
    await this.#distribute(partitions, response, isById);
  }

  /** Brokers fill an answer in the order in which they are asked. */
  #inOrder(partitions: readonly SourcePartition[]): readonly SourcePartition[] {
    const { priority } = this.#options;
    if (priority === undefined) return partitions;
    const ranks = new Map(partitions.map(({ topic }) => [topic, priority(topic)]));
    const rankOf = ({ topic }: SourcePartition): number => ranks.get(topic) ?? 0;
    return [...partitions].sort((left, right) => rankOf(right) - rankOf(left));
  }

  async #distribute(partitions: readonly SourcePartition[], response: FetchResponse, isById: boolean): Promise<void> {
    const asked = new Map(partitions.map((each) => [`${isById ? each.topicId : each.topic} ${each.partition}`, each]));
    const taking: (Promise<void> | undefined)[] = [];
    const frame = recordsIn(response);
    if (frame !== undefined) this.#memory.use(frame);
    for (const { topic, topicId, partitions: answers } of response.responses) {
      for (const answer of answers) {
        const partition = asked.get(`${isById ? topicId : topic} ${answer.partitionIndex}`);
        if (partition === undefined || !this.#partitions.has(partition)) continue;
        if (answer.errorCode !== 0) {
          this.#refused(partition, answer.errorCode);
          continue;
        }
        if (answer.divergingEpoch.epoch >= 0) {
          this.remove(partition);
          partition.diverged(answer.divergingEpoch);
          continue;
        }
        taking.push(partition.take(answer, this.#memory));
        if (answer.records === null || answer.records.length === 0) continue;
        // Brokers fill an answer in the order in which they are asked: who got something comes last the next time.
        this.#partitions.delete(partition);
        this.#partitions.add(partition);
      }
    }
    await Promise.all(taking);
    if (frame !== undefined) this.#memory.release(frame);
  }

  #refused(partition: SourcePartition, errorCode: number): void {
    const action = `fetch ${partition.topic} [${partition.partition}] at ${partition.position}`;
    const needed = { operation: 'read', resourceType: 'topic', resourceName: partition.topic } as const;
    const error = answerError(errorCode, `${action} of the source`, null, needed);
    // Asking for the leader anew also makes the pause without which the next request would come at once.
    if (error.retriable || isStaleLeader(errorCode)) partition.leader = -1;
    else {
      this.remove(partition);
      partition.failed(error);
    }
  }

  #broke(lane: Lane, partitions: readonly SourcePartition[], error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (!isMillraceError(error)) throw error;
    const { settings } = this.#cluster;
    const { clock, randomness } = settings.platform;
    lane.failures += 1;
    const pauseMs = error.retriable ? backoffMs(settings, lane.failures, randomness) : refusedPauseMs;
    lane.notBefore = clock.monotonic() + pauseMs;
    if (!error.retriable) this.#options.onFatal(error);
    else settings.report({ level: 'warn', event: 'fetch_failed', message: `${messageOf(error)}; trying again`, error });
    for (const partition of partitions) if (partition.leader === lane.nodeId) partition.leader = -1;
    this.poke();
  }
}

/** Some of the records, which all lie in one frame. */
function recordsIn({ responses }: FetchResponse): Uint8Array | undefined {
  for (const { partitions } of responses) {
    for (const { records } of partitions) if (records !== null) return records;
  }
  return undefined;
}

function bytesIn({ responses }: FetchResponse): number {
  return responses.reduce((sum, { partitions }) => {
    return partitions.reduce((part, { records }) => part + (records?.length ?? 0), sum);
  }, 0);
}

function topicsOf(
  partitions: readonly SourcePartition[],
  partitionMaxBytes: number,
  asksEpochs: boolean,
): RequestDraft<typeof fetch>['topics'] {
  type Place = Record<'partition' | 'fetchOffset' | 'lastFetchedEpoch' | 'partitionMaxBytes', number>;
  const topics = new Map<string, { topic: string; topicId: string; partitions: Place[] }>();
  for (const { topic: name, topicId, partition, position: fetchOffset, lastFetchedEpoch: epoch } of partitions) {
    const lastFetchedEpoch = asksEpochs ? epoch : -1;
    const key = `${topicId} ${name}`;
    let topic = topics.get(key);
    if (topic === undefined) {
      topic = { topic: name, topicId, partitions: [] };
      topics.set(key, topic);
    }
    topic.partitions.push({ partition, fetchOffset, lastFetchedEpoch, partitionMaxBytes });
  }
  return [...topics.values()];
}
