/**
 * A cluster of brokers in one process: several endpoints, one state, one directory on disk. Brokers can be stopped and
 * started again while the others go on.
 *
 *     <data directory>/meta.json    format version and cluster id
 *     <data directory>/journal      topics, configuration, groups, offsets, producer ids
 *     <data directory>/topics/      records
 *
 * It is a single machine's broker: replicas are named, but there is one copy of the data. It takes no lock on its
 * directory; the caller does.
 */
import { messageOf, nodePlatform, type Platform } from '@millrace/base';
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
import { sectionShapes } from './journal/section-shapes.ts';
import { Compactor } from './log/compaction/compactor.ts';
import { FileCache } from './log/file-cache.ts';
import type { Log } from './log/log.ts';
import type { LogEnvironment } from './log/log-environment.ts';
import { SyncGate } from './log/sync-gate.ts';
import { TailCache } from './log/tail-cache.ts';
import { ClusterBrokers } from './network/cluster-brokers.ts';
import { type ConnectionFigures, Connections } from './network/connections.ts';
import { PeerReports } from './network/peer-reports.ts';
import { ProducerIds } from './producer-ids.ts';
import { ClientQuotas } from './quotas/client-quotas.ts';
import { ReplicaTable } from './replication/replica-table.ts';
import { Replication } from './replication/replication.ts';
import type { Authorizer } from './security/authorization.ts';
import { ClusterSecurity, type SecurityOptions } from './security/cluster-security.ts';
import type { ListenerOptions } from './security/listener-plan.ts';
import { type ClientMetrics, ClientTelemetry } from './telemetry/client-telemetry.ts';
import { MetricSubscriptions } from './telemetry/metric-subscriptions.ts';
import { TopicCatalog } from './topics/topic-catalog.ts';
import { ProducerGate } from './transactions/producer-gate.ts';
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts';

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
  /** Users, and what else of security has no name in Kafka's configuration. */
  readonly security?: SecurityOptions | undefined;
  /**
   * Acknowledges with acks=all, and changes of offsets and groups, only what survives a loss of power; default false:
   * what survives the end of the process, as Apache Kafka does.
   */
  readonly durable?: boolean | undefined;
  /** Most bytes of new records kept in memory; default 64 MiB. */
  readonly tailBytesMax?: number | undefined;
  /** Most bytes of answers that clients have not taken, before less is read from files for them; default 256 MiB. */
  readonly answerBytesMax?: number | undefined;
  /** Most files open at rest; default 512. */
  readonly openFilesMax?: number | undefined;
  /** Given the metrics that clients push, where they are subscribed to. */
  readonly telemetry?: ((report: ClientMetrics) => void) | undefined;
  /** Told of what concerns the operator. */
  readonly report?: ((event: BrokerEvent) => void) | undefined;
}

export interface BrokerOptions {
  readonly nodeId: number;
  /** Of the only listener, which asks nobody who they are, unless there are others. */
  readonly port: number;
  readonly rack?: string | undefined;
  /** In place of those that the configuration `listeners` names; all brokers have listeners of the same names. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
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
/** Syncs at once, where all writes are synced: half the threads that do them. */
const syncsAtOnce = 2;
const answerBytesMaxDefault = 256 * 1024 * 1024;
/** How often files of certificates are looked at, and connections that do not log in are closed, in milliseconds. */
const securityCheckMs = 2000;
/** How often due syncs by `flush.ms` are looked for, in milliseconds. */
const flushCheckMs = 1000;
/** How long a broker that stops still answers the connections it has, in milliseconds. */
const stopGraceMs = 500;
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
  readonly replication: Replication;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly transactions: TransactionCoordinator;
  readonly producerGate = new ProducerGate();
  readonly fetchSessions: FetchSessions;
  readonly quotas: ClientQuotas;
  readonly telemetry: ClientTelemetry;
  readonly security: ClusterSecurity;
  readonly #options: ClusterOptions;
  readonly #journal: Journal;
  readonly #files: FileCache;
  readonly #connections: Connections;
  readonly #brokers: ClusterBrokers;
  readonly #housekeeping: Housekeeping;
  readonly #compactor: Compactor;
  readonly #report: (event: BrokerEvent) => void;
  readonly #peerReports: PeerReports;
  #clusterId = '';
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
    const durable = options.durable ?? false;
    const report = this.#report;
    this.#journal = new Journal({ disk, path: paths.journal, sync: durable, shapes: sectionShapes, report });
    this.configuration.attach(this.#journal);
    this.features = new ClusterFeatures(this.#journal);
    this.#housekeeping = new Housekeeping({ timers: platform.timers, report: this.#report });
    this.#files = new FileCache(disk, options.openFilesMax ?? openFilesMaxDefault);
    const environment: LogEnvironment = {
      clock,
      disk,
      files: this.#files,
      tails: new TailCache(options.tailBytesMax ?? tailBytesMaxDefault),
      syncGate: durable ? new SyncGate(syncsAtOnce) : undefined,
      report: this.#report,
    };
    const table = new ReplicaTable(options.brokers.map(({ nodeId, rack = null }) => ({ nodeId, rack })));
    this.#peerReports = new PeerReports(clock, this.#report);
    this.security = new ClusterSecurity({
      platform,
      configuration: this.configuration,
      journal: this.#journal,
      security: options.security,
      report: this.#report,
      reportPeer: this.#peerReports.report,
    });
    this.quotas = new ClientQuotas(clock, this.configuration, this.#journal);
    this.telemetry = new ClientTelemetry({
      clock,
      randomness,
      subscriptions: new MetricSubscriptions(this.#journal),
      bytesMax: this.configuration.number('telemetry.max.bytes'),
      sink: options.telemetry,
      report: this.#report,
    });
    this.#connections = this.#makeConnections();
    this.#brokers = this.#makeBrokers(table);
    const stopped = (): boolean => this.#housekeeping.stopped;
    this.#compactor = new Compactor({ environment, platform, configuration: this.configuration, stopped });
    this.topics = new TopicCatalog({
      directory: paths.topics,
      replicaTable: table,
      configuration: this.configuration,
      environment,
      randomness,
      journal: this.#journal,
    });
    this.replication = new Replication({
      table,
      topics: this.topics,
      configuration: this.configuration,
      journal: this.#journal,
      clock,
      timers: platform.timers,
      report: this.#report,
    });
    this.producerIds = new ProducerIds(this.#journal);
    this.groups = this.#makeGroups();
    this.transactions = this.#makeTransactions();
    const slots = this.configuration.number('max.incremental.fetch.session.cache.slots');
    this.fetchSessions = new FetchSessions(clock, randomness, slots);
  }

  /** 22 characters, the same at every start. */
  get clusterId(): string {
    return this.#clusterId;
  }

  get authorizer(): Authorizer | undefined {
    return this.security.authorizer;
  }

  get endpoints(): readonly BrokerEndpoint[] {
    return this.#brokers.running;
  }

  get fencedEndpoints(): readonly BrokerEndpoint[] {
    return this.#brokers.fenced;
  }

  /** The addresses of the brokers that run, as clients see them. */
  get brokers(): readonly BrokerAddress[] {
    return this.endpoints.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack }));
  }

  /** Bootstrap servers by the names of listeners, of the brokers that run. */
  get listeners(): Readonly<Record<string, string>> {
    return this.#brokers.bootstraps;
  }

  /** `host:port,host:port` of the brokers that run, at their first listener, for a client's bootstrap servers. */
  get bootstrap(): string {
    return this.endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  /** What the connections of all brokers hold now. */
  get connections(): ConnectionFigures {
    return this.#connections;
  }

  async start(): Promise<void> {
    const { disk, randomness } = this.platform;
    const { ignored } = this.configuration;
    if (ignored.length > 0) {
      this.#report({ level: 'warn', message: `these settings change nothing: ${ignored.join(', ')}` });
    }
    this.#clusterId = await openClusterDirectory(disk, randomness, this.#options.dataDirectory);
    await this.#journal.open();
    this.#journalOpen = true;
    this.producerIds.start();
    await this.topics.recover();
    await this.replication.start();
    await this.groups.start();
    await this.transactions.start();
    await this.security.start();
    await this.#brokers.listen();
    this.#housekeeping.every(this.configuration.number('log.retention.check.interval.ms'), () => this.#retain());
    this.#housekeeping.every(flushCheckMs, () => this.#flushOld());
    if (this.configuration.boolean('log.cleaner.enable')) {
      this.#housekeeping.every(this.configuration.number('log.cleaner.backoff.ms'), () => this.#compact());
    }
    this.#tendTransactions();
    this.#housekeeping.every(securityCheckMs, () => this.#brokers.tend());
    this.#keepLeaders();
    const idleMsMax = this.configuration.number('connections.max.idle.ms');
    if (idleMsMax >= 0) this.#housekeeping.every(idleMsMax / 4 + 1, () => this.#brokers.closeIdle(idleMsMax));
  }

  /**
   * Stops one broker as a controlled shutdown does: it leaves the ISRs, its leaderships and what it coordinates move to
   * other brokers, and for `graceMs` it still tells clients so before their connections end. With a grace of 0 that is
   * at once, as when a machine dies. It stays down, also over a restart of the cluster, until `startBroker`. Does
   * nothing if it is down. Rejects with `UnknownBrokerError`, `DiskError` or the journal's errors.
   */
  stopBroker(nodeId: number, { graceMs = stopGraceMs }: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    return this.#brokers.stop(nodeId, graceMs);
  }

  /**
   * Starts a broker that was stopped, at the address it had. Its replicas are out of sync until they have caught up.
   * Does nothing if it runs. Rejects with `UnknownBrokerError`, `ListenError`, `DiskError` or the journal's errors.
   */
  startBroker(nodeId: number): Promise<void> {
    return this.#brokers.start(nodeId);
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
    await Promise.all([this.#brokers.close(), housekeeping]);
    if (!this.#journalOpen) return;
    this.groups.close();
    this.transactions.close();
    await this.#endReplication();
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

  #makeTransactions(): TransactionCoordinator {
    return new TransactionCoordinator({
      platform: this.platform,
      configuration: this.configuration,
      features: this.features,
      journal: this.#journal,
      topics: this.topics,
      groups: this.groups,
      producerIds: this.producerIds,
      report: this.#report,
    });
  }

  #makeConnections(): Connections {
    return new Connections({
      platform: this.platform,
      configuration: this.configuration,
      handlers,
      answerBytesMax: this.#options.answerBytesMax ?? answerBytesMaxDefault,
      quotas: this.quotas,
      report: this.#peerReports.report,
    });
  }

  #makeBrokers(table: ReplicaTable): ClusterBrokers {
    const { host = '127.0.0.1', brokers } = this.#options;
    const { security } = this;
    const connections = this.#connections;
    const { report } = this.#peerReports;
    return new ClusterBrokers({ cluster: this, table, host, brokers, security, connections, report });
  }

  #keepLeaders(): void {
    const { configuration, replication } = this;
    if (configuration.boolean('auto.leader.rebalance.enable')) {
      const intervalMs = configuration.number('leader.imbalance.check.interval.seconds') * 1000;
      this.#housekeeping.every(intervalMs, () => replication.balance());
    }
    const uncleanMs = configuration.number('unclean.leader.election.interval.ms');
    this.#housekeeping.every(uncleanMs, () => replication.electUnclean());
  }

  async #endReplication(): Promise<void> {
    try {
      await this.replication.close();
    } catch (error) {
      const message = `could not note how far replicas have caught up: ${messageOf(error)}`;
      this.#report({ level: 'warn', message: `${message}; after the next start they go on from an earlier place` });
    }
  }

  async #retain(): Promise<void> {
    const expired = this.platform.clock.now() - this.configuration.number('producer.id.expiration.ms');
    await this.#tend('apply the retention of', (log) => {
      log.producers.expire(expired);
      return log.retain();
    });
  }

  #tendTransactions(): void {
    const openMs = this.configuration.number('transaction.abort.timed.out.transaction.cleanup.interval.ms');
    this.#housekeeping.every(openMs, () => this.transactions.abortTimedOut());
    const unusedMs = this.configuration.number('transaction.remove.expired.transaction.cleanup.interval.ms');
    this.#housekeeping.every(unusedMs, () => this.transactions.expire());
  }

  #compact(): Promise<void> {
    const { topics } = this;
    return this.#compactor.run(function* () {
      for (const { log, owner } of topics.logged()) if (log !== undefined) yield { log, settings: owner.settings };
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
}
