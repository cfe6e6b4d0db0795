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
import { ClusterLogs } from './cluster-logs.ts';
import type { BrokerAddress, BrokerEvent, ClusterOptions } from './cluster-options.ts';
import type { ClusterState } from './cluster-state.ts';
import { scheduleUpkeep } from './cluster-upkeep.ts';
import { ClusterConfiguration } from './configuration/cluster-configuration.ts';
import { ClusterFeatures } from './features/cluster-features.ts';
import { FetchSessions } from './fetch/fetch-sessions.ts';
import { GroupCoordinator } from './groups/group-coordinator.ts';
import { handlers } from './handlers/index.ts';
import { Housekeeping } from './housekeeping.ts';
import { Journal } from './journal/journal.ts';
import { sectionShapes } from './journal/section-shapes.ts';
import { ClusterBrokers } from './network/cluster-brokers.ts';
import { type ConnectionFigures, Connections } from './network/connections.ts';
import { PeerReports } from './network/peer-reports.ts';
import { ProducerIds } from './producer-ids.ts';
import { ClientQuotas } from './quotas/client-quotas.ts';
import { ReplicaTable } from './replication/replica-table.ts';
import { Replication } from './replication/replication.ts';
import type { Authorizer } from './security/authorization.ts';
import { ClusterSecurity } from './security/cluster-security.ts';
import { ClientTelemetry } from './telemetry/client-telemetry.ts';
import { MetricSubscriptions } from './telemetry/metric-subscriptions.ts';
import { TopicCatalog } from './topics/topic-catalog.ts';
import { ProducerGate } from './transactions/producer-gate.ts';
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts';

const answerBytesMaxDefault = 256 * 1024 * 1024;
/** How long a broker that stops still answers the connections it has, in milliseconds. */
const stopGraceMs = 500;
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
  readonly #logs: ClusterLogs;
  readonly #connections: Connections;
  readonly #brokers: ClusterBrokers;
  readonly #housekeeping: Housekeeping;
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
    this.#logs = new ClusterLogs({
      platform,
      configuration: this.configuration,
      durable,
      tailBytesMax: options.tailBytesMax,
      openFilesMax: options.openFilesMax,
      scribbles: options.scribbles,
      all: () => this.topics.logged(),
      stopped: () => this.#housekeeping.stopped,
      report: this.#report,
    });
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
    this.topics = new TopicCatalog({
      directory: paths.topics,
      replicaTable: table,
      configuration: this.configuration,
      environment: this.#logs.environment,
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
    scheduleUpkeep(this, this.#housekeeping, this.#logs, this.#brokers);
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
    await this.#logs.close();
    try {
      await this.#journal.close();
    } finally {
      await this.#logs.closeFiles();
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
      buffers: this.#logs.environment.buffers,
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

  async #endReplication(): Promise<void> {
    try {
      await this.replication.close();
    } catch (error) {
      const message = `could not note how far replicas have caught up: ${messageOf(error)}`;
      this.#report({ level: 'warn', message: `${message}; after the next start they go on from an earlier place` });
    }
  }
}
