/**
 * What the journal keeps of the replication: brokers that are down, the controller, and the partitions whose replicas
 * are not as they were created. Every entry tells outcomes, never what led to them, so that replay needs to know
 * nothing else.
 */
import type { Journal, JournalSection } from '../journal/journal.ts';
import type { Partition } from '../topics/partition.ts';
import type { Topic } from '../topics/topic.ts';
import { positionOf } from './catch-up.ts';
import type { ReplicaSet } from './partition-state.ts';
import type { DownReason, ReplicaTable } from './replica-table.ts';

/** A partition as an entry tells it; what is left out is empty. */
interface PartitionEntry {
  readonly index: number;
  readonly replicas: readonly number[];
  readonly leader: number;
  readonly epoch: number;
  readonly inSync: readonly number[];
  readonly adding?: readonly number[];
  readonly removing?: readonly number[];
  /** Node id and offset. */
  readonly positions?: readonly (readonly [number, number])[];
}

interface ReplicationEntry {
  /** How often the cluster was started until now. */
  readonly starts?: number;
  /** All brokers that are down from now on, and why. */
  readonly down?: readonly (readonly [number, DownReason])[];
  /** Node id and epoch of the controller. */
  readonly controller?: readonly [number, number];
  /** Partitions by topic id. */
  readonly topics?: readonly (readonly [string, readonly PartitionEntry[]])[];
}

/** What is to change at once. */
export interface ReplicationChange {
  readonly down?: ReadonlyMap<number, DownReason>;
  readonly controller?: ControllerSeat;
  readonly partitions?: ReadonlyMap<Partition, ReplicaSet>;
}

export interface ControllerSeat {
  readonly nodeId: number;
  /** Grows with each move. */
  readonly epoch: number;
}

export interface TopicsById {
  byId(id: string): Topic | undefined;
  byName(name: string): Topic | undefined;
}

export class ReplicationJournal {
  readonly #table: ReplicaTable;
  readonly #topics: TopicsById;
  readonly #section: JournalSection<ReplicationEntry>;
  #controller: ControllerSeat | undefined;
  #changes = 0;
  #starts = 0;

  /** Behind the section of the topics, whose snapshot must come first. */
  constructor(journal: Journal, table: ReplicaTable, topics: TopicsById) {
    this.#table = table;
    this.#topics = topics;
    this.#section = journal.section<ReplicationEntry>('replication', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => this.#snapshot(),
    });
  }

  /** The broker that is controller; until it first moves the one with the lowest node id. */
  get controller(): ControllerSeat {
    return this.#controller ?? { nodeId: this.#table.brokers[0]?.nodeId ?? -1, epoch: 1 };
  }

  /** How many changes were applied since the start, those of the replay included. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Notes a start, by which all leader epochs rise but at the first one: whoever has read records under an older one
   * can tell by that whether the logs still have them. Rejects with `DiskError` or the journal's errors.
   */
  appendStart(): Promise<void> {
    return this.#section.append({ starts: this.#starts + 1 }, { sync: true });
  }

  /** Writes a change and makes it true. Rejects with `DiskError` or the journal's errors; nothing is changed then. */
  append(change: ReplicationChange): Promise<void> {
    const entry = {
      ...(change.down && { down: [...change.down] }),
      ...(change.controller && { controller: [change.controller.nodeId, change.controller.epoch] as const }),
      ...(change.partitions && { topics: this.#entries(change.partitions) }),
    };
    // Clients take no older leader epoch than one they have seen, so none may be lost with the power.
    return this.#section.append(entry, { sync: true });
  }

  #entries(sets: ReadonlyMap<Partition, ReplicaSet>): [string, PartitionEntry[]][] {
    const byTopic = new Map<string, PartitionEntry[]>();
    for (const [partition, set] of sets) {
      const { id } = partition.owner;
      const entry = entryOf(partition, set);
      const known = byTopic.get(id);
      if (known === undefined) byTopic.set(id, [entry]);
      else known.push(entry);
    }
    return [...byTopic];
  }

  #apply({ starts, down, controller, topics = [] }: ReplicationEntry): void {
    this.#changes += 1;
    if (starts !== undefined) {
      this.#starts = starts;
      this.#table.raiseEpochs(starts - 1);
    }
    if (down !== undefined) {
      this.#table.down.clear();
      for (const [nodeId, reason] of down) this.#table.down.set(nodeId, reason);
    }
    if (controller !== undefined) this.#controller = { nodeId: controller[0], epoch: controller[1] };
    const interned = new Map<string, readonly number[]>();
    for (const [id, partitions] of topics) {
      for (const entry of partitions) {
        const partition = this.#topics.byId(id)?.partitions[entry.index];
        if (partition !== undefined) this.#applyPartition(partition, entry, interned);
      }
    }
  }

  #applyPartition(partition: Partition, entry: PartitionEntry, known: Map<string, readonly number[]>): void {
    const interned = (nodeIds: readonly number[]): readonly number[] => {
      const key = nodeIds.join();
      const found = known.get(key) ?? nodeIds;
      known.set(key, found);
      return found;
    };
    const set = {
      replicas: interned(entry.replicas),
      leader: entry.leader,
      leaderEpoch: entry.epoch,
      inSync: interned(entry.inSync),
      adding: interned(entry.adding ?? []),
      removing: interned(entry.removing ?? []),
    };
    this.#table.set(partition, set, new Map(entry.positions));
  }

  *#snapshot(): Iterable<ReplicationEntry> {
    if (this.#starts > 0) yield { starts: this.#starts };
    if (this.#table.down.size > 0) yield { down: [...this.#table.down] };
    if (this.#controller !== undefined) yield { controller: [this.#controller.nodeId, this.#controller.epoch] };
    const sets = new Map([...this.#table.unusual].map((partition) => [partition, partition.replicaSet]));
    for (const topic of this.#entries(sets)) yield { topics: [topic] };
  }
}

function entryOf(partition: Partition, set: ReplicaSet): PartitionEntry {
  const { replicas, leader, leaderEpoch, inSync, adding, removing } = set;
  const behind = replicas.filter((nodeId) => !inSync.includes(nodeId));
  return {
    index: partition.index,
    replicas,
    leader,
    epoch: leaderEpoch,
    inSync,
    ...(adding.length > 0 && { adding }),
    ...(removing.length > 0 && { removing }),
    ...(behind.length > 0 && { positions: behind.map((nodeId) => [nodeId, positionOf(partition, nodeId)] as const) }),
  };
}
