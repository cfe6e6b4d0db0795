/** A topic: its identity, its configuration and its partitions. */
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { type LogSettings, logSettings } from '../configuration/topic-configuration.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import type { ReplicaTable } from '../replication/replica-table.ts';
import { Partition, type PartitionOwner } from './partition.ts';

export interface TopicOptions {
  readonly name: string;
  /** Kafka's 22-character form. */
  readonly id: string;
  readonly directory: string;
  /** Replicas of each partition, the preferred leader first. */
  readonly assignment: readonly (readonly number[])[];
  readonly configuration: ReadonlyMap<string, string>;
  readonly cluster: ClusterConfiguration;
  readonly environment: LogEnvironment;
  readonly replicaTable: ReplicaTable;
}

export class Topic implements PartitionOwner {
  readonly name: string;
  readonly id: string;
  readonly directory: string;
  readonly environment: LogEnvironment;
  readonly replicaTable: ReplicaTable;
  /** By partition number. */
  readonly partitions: Partition[];
  #configuration: ReadonlyMap<string, string>;
  #settings: LogSettings | undefined;
  readonly #cluster: ClusterConfiguration;
  #deleted = false;

  constructor(options: TopicOptions) {
    this.name = options.name;
    this.id = options.id;
    this.directory = options.directory;
    this.environment = options.environment;
    this.replicaTable = options.replicaTable;
    this.#cluster = options.cluster;
    this.#configuration = options.configuration;
    this.partitions = options.assignment.map((replicas, index) => new Partition(this, index, replicas));
  }

  /** What the topic itself sets, by name. */
  get configuration(): ReadonlyMap<string, string> {
    return this.#configuration;
  }

  get settings(): LogSettings {
    this.#settings ??= logSettings(this.#configuration, this.#cluster);
    return this.#settings;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  setConfiguration(configuration: ReadonlyMap<string, string>): void {
    this.#configuration = configuration;
    this.#settings = undefined;
  }

  /** To be called when a broker-wide default has changed. */
  forgetSettings(): void {
    this.#settings = undefined;
  }

  addPartitions(assignment: readonly (readonly number[])[]): void {
    for (const replicas of assignment) this.partitions.push(new Partition(this, this.partitions.length, replicas));
  }

  /** Wakes whoever waits for records; the files go later. */
  markDeleted(): void {
    this.#deleted = true;
    for (const partition of this.partitions) {
      this.replicaTable.forget(partition);
      partition.wake();
    }
  }
}
