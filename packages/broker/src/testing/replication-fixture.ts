/**
 * For tests of the modelled replication: the brokers of a cluster without their network, on a manual clock and a disk
 * in memory, with a real journal, topics and logs.
 */
import { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { Journal } from '../journal/journal.ts';
import { ReplicaTable } from '../replication/replica-table.ts';
import { Replication } from '../replication/replication.ts';
import type { Partition } from '../topics/partition.ts';
import { TopicCatalog } from '../topics/topic-catalog.ts';
import { logEnvironment } from './log-environment.ts';
import { buildBatch, recordsOf } from './log-fixture.ts';
import { ManualPlatform } from './manual-platform.ts';

export interface ReplicationFixtureOptions {
  readonly platform?: ManualPlatform;
  readonly nodeIds: readonly number[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly journalBytesMin?: number;
}

export class ReplicationFixture {
  readonly platform: ManualPlatform;
  readonly topics: TopicCatalog;
  readonly replication: Replication;
  readonly configuration: ClusterConfiguration;
  readonly reports: string[] = [];
  readonly #options: ReplicationFixtureOptions;
  readonly #journal: Journal;

  private constructor(options: ReplicationFixtureOptions) {
    this.#options = options;
    this.platform = options.platform ?? new ManualPlatform();
    const { disk, clock, randomness, timers } = this.platform;
    const report = (event: { readonly message: string }): void => void this.reports.push(event.message);
    this.configuration = new ClusterConfiguration(options.configuration ?? {});
    const compactionBytesMin = options.journalBytesMin;
    this.#journal = new Journal({ disk, path: '/data/journal', report, compactionBytesMin });
    this.configuration.attach(this.#journal);
    const table = new ReplicaTable(options.nodeIds.map((nodeId) => ({ nodeId, rack: null })));
    const environment = logEnvironment({ clock, disk, report, tailBytesMax: 1 << 16, openFilesMax: 16 });
    this.topics = new TopicCatalog({
      directory: '/data/topics',
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
      timers,
      report,
    });
  }

  static async open(options: ReplicationFixtureOptions): Promise<ReplicationFixture> {
    const fixture = new ReplicationFixture(options);
    await fixture.#journal.open();
    await fixture.topics.recover();
    await fixture.replication.start();
    return fixture;
  }

  /** The same cluster as the next process finds it after this one was killed. */
  afterKill(options: Partial<ReplicationFixtureOptions> = {}): Promise<ReplicationFixture> {
    return ReplicationFixture.open({ ...this.#options, ...options, platform: this.platform.afterKill() });
  }

  /** The same cluster after a clean end and a new start. */
  async restarted(options: Partial<ReplicationFixtureOptions> = {}): Promise<ReplicationFixture> {
    await this.replication.close();
    for (const partition of this.topics.logged()) await partition.openLog().close();
    await this.#journal.close();
    return this.afterKill(options);
  }

  partition(topic: string, index: number): Partition {
    const found = this.topics.byName(topic)?.partitions[index];
    if (found === undefined) throw new Error(`there is no partition ${topic}-${index}`);
    return found;
  }

  /** Appends a record as the leader does; false when there is none or, with acks=all, too few replicas are in sync. */
  async produce(partition: Partition, value: string, acks: 1 | -1): Promise<boolean> {
    const { inSync, leader, owner } = partition;
    if (leader < 0 || (acks === -1 && inSync.length < owner.settings.inSyncMin)) return false;
    const { written } = partition.openLog().append(buildBatch({ values: [value] }), partition.leaderEpoch);
    return (await written).failure === undefined;
  }

  /** The values of all records of a partition. */
  async values(partition: Partition): Promise<string[]> {
    const values: string[] = [];
    for (let next = partition.startOffset; next < partition.highWatermark; ) {
      for (const { offset, value } of recordsOf(await partition.read(next, 1 << 16, true))) {
        if (offset < next) continue;
        values.push(value);
        next = offset + 1;
      }
    }
    return values;
  }
}
