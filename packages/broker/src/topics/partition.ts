/**
 * One partition of a topic. A partition without records has no log: no directory, file, timer or buffer, so that a
 * cluster can have hundreds of thousands of them.
 *
 * Replication is modelled: there is one copy of the data, and `replicas` says which brokers would hold it. The first
 * one whose broker is started leads.
 */
import type { LogSettings } from '../configuration/topic-configuration.ts';
import { Log, type ReadChunks } from '../log/log.ts';
import type { LogEnvironment } from '../log/log-environment.ts';

/** Someone who waits for records. */
export interface AppendListener {
  /** Records were made readable in this partition. */
  appended(partition: Partition): void;
}

/** What a partition takes from its topic. */
export interface PartitionOwner {
  readonly name: string;
  /** Absolute path of the topic's directory. */
  readonly directory: string;
  readonly environment: LogEnvironment;
  readonly settings: LogSettings;
  readonly deleted: boolean;
  /** The brokers that are started. */
  readonly nodeIds: readonly number[];
}

export class Partition {
  readonly owner: PartitionOwner;
  readonly index: number;
  /** Node ids, the preferred leader first. Shared with other partitions: never changed in place. */
  replicas: readonly number[];
  #log: Log | undefined;
  #listeners: Set<AppendListener> | undefined;

  constructor(owner: PartitionOwner, index: number, replicas: readonly number[]) {
    this.owner = owner;
    this.index = index;
    this.replicas = replicas;
  }

  /** The first replica whose broker is started; -1 when there is none, as after a start with fewer brokers. */
  get leader(): number {
    const { nodeIds } = this.owner;
    return this.replicas.find((nodeId) => nodeIds.includes(nodeId)) ?? -1;
  }

  /** Replicas whose brokers are started. */
  get inSync(): readonly number[] {
    const { nodeIds } = this.owner;
    if (this.replicas.every((nodeId) => nodeIds.includes(nodeId))) return this.replicas;
    return this.replicas.filter((nodeId) => nodeIds.includes(nodeId));
  }

  /** Grows when another broker becomes leader. */
  get leaderEpoch(): number {
    return 0;
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

  read(offset: number, bytesMax: number, atLeastOne: boolean): ReadChunks | Promise<ReadChunks> {
    return this.#log?.read(offset, bytesMax, atLeastOne) ?? [];
  }

  listen(listener: AppendListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  unlisten(listener: AppendListener): void {
    this.#listeners?.delete(listener);
    if (this.#listeners?.size === 0) this.#listeners = undefined;
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
