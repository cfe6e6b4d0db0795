/**
 * Fetches ahead: for each broker that leads partitions of this consumer at most one request at a time, which waits at the broker for
 * data, over a connection of its own. What arrives becomes chunks in the order of arrival, within a memory budget.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import { type FetchResponse, fetch, KafkaError, type RequestDraft } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { FetchBudget } from './fetch-budget.ts';
import { remedyOf } from './fetch-errors.ts';
import { FetchSession } from './fetch-session.ts';
import { FetchedChunk, type FetchedMemory } from './fetched-chunk.ts';
import type { PartitionState } from './partition-state.ts';

/** From version 18 on a client may tell which high watermark it knows, which is for followers. */
const fetchVersionMax = 17;
/** The last version that names topics by name. */
const namedVersionMax = 12;
/** Less room than this is not worth a request while there is something to hand out. */
const requestBytesMin = 64 * 1024;

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

interface BrokerFetch {
  readonly nodeId: number;
  readonly session: FetchSession;
  isBusy: boolean;
  failures: number;
  notBefore: number;
}

export interface FetcherHost {
  /** Partitions that are owned, in a stable order. */
  readonly states: () => Iterable<PartitionState>;
  /** Told of chunks that were added to their partitions' states. */
  readonly arrived: (chunks: readonly FetchedChunk[]) => void;
  /** The fetch offset is not in the log. */
  readonly outOfRange: (state: PartitionState) => void;
  readonly failed: (error: Error) => void;
}

export class Fetcher {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #budget: FetchBudget;
  readonly #host: FetcherHost;
  readonly #purpose: string;
  readonly #brokers = new Map<number, BrokerFetch>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(cluster: Cluster, settings: ConsumerSettings, budget: FetchBudget, host: FetcherHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#budget = budget;
    this.#host = host;
    this.#purpose = cluster.newPurpose('fetch');
  }

  /** Sends the fetches that can be sent. Called whenever something changed: a position, a leader, memory that became free. */
  poke(): void {
    if (this.#isClosed) return;
    const now = this.#cluster.settings.platform.clock.monotonic();
    for (const [nodeId, states] of this.#fetchable(now)) {
      const broker = this.#brokerOf(nodeId);
      if (broker.isBusy) continue;
      if (broker.notBefore > now) {
        this.#wakeAt(broker.notBefore, now);
        continue;
      }
      const bytesMax = Math.min(this.#settings.fetchBytesMax, this.#budget.freeBytes);
      if (bytesMax < Math.min(requestBytesMin, this.#settings.fetchBytesMax) && !this.#budget.isEmpty) break;
      this.#fetch(broker, states, Math.max(bytesMax, 1));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#cluster.pool.release(this.#purpose);
  }

  #fetchable(now: number): Map<number, PartitionState[]> {
    const byBroker = new Map<number, PartitionState[]>();
    for (const state of this.#host.states()) {
      if (!state.isPositioned || state.isPaused || state.mustValidate) continue;
      if (state.leader < 0 || state.fetchPosition >= state.endOffset) continue;
      if (state.notBefore > now) {
        this.#wakeAt(state.notBefore, now);
        continue;
      }
      const nodeId = state.nearReplica >= 0 && state.nearReplicaUntil > now ? state.nearReplica : state.leader;
      const states = byBroker.get(nodeId);
      if (states === undefined) byBroker.set(nodeId, [state]);
      else states.push(state);
    }
    return byBroker;
  }

  #brokerOf(nodeId: number): BrokerFetch {
    let broker = this.#brokers.get(nodeId);
    if (broker === undefined) {
      broker = { nodeId, session: new FetchSession(), isBusy: false, failures: 0, notBefore: 0 };
      this.#brokers.set(nodeId, broker);
    }
    return broker;
  }

  #fetch(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): void {
    broker.isBusy = true;
    this.#budget.reserve(bytesMax);
    this.#exchange(broker, states, bytesMax).then(
      () => {
        broker.isBusy = false;
        broker.failures = 0;
        this.#budget.unreserve(bytesMax);
        this.poke();
      },
      (error: unknown) => {
        broker.isBusy = false;
        this.#budget.unreserve(bytesMax);
        broker.session.broken();
        if (this.#isClosed) return;
        if (!isMillraceError(error)) throw error;
        this.#broke(broker, states, error);
      },
    );
  }

  async #exchange(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): Promise<void> {
    const { pool } = this.#cluster;
    const connection = pool.openTo(broker.nodeId, this.#purpose) ?? (await pool.connect(broker.nodeId, this.#purpose));
    const ids = connection.version(fetch, fetchVersionMax) > namedVersionMax ? this.#topicIds(states) : undefined;
    const { fetchWaitMs, fetchBytesMin, partitionBytesMax, rack } = this.#settings;
    const current = states.filter((state) => state.isOwned && state.isPositioned);
    const session = broker.session.request(current, ids, partitionBytesMax);
    const draft: RequestDraft<typeof fetch> = {
      ...session,
      maxWaitMs: fetchWaitMs,
      minBytes: fetchBytesMin,
      maxBytes: bytesMax,
      rackId: rack,
    };
    const response = await connection.request(fetch, draft, {
      timeoutMs: this.#cluster.settings.requestTimeoutMs + fetchWaitMs,
      versionMax: ids === undefined ? namedVersionMax : fetchVersionMax,
    });
    if (this.#isClosed) return;
    if (!broker.session.answered(response)) {
      throw new KafkaError(response.errorCode, `fetch from broker ${connection.broker}`);
    }
    this.#take(broker, response, ids !== undefined);
  }

  /** The ids of all topics, or undefined when one has none (brokers before Kafka 2.8). */
  #topicIds(states: readonly PartitionState[]): Map<string, string> | undefined {
    const ids = new Map<string, string>();
    for (const { topic } of states) {
      if (ids.has(topic)) continue;
      const id = this.#cluster.metadata.peek(topic)?.id ?? null;
      if (id === null) return undefined;
      ids.set(topic, id);
    }
    return ids;
  }

  #take(broker: BrokerFetch, response: FetchResponse, byId: boolean): void {
    const memory: FetchedMemory = { bytes: 0, chunks: 0 };
    const chunks: FetchedChunk[] = [];
    const refresh = new Set<string>();
    let held: ArrayBufferLike | undefined;
    for (const { topic, topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const asked = broker.session.askedOf(byId ? topicId : topic, answer.partitionIndex);
        const state = asked?.state;
        if (asked === undefined || state === undefined || !state.isOwned || state.seekCount !== asked.seekCount)
          continue;
        if (answer.errorCode !== 0) {
          this.#refused(state, answer, refresh);
          continue;
        }
        this.#follow(state, answer);
        if (answer.records === null || answer.records.length === 0) continue;
        held = answer.records.buffer;
        const chunk = new FetchedChunk(state, memory, answer.records, answer.highWatermark);
        state.fetchPosition = chunk.nextOffset;
        if (chunk.leaderEpoch >= 0) state.fetchEpoch = chunk.leaderEpoch;
        state.chunks.push(chunk);
        chunks.push(chunk);
      }
    }
    if (held !== undefined) {
      // Views pin all of the memory that the response came in.
      memory.bytes = held.byteLength;
      this.#budget.hold(memory);
    }
    if (refresh.size > 0) this.#refresh(refresh);
    if (chunks.length > 0) this.#host.arrived(chunks);
  }

  #follow(state: PartitionState, { preferredReadReplica }: PartitionAnswer): void {
    if (preferredReadReplica < 0) return;
    const { platform, metadataMaxAgeMs } = this.#cluster.settings;
    state.nearReplica = preferredReadReplica;
    state.nearReplicaUntil = platform.clock.monotonic() + metadataMaxAgeMs;
  }

  #refused(state: PartitionState, { errorCode }: PartitionAnswer, refresh: Set<string>): void {
    const { topic, partition } = state;
    const error = new KafkaError(errorCode, `fetch from ${topic} [${partition}] at offset ${state.fetchPosition}`);
    const remedy = remedyOf(errorCode);
    if (state.nearReplica >= 0) {
      // Whatever it is, the leader knows better.
      state.nearReplica = -1;
      return;
    }
    if (remedy === 'reset') return this.#host.outOfRange(state);
    if (remedy === 'fatal') return this.#host.failed(error);
    this.#pause(state);
    if (remedy === 'refresh') refresh.add(topic);
    this.#cluster.settings.report({
      level: 'warn',
      event: 'fetch_failed',
      message: `${error.message}; trying again`,
      error,
    });
  }

  #pause(state: PartitionState): void {
    const { platform } = this.#cluster.settings;
    state.notBefore = platform.clock.monotonic() + backoffMs(this.#cluster.settings, 1, platform.randomness);
  }

  #broke(broker: BrokerFetch, states: readonly PartitionState[], error: Error & { retriable: boolean }): void {
    const { platform, report } = this.#cluster.settings;
    if (!error.retriable) this.#host.failed(error);
    broker.failures++;
    const now = platform.clock.monotonic();
    broker.notBefore = now + backoffMs(this.#cluster.settings, broker.failures, platform.randomness);
    for (const state of states) state.nearReplica = -1;
    report({ level: 'warn', event: 'fetch_failed', message: `${messageOf(error)}; trying again`, error });
    this.#refresh(new Set(states.map(({ topic }) => topic)));
    this.poke();
  }

  #refresh(topics: ReadonlySet<string>): void {
    this.#cluster.metadata.refresh(topics).catch((error: unknown) => {
      if (!isMillraceError(error)) throw error;
      this.#cluster.settings.report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
    });
  }

  #wakeAt(time: number, now: number): void {
    if (time >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = time;
    this.#timer = this.#cluster.settings.platform.timers.after(Math.max(1, Math.ceil(time - now)), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.poke();
    });
  }
}
