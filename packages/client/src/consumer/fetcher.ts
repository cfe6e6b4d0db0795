/**
 * Fetches ahead: for each broker that leads partitions of this consumer at most one request at a time, which waits at the broker for
 * data, over a connection of its own. What arrives becomes chunks in the order of arrival, within a memory budget.
 *
 * A partition that is to be fetched from somewhere while such a request waits without it (a seek, a resume, a new assignment) does not
 * wait along: it is fetched aside, over a second connection and outside the session, until that comes back empty.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import { type FetchResponse, fetch, KafkaError, type RequestDraft } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { FetchBudget } from './fetch-budget.ts';
import { remedyOf } from './fetch-errors.ts';
import { FetchSession, type SessionRequest } from './fetch-session.ts';
import { FetchedChunk, type FetchedMemory } from './fetched-chunk.ts';
import type { PartitionState } from './partition-state.ts';

/** From version 18 on a client may tell which high watermark it knows, which is for followers. */
const fetchVersionMax = 17;
/** The last version that names topics by name. */
const namedVersionMax = 12;
/** Less room than this is not worth a request while there is something to hand out. */
const requestBytesMin = 64 * 1024;
/** The session epoch of requests that belong to no session. */
const noSession = -1;

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

interface BrokerFetch {
  readonly nodeId: number;
  readonly session: FetchSession;
  isBusy: boolean;
  isBusyAside: boolean;
  /** Partitions that were fetched aside and had nothing, since the last request of the session. */
  readonly quiet: Set<PartitionState>;
  failures: number;
  notBefore: number;
}

export interface FetcherHost {
  /** Partitions that are owned, in a stable order. */
  readonly states: () => Iterable<PartitionState>;
  /** Told of chunks that were added to their partitions' states. */
  readonly arrived: (chunks: readonly FetchedChunk[]) => void;
  /** There is no memory to fetch more. */
  readonly starved: () => void;
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
  readonly #purposeAside: string;
  readonly #brokers = new Map<number, BrokerFetch>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  /** A fetch was put off for want of memory. */
  #isStarved = false;
  #isClosed = false;

  constructor(cluster: Cluster, settings: ConsumerSettings, budget: FetchBudget, host: FetcherHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#budget = budget;
    this.#host = host;
    this.#purpose = cluster.newPurpose('fetch');
    this.#purposeAside = cluster.newPurpose('fetch-aside');
  }

  /** Sends the fetches that can be sent. Called whenever a position, a leader or an assignment changed. */
  poke(): void {
    if (this.#isClosed) return;
    this.#isStarved = false;
    const now = this.#cluster.settings.platform.clock.monotonic();
    for (const [nodeId, states] of this.#fetchable(now)) {
      const broker = this.#brokerOf(nodeId);
      if (broker.notBefore > now) {
        this.#wakeAt(broker.notBefore, now);
        continue;
      }
      const aside = broker.isBusy ? this.#leftOut(broker, states) : [];
      if (broker.isBusy && aside.length === 0) continue;
      const bytesMax = this.#roomForRequest();
      if (bytesMax === 0) {
        this.#isStarved = true;
        this.#host.starved();
        break;
      }
      if (broker.isBusy) this.#fetchAside(broker, aside, bytesMax);
      else this.#fetch(broker, states, bytesMax);
    }
  }

  /** Goes on where memory was wanting. Called when some became free. */
  memoryFreed(): void {
    if (this.#isStarved) this.poke();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#cluster.pool.release(this.#purpose);
    this.#cluster.pool.release(this.#purposeAside);
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
      broker = {
        nodeId,
        session: new FetchSession(),
        isBusy: false,
        isBusyAside: false,
        quiet: new Set<PartitionState>(),
        failures: 0,
        notBefore: 0,
      };
      this.#brokers.set(nodeId, broker);
    }
    return broker;
  }

  /** Bytes that the next request may ask for; 0 when it had better wait. Leaves as much again for requests to others. */
  #roomForRequest(): number {
    const { fetchBytesMax } = this.#settings;
    const bytes = Math.min(fetchBytesMax, Math.ceil(this.#budget.freeBytes / 2));
    const isTooLittle = bytes < Math.min(requestBytesMin, fetchBytesMax);
    return isTooLittle && !this.#budget.isEmpty ? 0 : Math.max(bytes, 1);
  }

  #leftOut(broker: BrokerFetch, states: readonly PartitionState[]): PartitionState[] {
    if (broker.isBusyAside) return [];
    return states.filter((state) => !broker.session.isAsked(state) && !broker.quiet.has(state));
  }

  #fetch(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): void {
    broker.isBusy = true;
    broker.quiet.clear();
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
        this.#broke(broker, states, error);
      },
    );
  }

  #fetchAside(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): void {
    broker.isBusyAside = true;
    this.#budget.reserve(bytesMax);
    const before = states.map(({ fetchPosition }) => fetchPosition);
    this.#exchangeAside(broker, states, bytesMax).then(
      () => {
        broker.isBusyAside = false;
        this.#budget.unreserve(bytesMax);
        for (const [place, state] of states.entries())
          if (state.fetchPosition === before[place]) broker.quiet.add(state);
        this.poke();
      },
      (error: unknown) => {
        broker.isBusyAside = false;
        this.#budget.unreserve(bytesMax);
        this.#broke(broker, states, error);
      },
    );
  }

  async #exchange(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): Promise<void> {
    const connection = await this.#connect(broker, this.#purpose);
    const ids = this.#topicIds(connection, states);
    const current = states.filter((state) => state.isOwned && state.isPositioned);
    const session = broker.session.request(current, ids, this.#settings.partitionBytesMax);
    const response = await this.#ask(connection, session, ids, bytesMax, this.#settings.fetchWaitMs);
    if (this.#isClosed) return;
    if (!broker.session.answered(response)) {
      throw new KafkaError(response.errorCode, `fetch from broker ${connection.broker}`);
    }
    this.#take(broker.session, response, ids !== undefined);
  }

  async #exchangeAside(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): Promise<void> {
    const connection = await this.#connect(broker, this.#purposeAside);
    const ids = this.#topicIds(connection, states);
    const current = states.filter((state) => state.isOwned && state.isPositioned);
    const session = new FetchSession();
    const request = { ...session.request(current, ids, this.#settings.partitionBytesMax), sessionEpoch: noSession };
    const response = await this.#ask(connection, request, ids, bytesMax, 0);
    if (this.#isClosed) return;
    if (response.errorCode !== 0) throw new KafkaError(response.errorCode, `fetch from broker ${connection.broker}`);
    this.#take(session, response, ids !== undefined);
  }

  async #connect({ nodeId }: BrokerFetch, purpose: string): Promise<Connection> {
    const { pool } = this.#cluster;
    return pool.openTo(nodeId, purpose) ?? pool.connect(nodeId, purpose);
  }

  #ask(
    connection: Connection,
    session: SessionRequest,
    ids: ReadonlyMap<string, string> | undefined,
    bytesMax: number,
    waitMs: number,
  ): Promise<FetchResponse> {
    const draft: RequestDraft<typeof fetch> = {
      ...session,
      maxWaitMs: waitMs,
      minBytes: this.#settings.fetchBytesMin,
      maxBytes: bytesMax,
      rackId: this.#settings.rack,
    };
    return connection.request(fetch, draft, {
      timeoutMs: this.#cluster.settings.requestTimeoutMs + waitMs,
      versionMax: ids === undefined ? namedVersionMax : fetchVersionMax,
    });
  }

  /** The ids of all topics, or undefined when one has none or the broker takes none (before Kafka 3.1). */
  #topicIds(connection: Connection, states: readonly PartitionState[]): Map<string, string> | undefined {
    if (connection.version(fetch, fetchVersionMax) <= namedVersionMax) return undefined;
    const ids = new Map<string, string>();
    for (const { topic } of states) {
      if (ids.has(topic)) continue;
      const id = this.#cluster.metadata.peek(topic)?.id ?? null;
      if (id === null) return undefined;
      ids.set(topic, id);
    }
    return ids;
  }

  #take(session: FetchSession, response: FetchResponse, byId: boolean): void {
    const memory: FetchedMemory = { bytes: 0, chunks: 0 };
    const chunks: FetchedChunk[] = [];
    const refresh = new Set<string>();
    let held: ArrayBufferLike | undefined;
    for (const { topic, topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const asked = session.askedOf(byId ? topicId : topic, answer.partitionIndex);
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

  #broke(broker: BrokerFetch, states: readonly PartitionState[], error: unknown): void {
    if (this.#isClosed) return;
    if (!isMillraceError(error)) throw error;
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
