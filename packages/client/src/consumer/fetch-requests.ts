/** Fetch requests of one consumer: over which connection, in which version, with topics named by id or by name. */
import { type FetchResponse, fetch, type RequestDraft } from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { FetchSession, SessionRequest } from './fetch-session.ts';
import type { PartitionState } from './partition-state.ts';

/** From version 18 on a client may tell which high watermark it knows, which is for followers. */
const fetchVersionMax = 17;
/** The last version that names topics by name. */
const namedVersionMax = 12;
/** The session epoch of requests that belong to no session. */
const noSession = -1;

/** A request's answer. */
export interface FetchExchange {
  readonly response: FetchResponse;
  /** The answer names topics by id. */
  readonly byId: boolean;
  /** `host:port`. */
  readonly broker: string;
}

export class FetchRequests {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #purpose: string;
  readonly #purposeAside: string;

  constructor(cluster: Cluster, settings: ConsumerSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#purpose = cluster.newPurpose('fetch');
    this.#purposeAside = cluster.newPurpose('fetch-aside');
  }

  /** Asks for these partitions within a session; waits at the broker for data. */
  async send(
    nodeId: number,
    session: FetchSession,
    states: readonly PartitionState[],
    bytesMax: number,
  ): Promise<FetchExchange> {
    const connection = await this.#connect(nodeId, this.#purpose);
    const ids = this.#topicIds(connection, states);
    const request = session.request(current(states), ids, this.#settings.partitionBytesMax);
    return this.#ask(connection, request, ids, bytesMax, this.#settings.fetchWaitMs);
  }

  /** Asks for these partitions over the second connection, outside any session, and without waiting. */
  async sendAside(
    nodeId: number,
    session: FetchSession,
    states: readonly PartitionState[],
    bytesMax: number,
  ): Promise<FetchExchange> {
    const connection = await this.#connect(nodeId, this.#purposeAside);
    const ids = this.#topicIds(connection, states);
    const request = session.request(current(states), ids, this.#settings.partitionBytesMax);
    return this.#ask(connection, { ...request, sessionEpoch: noSession }, ids, bytesMax, 0);
  }

  close(): void {
    this.#cluster.pool.release(this.#purpose);
    this.#cluster.pool.release(this.#purposeAside);
  }

  async #connect(nodeId: number, purpose: string): Promise<Connection> {
    const { pool } = this.#cluster;
    return pool.openTo(nodeId, purpose) ?? pool.connect(nodeId, purpose);
  }

  async #ask(
    connection: Connection,
    request: SessionRequest,
    ids: ReadonlyMap<string, string> | undefined,
    bytesMax: number,
    waitMs: number,
  ): Promise<FetchExchange> {
    const draft: RequestDraft<typeof fetch> = {
      ...request,
      maxWaitMs: waitMs,
      minBytes: this.#settings.fetchBytesMin,
      maxBytes: bytesMax,
      isolationLevel: this.#settings.isolationLevel,
      rackId: this.#settings.rack,
    };
    const response = await connection.request(fetch, draft, {
      timeoutMs: this.#cluster.settings.requestTimeoutMs + waitMs,
      versionMax: ids === undefined ? namedVersionMax : fetchVersionMax,
    });
    return { response, byId: ids !== undefined, broker: connection.broker };
  }

  /** The ids of all topics, or undefined when one has none or the broker takes none (before Kafka 3.1). */
  #topicIds(connection: Connection, states: readonly PartitionState[]): Map<string, string> | undefined {
    if (connection.version(fetch, fetchVersionMax) <= namedVersionMax) return undefined;
    const ids = new Map<string, string>();
    for (const { topic, topicId } of states) {
      if (ids.has(topic)) continue;
      // The id that the positions are of: a topic made anew under the name must not be read from them.
      const id = topicId ?? this.#cluster.metadata.peek(topic)?.id ?? null;
      if (id === null) return undefined;
      ids.set(topic, id);
    }
    return ids;
  }
}

/** Connecting takes time, in which partitions may have gone. */
function current(states: readonly PartitionState[]): PartitionState[] {
  return states.filter((state) => state.isOwned && state.isPositioned);
}
