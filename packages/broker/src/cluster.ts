/**
 * A cluster of brokers in one process: several endpoints, one state, one directory on disk.
 *
 *     <data directory>/meta.json    format version and cluster id
 *     <data directory>/journal      topics, configuration, groups, offsets, producer ids
 *     <data directory>/topics/      records
 *
 * It is a single machine's broker: replicas are named, but there is one copy of the data. It takes no lock on its directory;
 * the caller does.
 */
import {
  type Listener,
  MillraceError,
  messageOf,
  nodePlatform,
  type Platform,
  randomUuidBytes,
  type Timer,
} from '@millrace/base';
import { ByteWriter } from '@millrace/wire';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { ClusterState } from './cluster-state.ts';
import { ClusterConfiguration } from './configuration/cluster-configuration.ts';
import { FetchSessions } from './fetch/fetch-sessions.ts';
import { GroupCoordinator } from './groups/group-coordinator.ts';
import { handlers } from './handlers/index.ts';
import { Journal } from './journal/journal.ts';
import { FileCache } from './log/file-cache.ts';
import type { Log } from './log/log.ts';
import type { LogEnvironment } from './log/log-environment.ts';
import { TailCache } from './log/tail-cache.ts';
import { Connection } from './network/connection.ts';
import { ProducerIds } from './producer-ids.ts';
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

/** The data directory was written by a newer version, or is damaged. */
export class ClusterDirectoryError extends MillraceError {
  readonly code = 'cluster_directory';
  readonly directory: string;

  constructor(directory: string, reason: string) {
    super(`the cluster's data directory ${directory} can't be used: ${reason}`);
    this.directory = directory;
  }
}

const formatVersion = 1;
const tailBytesMaxDefault = 64 * 1024 * 1024;
const openFilesMaxDefault = 512;
/** How often due syncs by `flush.ms` are looked for, in milliseconds. */
const flushCheckMs = 1000;
/** Logs closed at once at shutdown, each with a few file operations. */
const closingAtOnce = 16;

/**
 * Starts a cluster: reads its directory, repairs what a crash left, and listens. Rejects with `ListenError`, `DiskError`,
 * `ClusterDirectoryError`, `ConfigurationError` or the journal's errors; nothing stays open then.
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
  readonly topics: TopicCatalog;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly fetchSessions: FetchSessions;
  readonly #options: ClusterOptions;
  readonly #journal: Journal;
  readonly #files: FileCache;
  readonly #connections = new Set<Connection>();
  readonly #timers = new Set<Timer>();
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
    this.#journal = new Journal({ disk, path: `${dataDirectory}/journal`, report: this.#report });
    this.configuration.attach(this.#journal);
    this.#files = new FileCache(disk, options.openFilesMax ?? openFilesMaxDefault);
    const environment: LogEnvironment = {
      clock,
      disk,
      files: this.#files,
      tails: new TailCache(options.tailBytesMax ?? tailBytesMaxDefault),
      report: this.#report,
    };
    const directory = `${dataDirectory}/topics`;
    this.topics = new TopicCatalog({
      directory,
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
    const { disk } = this.platform;
    await disk.makeDirectory(`${this.#options.dataDirectory}/topics`);
    this.#clusterId = await this.#readIdentity();
    await this.#journal.open();
    this.#journalOpen = true;
    this.producerIds.start();
    await this.topics.recover();
    await this.groups.start();
    await this.#listen();
    this.#every(this.configuration.number('log.retention.check.interval.ms'), () => this.#retain());
    this.#every(flushCheckMs, () => this.#flushOld());
  }

  /** Ends all connections, writes and syncs what is pending, and leaves a directory that the next start need not check. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    const listeners = this.#listeners.map((listener) => listener.close());
    for (const connection of [...this.#connections]) connection.destroy();
    await Promise.all(listeners);
    if (!this.#journalOpen) return;
    this.groups.close();
    const logs = [...this.topics.logged()].map((partition) => partition.openLog());
    for (let first = 0; first < logs.length; first += closingAtOnce) {
      await Promise.all(logs.slice(first, first + closingAtOnce).map((log) => this.#closeLog(log)));
    }
    await this.#journal.close();
    await this.#files.close();
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

  async #readIdentity(): Promise<string> {
    const { disk, randomness } = this.platform;
    const directory = this.#options.dataDirectory;
    const path = `${directory}/meta.json`;
    const content = await disk.readFile(path);
    if (content === undefined) {
      const clusterId = Buffer.from(randomUuidBytes(randomness)).toString('base64url');
      const text = `${JSON.stringify({ formatVersion, clusterId })}\n`;
      await disk.writeFileAtomic(path, Buffer.from(text), { sync: true });
      return clusterId;
    }
    return parseIdentity(Buffer.from(content).toString(), directory);
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
    for (const partition of this.topics.logged()) {
      partition.log?.producers.expire(expired);
      await partition.log?.retain();
    }
  }

  async #flushOld(): Promise<void> {
    for (const partition of this.topics.logged()) await partition.log?.flushOld();
  }

  /** Runs `work` again and again, `intervalMs` after it ended. */
  #every(intervalMs: number, work: () => Promise<void>): void {
    const timer = this.platform.timers
      .after(intervalMs, () => {
        this.#timers.delete(timer);
        const again = (): void => {
          if (this.#closing === undefined) this.#every(intervalMs, work);
        };
        work().then(again, (error: unknown) => {
          this.#report({ level: 'error', message: `housekeeping failed: ${messageOf(error)}` });
          again();
        });
      })
      .unref();
    this.#timers.add(timer);
  }
}

function parseIdentity(text: string, directory: string): string {
  let identity: { formatVersion?: unknown; clusterId?: unknown };
  try {
    identity = JSON.parse(text);
  } catch (error) {
    throw new ClusterDirectoryError(directory, `meta.json is damaged (${String(error)}); restore it from a backup`);
  }
  if (identity.formatVersion !== formatVersion) {
    const reason = `its format is ${String(identity.formatVersion)}, and this version of Millrace reads ${formatVersion}`;
    throw new ClusterDirectoryError(directory, `${reason}; use the version that wrote it`);
  }
  if (typeof identity.clusterId !== 'string') {
    throw new ClusterDirectoryError(directory, 'meta.json names no cluster id; restore it from a backup');
  }
  return identity.clusterId;
}
