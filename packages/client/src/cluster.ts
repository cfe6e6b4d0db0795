/**
 * What everything that one client makes shares: settings, connections, metadata, and the ways to reach the right
 * broker: a given one, any, the controller, the coordinator of a group.
 */
import { isMillraceError } from '@millrace/base';
import {
  type Api,
  errorCodes,
  findCoordinator,
  KafkaError,
  type MetadataResponse,
  metadata,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { answerError } from './authorization.ts';
import { BrokerPool } from './connection/broker-pool.ts';
import type { Connection } from './connection/connection.ts';
import type { RequestOptions } from './connection/connection-options.ts';
import { MetadataCache } from './metadata/metadata-cache.ts';
import { type RetryOptions, retrying } from './retry.ts';
import type { ClientSettings } from './settings.ts';
import { ClientMetrics } from './telemetry/client-metrics.ts';

/** What has a coordinator. */
export type CoordinatedKind = 'group' | 'transactional id';

export interface CallBounds {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Cluster {
  readonly settings: ClientSettings;
  readonly metrics: ClientMetrics;
  readonly pool: BrokerPool;
  readonly metadata: MetadataCache;
  #clusterId: string | null = null;
  #controllerId = -1;
  #purposes = 0;

  constructor(settings: ClientSettings) {
    this.settings = settings;
    this.metrics = new ClientMetrics((api, broker, throttleMs) => {
      const message = `broker ${broker} asks for a pause of ${throttleMs} ms after ${api}: a quota is used up`;
      settings.report({ level: 'info', event: 'throttled', message });
    });
    this.pool = new BrokerPool(settings, this.metrics);
    this.metadata = new MetadataCache(
      settings,
      (topics, mayCreate) => this.askMetadata(topics, mayCreate),
      () => this.pool.awaited,
    );
  }

  get clusterId(): string | null {
    return this.#clusterId;
  }

  get controllerId(): number {
    return this.#controllerId;
  }

  /** A name for connections of their own, for example `produce-3`. */
  newPurpose(kind: string): string {
    this.#purposes++;
    return `${kind}-${this.#purposes}`;
  }

  /** Asks any broker about these topics, or all (null), and learns the brokers from its answer. */
  async askMetadata(topics: readonly string[] | null, mayCreate: boolean): Promise<MetadataResponse> {
    const connection = await this.pool.connectToAny();
    const version = connection.version(metadata);
    const all = version === 0 ? [] : null;
    const response = await connection.request(metadata, {
      topics: topics === null ? all : topics.map((name) => ({ name })),
      // Versions before 4 know only one way.
      ...(version >= 4 ? { allowAutoTopicCreation: mayCreate && this.settings.autoCreateTopics } : {}),
    });
    this.pool.setNodes(response.brokers);
    this.#clusterId = response.clusterId;
    this.#controllerId = response.controllerId;
    return response;
  }

  /** The names of topics by their ids, asked for where they are not known; ids that no broker knows are left out. */
  async topicNames(ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    const unknown: string[] = [];
    for (const id of ids) {
      const name = this.metadata.nameOf(id);
      if (name === undefined) unknown.push(id);
      else names.set(id, name);
    }
    if (unknown.length === 0) return names;
    const connection = await this.pool.connectToAny();
    const topics = unknown.map((topicId) => ({ topicId, name: null }));
    const response = await connection.request(metadata, { topics, allowAutoTopicCreation: false });
    this.metadata.learn(response);
    for (const { errorCode, name, topicId } of response.topics) {
      if (errorCode === 0 && name !== null) names.set(topicId, name);
    }
    return names;
  }

  /** Repeats `attempt` on retriable errors, within the bounds. `manner` departs from the client's own. */
  retrying<T>(
    { timeoutMs = this.settings.callTimeoutMs, signal }: CallBounds,
    attempt: (remainingMs: number) => Promise<T>,
    manner: Pick<RetryOptions, 'mayRepeat'> & Partial<Pick<RetryOptions, 'backoff'>> = {},
  ): Promise<T> {
    const { platform } = this.settings;
    const awaited = (): string[] => this.pool.awaited;
    return retrying({ platform, backoff: this.settings, timeoutMs, signal, awaited, ...manner }, attempt);
  }

  /** One request to any broker. */
  async callAny<A extends Api>(api: A, draft: RequestDraft<A>, options?: RequestOptions): Promise<ResponseOf<A>> {
    const connection = await this.pool.connectToAny();
    return connection.request(api, draft, options);
  }

  /** One request to one broker, over the shared connection. */
  async callBroker<A extends Api>(
    nodeId: number,
    api: A,
    draft: RequestDraft<A>,
    options?: RequestOptions,
  ): Promise<ResponseOf<A>> {
    const connection = await this.pool.connect(nodeId);
    return connection.request(api, draft, options);
  }

  /** A connection to the controller, or in KRaft to any broker, which passes on what concerns the controller. */
  async connectToController(): Promise<Connection> {
    if (this.#controllerId < 0) await this.askMetadata([], false);
    return this.#controllerId < 0 ? this.pool.connectToAny() : this.pool.connect(this.#controllerId);
  }

  /** After NOT_CONTROLLER: ask who is. */
  forgetController(): void {
    this.#controllerId = -1;
  }

  /**
   * The node id of the coordinator of a group or a transactional id. Rejects with a retriable `KafkaError` while there
   * is none.
   */
  async findCoordinator(key: string, kind: CoordinatedKind = 'group', timeoutMs?: number): Promise<number> {
    const connection = await this.pool.connectToAny();
    const byList = connection.version(findCoordinator) >= 4;
    const keyType = kind === 'group' ? 0 : 1;
    const draft = byList
      ? { keyType, coordinatorKeys: [key] }
      : // Version 0 knows groups alone.
        { key, ...(keyType === 0 ? {} : { keyType }) };
    const response = await connection.request(findCoordinator, draft, { timeoutMs });
    const found = byList ? response.coordinators[0] : response;
    const errorCode = found?.errorCode ?? errorCodes.COORDINATOR_NOT_AVAILABLE;
    if (found === undefined || errorCode !== 0) {
      const resourceType = kind === 'group' ? 'group' : 'transactional-id';
      const needed = { operation: 'describe', resourceType, resourceName: key } as const;
      throw answerError(errorCode, `find the coordinator of ${kind} ${key}`, found?.errorMessage, needed);
    }
    const { nodeId, host, port } = found;
    this.pool.setNode({ nodeId, host, port });
    return nodeId;
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

/** Whether an error means that the broker asked is the wrong one, so that another must be found before trying again. */
export function isWrongCoordinator(error: unknown): boolean {
  if (!isMillraceError(error)) return false;
  if (!(error instanceof KafkaError))
    return error.code === 'connection_lost' || error.code === 'request_timeout' || error.code === 'connect_failed';
  return error.errorCode === errorCodes.NOT_COORDINATOR || error.errorCode === errorCodes.COORDINATOR_NOT_AVAILABLE;
}
