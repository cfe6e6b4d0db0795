/**
 * One partition of a topic. A partition without records has no log: no directory, file, timer or buffer, so that a
 * cluster can have hundreds of thousands of them.
 *
 * Replication is modelled: there is one copy of the data, and `replicas` says which brokers would hold it. What they
 * are at is changed by the replication alone.
 */
import type { HeldMemory } from '@millrace/base';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import { type EpochEnd, endOfEpoch, epochAt } from '../log/leader-epochs.ts';
import { Log, type ReadChunks } from '../log/log.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import { noLeader, type PartitionState, type ReplicaSet } from '../replication/partition-state.ts';
import type { ReplicaTable } from '../replication/replica-table.ts';

/** Someone who waits for records. */
export interface AppendListener {
  /** Records were made readable in this partition. */
  appended(partition: Partition): void;
}

/** What a partition takes from its topic. */
export interface PartitionOwner {
  readonly name: string;
  readonly id: string;
  /** Absolute path of the topic's directory. */
  readonly directory: string;
  readonly environment: LogEnvironment;
  /** What the topic itself sets, by name. */
  readonly configuration: ReadonlyMap<string, string>;
  readonly settings: LogSettings;
  readonly deleted: boolean;
  readonly replicaTable: ReplicaTable;
}

const none: readonly number[] = [];

export class Partition {
  readonly owner: PartitionOwner;
  readonly index: number;
  /** Node ids, the preferred leader first. Shared with other partitions: never changed in place. */
  replicas: readonly number[];
  /** Undefined while all replicas are in sync, the first one leads and always did. */
  state: PartitionState | undefined;
  #log: Log | undefined;
  #listeners: Set<AppendListener> | undefined;

  constructor(owner: PartitionOwner, index: number, replicas: readonly number[]) {
    this.owner = owner;
    this.index = index;
    this.replicas = replicas;
    this.state = owner.replicaTable.newState(this, replicas);
  }

  /** The broker that leads; -1 while nobody can. */
  get leader(): number {
    return this.state === undefined ? (this.replicas[0] ?? noLeader) : this.state.leader;
  }

  /** Replicas that have all records; of an offline partition those that last had them. */
  get inSync(): readonly number[] {
    return this.state?.inSync ?? this.replicas;
  }

  /** Grows when another broker becomes leader, and with each start of the cluster. */
  get leaderEpoch(): number {
    return this.state?.leaderEpoch ?? this.owner.replicaTable.firstEpoch;
  }

  /** Replicas that the reassignment under way adds. */
  get adding(): readonly number[] {
    return this.state?.adding ?? none;
  }

  /** Replicas that the reassignment under way removes. */
  get removing(): readonly number[] {
    return this.state?.removing ?? none;
  }

  /** The replicas and all they are at. */
  get replicaSet(): ReplicaSet {
    const { replicas, leader, leaderEpoch, inSync, adding, removing } = this;
    return { replicas, leader, leaderEpoch, inSync, adding, removing };
  }

  get startOffset(): number {
    return this.#log?.startOffset ?? 0;
  }

  get endOffset(): number {
    return this.#log?.endOffset ?? 0;
  }

  get highWatermark(): number {
    return this.#log?.highWatermark ?? 0;
  }

  /** Offset up to which consumers that read committed records only may read. */
  get lastStableOffset(): number {
    return this.#log?.lastStableOffset ?? 0;
  }

  /** Where a leader epoch ended; undefined for one that is not known. */
  epochEnd(epoch: number): EpochEnd | undefined {
    return endOfEpoch(this.#log?.segments ?? [], this.leaderEpoch, this.highWatermark, epoch);
  }

  /** The leader epoch that wrote the record at an offset. */
  epochAt(offset: number): number {
    return epochAt(this.#log?.segments ?? [], this.leaderEpoch, offset);
  }

  /** The log, if the partition ever had records. */
  get log(): Log | undefined {
    return this.#log;
  }

  /** The log, made if need be. */
  openLog(): Log {
    this.#log ??= new Log({
      environment: this.owner.environment,
      directory: `${this.owner.directory}/${this.index}`,
      settings: () => this.owner.settings,
      onAdvance: () => this.#advanced(),
    });
    return this.#log;
  }

  /** As `Log.read`, up to the high watermark or the offset given. */
  read(
    offset: number,
    bytesMax: number,
    atLeastOne: boolean,
    endOffset = this.highWatermark,
    held?: HeldMemory,
  ): ReadChunks | Promise<ReadChunks> {
    return this.#log?.read(offset, bytesMax, atLeastOne, endOffset, held) ?? [];
  }

  /** Whether `read` at this offset needs no file. */
  isInMemory(offset: number): boolean {
    return this.#log?.isInMemory(offset) ?? true;
  }

  listen(listener: AppendListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  unlisten(listener: AppendListener): void {
    this.#listeners?.delete(listener);
    if (this.#listeners?.size === 0) this.#listeners = undefined;
  }

  /** Whether someone waits for records. */
  get isAwaited(): boolean {
    return this.#listeners !== undefined;
  }

  /** Wakes everyone who waits, because the partition is gone or changed leader. */
  wake(): void {
    this.#advanced();
  }

  #advanced(): void {
    if (this.#listeners === undefined) return;
    for (const listener of [...this.#listeners]) listener.appended(this);
  }
}
