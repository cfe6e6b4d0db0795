/**
 * A cluster of brokers in one process: several endpoints, one state, one directory on disk.
 *
 *     <data directory>/meta.json    format version and cluster id
 *     <data directory>/journal      topics, configuration, groups, offsets, producer ids
 *     <data directory>/topics/      records
 *
 * It is a single machine's broker: replicas are named, but there is one copy of the data. It takes no lock on its
 * directory; the caller does.
 */
import { type Listener, messageOf, nodePlatform, type Platform } from '@millrace/base';
import { ByteWriter } from '@millrace/wire';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import { clusterPaths, openClusterDirectory } from './cluster-directory.ts';
import type { ClusterState } from './cluster-state.ts';
import { ClusterConfiguration } from './configuration/cluster-configuration.ts';
import { ClusterFeatures } from './features/cluster-features.ts';
import { FetchSessions } from './fetch/fetch-sessions.ts';
import { GroupCoordinator } from './groups/group-coordinator.ts';
import { handlers } from './handlers/index.ts';
import { Housekeeping } from './housekeeping.ts';
import { Journal } from './journal/journal.ts';
import { FileCache } from './log/file-cache.ts';
import type { Log } from './log/log.ts';
import type { LogEnvironment } from './log/log-environment.ts';
import { TailCache } from './log/tail-cache.ts';
import { Connection } from './network/connection.ts';
import { ProducerIds } from './producer-ids.ts';
import type { Authorizer } from './security/authorization.ts';
import { TopicCatalog } from './topics/topic-catalog.ts';

export interface ClusterOptions {
  /** A name for people. The cluster id that clients see is made once and kept in the data directory. */
  readonly name: string;
  /** Absolute; made if it is absent. The caller sees to it that no other process uses it. */
  readonly dataDirectory: string;
  /** Address to listen on and to advertise; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** The endpoints, at least one, each with its own node id; port 0 is a free one. */
  readonly brokers: readonly BrokerOptions[];
  readonly platform?: Platform | undefined;
  /** Values by Kafka's broker configuration names. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
  /** Most bytes of new records kept in memory; default 64 MiB. */
  readonly tailBytesMax?: number | undefined;
  /** Most files open at rest; default 512. */
  readonly openFilesMax?: number | undefined;
  /** Told of what concerns the operator. */
  readonly report?: ((event: BrokerEvent) => void) | undefined;
}

export interface BrokerOptions {
  readonly nodeId: number;
  readonly port: number;
  readonly rack?: string | undefined;
}

export interface BrokerEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

const tailBytesMaxDefault = 64 * 1024 * 1024;
const openFilesMaxDefault = 512;
/** How often due syncs by `flush.ms` are looked for, in milliseconds. */
const flushCheckMs = 1000;
/** Logs closed at once at shutdown, each with a few file operations. */
const closingAtOnce = 16;

/**
 * Starts a cluster: reads its directory, repairs what a crash left, and listens. Rejects with `ListenError`,
 * `DiskError`, `ClusterDirectoryError`, `ConfigurationError` or the journal's errors; nothing stays open then.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = new Cluster(options);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

export class Cluster implements ClusterState, AsyncDisposable {
  readonly name: string;
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  readonly features: ClusterFeatures;
  readonly topics: TopicCatalog;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly fetchSessions: FetchSessions;
  readonly authorizer: Authorizer | undefined = undefined;
  readonly #options: ClusterOptions;
  readonly #journal: Journal;
  readonly #files: FileCache;
  readonly #connections = new Set<Connection>();
  readonly #housekeeping: Housekeeping;
  readonly #report: (event: BrokerEvent) => void;
  #clusterId = '';
  #endpoints: BrokerEndpoint[] = [];
  #listeners: Listener[] = [];
  #journalOpen = false;
  #closing: Promise<void> | undefined;

  constructor(options: ClusterOptions) {
    const { dataDirectory, configuration = {}, platform = nodePlatform } = options;
    const { clock, disk, randomness } = platform;
    this.name = options.name;
    this.platform = platform;
    this.#options = options;
    this.#report = options.report ?? (() => undefined);
    this.configuration = new ClusterConfiguration(configuration);
    const paths = clusterPaths(dataDirectory);
    this.#journal = new Journal({ disk, path: paths.journal, report: this.#report });
    this.configuration.attach(this.#journal);
    this.features = new ClusterFeatures(this.#journal);
    this.#housekeeping = new Housekeeping({ timers: platform.timers, report: this.#report });
    this.#files = new FileCache(disk, options.openFilesMax ?? openFilesMaxDefault);
    const environment: LogEnvironment = {
      clock,
      disk,
      files: this.#files,
      tails: new TailCache(options.tailBytesMax ?? tailBytesMaxDefault),
      report: this.#report,
    };
    this.topics = new TopicCatalog({
      directory: paths.topics,
      nodeIds: options.brokers.map(({ nodeId }) => nodeId),
      configuration: this.configuration,
      environment,
      randomness,
      journal: this.#journal,
    });
    this.producerIds = new ProducerIds(this.#journal);
    this.groups = this.#makeGroups();
    const slots = this.configuration.number('max.incremental.fetch.session.cache.slots');
    this.fetchSessions = new FetchSessions(clock, randomness, slots);
  }

  /** 22 characters, the same at every start. */
  get clusterId(): string {
    return this.#clusterId;
  }

  get endpoints(): readonly BrokerEndpoint[] {
    return this.#endpoints;
  }

  /** The endpoints' addresses, as clients see them. */
  get brokers(): readonly BrokerAddress[] {
    return this.#endpoints.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack }));
  }

  /** `host:port,host:port`, for a client's bootstrap servers. */
  get bootstrap(): string {
    return this.#endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  async start(): Promise<void> {
    const { disk, randomness } = this.platform;
    this.#clusterId = await openClusterDirectory(disk, randomness, this.#options.dataDirectory);
    await this.#journal.open();
    this.#journalOpen = true;
    this.producerIds.start();
    await this.topics.recover();
    await this.groups.start();
    await this.#listen();
    this.#housekeeping.every(this.configuration.number('log.retention.check.interval.ms'), () => this.#retain());
    this.#housekeeping.every(flushCheckMs, () => this.#flushOld());
    const idleMsMax = this.configuration.number('connections.max.idle.ms');
    if (idleMsMax >= 0) this.#housekeeping.every(idleMsMax / 4 + 1, () => this.#closeIdle(idleMsMax));
  }

  /**
   * Ends all connections, writes and syncs what is pending, and leaves a directory that the next start need not check.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const housekeeping = this.#housekeeping.stop();
    const listeners = this.#listeners.map((listener) => listener.close());
    for (const connection of [...this.#connections]) connection.destroy();
    await Promise.all([...listeners, housekeeping]);
    if (!this.#journalOpen) return;
    this.groups.close();
    await this.topics.removed();
    const logs = [...this.topics.logged()].map((partition) => partition.openLog());
    for (let first = 0; first < logs.length; first += closingAtOnce) {
      await Promise.all(logs.slice(first, first + closingAtOnce).map((log) => this.#closeLog(log)));
    }
    try {
      await this.#journal.close();
    } finally {
      await this.#files.close();
    }
  }

  /** A log that can't be closed cleanly is checked by the next start; the others are closed all the same. */
  async #closeLog(log: Log): Promise<void> {
    try {
      await log.close();
    } catch (error) {
      this.#report({ level: 'warn', message: `${log.directory} was not closed cleanly: ${messageOf(error)}` });
    }
  }

  #makeGroups(): GroupCoordinator {
    return new GroupCoordinator({
      platform: this.platform,
      configuration: this.configuration,
      journal: this.#journal,
      topics: this.topics,
      report: this.#report,
    });
  }

  async #listen(): Promise<void> {
    const { host = '127.0.0.1', brokers } = this.#options;
    const writer = new ByteWriter();
    const frameBytesMax = this.configuration.number('socket.request.max.bytes');
    const endpoints: BrokerEndpoint[] = [];
    // All ports are bound before any client is answered, because every answer names all brokers.
    for (const { nodeId, port, rack } of [...brokers].sort((left, right) => left.nodeId - right.nodeId)) {
      const listener = await this.platform.network.listen({ host, port }, (socket) => {
        const broker = this.#endpoints.find((endpoint) => endpoint.nodeId === nodeId);
        if (broker === undefined) return socket.destroy();
        const connection = new Connection(socket, {
          broker,
          handlers,
          frameBytesMax,
          clock: this.platform.clock,
          writer,
          report: this.#report,
          onClosed: (closed) => this.#connections.delete(closed),
        });
        this.#connections.add(connection);
      });
      this.#listeners.push(listener);
      endpoints.push({ nodeId, host, port: listener.port, rack: rack ?? null, cluster: this });
    }
    this.#endpoints = endpoints;
  }

  async #retain(): Promise<void> {
    const expired = this.platform.clock.now() - this.configuration.number('producer.id.expiration.ms');
    await this.#tend('apply the retention of', (log) => {
      log.producers.expire(expired);
      return log.retain();
    });
  }

  #flushOld(): Promise<void> {
    return this.#tend('sync', (log) => log.flushOld());
  }

  /** Does something to one log after the other. One that fails does not keep the others from it. */
  async #tend(what: string, work: (log: Log) => Promise<void> | undefined): Promise<void> {
    for (const { log } of this.topics.logged()) {
      if (this.#housekeeping.stopped) return;
      try {
        const working = log && work(log);
        if (working !== undefined) await working;
      } catch (error) {
        this.#report({ level: 'error', message: `could not ${what} ${log?.directory}: ${messageOf(error)}` });
      }
    }
  }

  #closeIdle(idleMsMax: number): void {
    const since = this.platform.clock.monotonic() - idleMsMax;
    for (const connection of this.#connections) connection.closeIfIdle(since);
  }
}
