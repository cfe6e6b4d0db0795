/**
 * What survives of groups: the last completed generation of each, and its committed offsets. A section of the journal;
 * its state changes only when an entry is written, so what is read here is what a restart would find.
 */
import type { Journal, JournalSection } from '../journal/journal.ts';
import { ConsumerGroupState, type GroupChange } from './consumer/consumer-group-state.ts';
import { PendingOffsets } from './pending-offsets.ts';

/** A member as its generation was completed. Bytes are base64 text. */
export interface StoredMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** Its metadata for the generation's protocol. */
  readonly metadata: string;
  readonly assignment: string;
}

/** A completed generation: with members and their assignments, or empty. */
export interface StoredGeneration {
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** When the group got into its state, in wall-clock milliseconds. */
  readonly since: number;
  readonly members: readonly StoredMember[];
}

export interface CommittedOffset {
  /** Infinity stands for the largest number Kafka has. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Wall-clock milliseconds. */
  readonly committedAt: number;
  /** Wall-clock milliseconds, when the commit itself bounded its life (OffsetCommit 2 to 4). */
  readonly expiresAt?: number | undefined;
}

/** Offsets by topic and partition. */
export type OffsetMap = Map<string, Map<number, CommittedOffset>>;

/**
 * Partition, offset (null in JSON for Infinity), leader epoch, metadata, time of commit, and of expiry if the commit
 * set it.
 */
type OffsetRow = readonly [number, number | null, number, string, number, (number | null)?];

type GroupEntry =
  | { readonly kind: 'generation'; readonly group: string; readonly value: StoredGeneration }
  | {
      readonly kind: 'consumer-group';
      readonly group: string;
      readonly change: GroupChange;
      /** Whatever the group was before is no more. */
      readonly anew?: boolean | undefined;
    }
  | { readonly kind: 'commit'; readonly group: string; readonly topics: readonly (readonly [string, OffsetRow[]])[] }
  | {
      readonly kind: 'pending';
      readonly group: string;
      readonly producerId: number;
      readonly isSuperseded: boolean;
      readonly topics: readonly (readonly [string, OffsetRow[]])[];
    }
  | { readonly kind: 'settle'; readonly group: string; readonly producerId: number; readonly commit: boolean }
  | {
      readonly kind: 'forget-offsets';
      readonly group: string;
      readonly topics: readonly (readonly [string, readonly number[]])[];
    }
  | { readonly kind: 'forget-topic'; readonly topic: string }
  | { readonly kind: 'delete'; readonly group: string };

/** A group is a classic one or one of the consumer protocol: the other's state is absent. */
interface StoredGroup {
  generation: StoredGeneration | undefined;
  consumer: ConsumerGroupState | undefined;
  readonly offsets: OffsetMap;
}

const noOffsets: OffsetMap = new Map();

export class GroupStore {
  /** Offsets of open transactions. The caller must not change them. */
  readonly pending = new PendingOffsets();
  readonly #section: JournalSection<GroupEntry>;
  readonly #groups = new Map<string, StoredGroup>();
  /** Resolves once all commits under way of a group are written or have failed; never rejects. */
  readonly #committing = new Map<string, Promise<void>>();

  /** Registers the section `groups`; the journal is opened later. */
  constructor(journal: Journal) {
    this.#section = journal.section<GroupEntry>('groups', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => this.#snapshot(),
    });
  }

  /** Ids of all groups that have a completed generation or offsets. */
  ids(): Iterable<string> {
    return this.#groups.keys();
  }

  generation(group: string): StoredGeneration | undefined {
    return this.#groups.get(group)?.generation;
  }

  /** The written state of a consumer group; undefined for a classic one and an absent one. */
  consumerGroup(group: string): ConsumerGroupState | undefined {
    return this.#groups.get(group)?.consumer;
  }

  /** The written offsets of a group; empty for one that has none. The caller must not change them. */
  offsets(group: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#groups.get(group)?.offsets ?? noOffsets;
  }

  /** Resolves when every commit that was begun for the group is written or has failed. */
  async settled(group: string): Promise<void> {
    await this.#committing.get(group);
  }

  /** These methods reject as `JournalSection.append` does. */
  saveGeneration(group: string, value: StoredGeneration): Promise<void> {
    return this.#section.append({ kind: 'generation', group, value });
  }

  /** Changes a consumer group's state. `anew` begins with an empty state, whatever the group was before. */
  changeConsumerGroup(group: string, change: GroupChange, anew: boolean): Promise<void> {
    return this.#section.append({ kind: 'consumer-group', group, change, ...(anew ? { anew } : {}) });
  }

  commit(group: string, offsets: OffsetMap): Promise<void> {
    return this.#changeOffsets({ kind: 'commit', group, topics: rowsOf(offsets) });
  }

  /** Keeps offsets until the producer's transaction is over. */
  commitPending(group: string, producerId: number, offsets: OffsetMap): Promise<void> {
    return this.#changeOffsets({ kind: 'pending', group, producerId, isSuperseded: false, topics: rowsOf(offsets) });
  }

  /** Makes the pending offsets of a producer's transaction the group's, or drops them. */
  settlePending(group: string, producerId: number, commit: boolean): Promise<void> {
    return this.#changeOffsets({ kind: 'settle', group, producerId, commit });
  }

  /** Removes offsets of partitions, given by topic. */
  forgetOffsets(group: string, topics: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const rows = [...topics].map(([topic, partitions]) => [topic, partitions] as const);
    return this.#section.append({ kind: 'forget-offsets', group, topics: rows });
  }

  /** Removes all groups' offsets of a topic. */
  forgetTopic(topic: string): Promise<void> {
    return this.#section.append({ kind: 'forget-topic', topic });
  }

  /** Removes a group with its offsets. */
  delete(group: string): Promise<void> {
    return this.#section.append({ kind: 'delete', group });
  }

  #changeOffsets(entry: Extract<GroupEntry, { kind: 'commit' | 'pending' | 'settle' }>): Promise<void> {
    const { group } = entry;
    const written = this.#section.append(entry);
    // One that is refused at once settles before those that came earlier.
    const settled = Promise.allSettled([this.#committing.get(group), written]).then(() => {
      if (this.#committing.get(group) === settled) this.#committing.delete(group);
    });
    this.#committing.set(group, settled);
    return written;
  }

  #apply(entry: GroupEntry): void {
    switch (entry.kind) {
      case 'generation':
        this.#group(entry.group).generation = entry.value;
        this.#group(entry.group).consumer = undefined;
        break;
      case 'consumer-group':
        this.#changeConsumerGroup(this.#group(entry.group), entry.change, entry.anew === true);
        break;
      case 'commit':
        for (const [topic, rows] of entry.topics) {
          setOffsets(this.#group(entry.group).offsets, topic, rows);
          const partitions = rows.map(([partition]) => partition);
          this.pending.supersede(entry.group, topic, partitions);
        }
        break;
      case 'pending': {
        const offsets: OffsetMap = new Map();
        for (const [topic, rows] of entry.topics) setOffsets(offsets, topic, rows);
        this.pending.put(entry.group, entry.producerId, offsets, entry.isSuperseded);
        break;
      }
      case 'settle': {
        const taken = this.pending.take(entry.group, entry.producerId);
        if (!entry.commit) break;
        for (const [topic, rows] of rowsOf(taken)) setOffsets(this.#group(entry.group).offsets, topic, rows);
        break;
      }
      case 'forget-offsets':
        for (const [topic, partitions] of entry.topics) {
          this.#forget(entry.group, topic, partitions);
          this.pending.forget(entry.group, topic, partitions);
        }
        break;
      case 'forget-topic':
        for (const group of [...this.#groups.keys()]) this.#forget(group, entry.topic);
        this.pending.forgetTopic(entry.topic);
        break;
      case 'delete':
        this.#groups.delete(entry.group);
        this.pending.forgetGroup(entry.group);
        break;
    }
  }

  *#snapshot(): Iterable<GroupEntry> {
    for (const [group, { generation, consumer, offsets }] of this.#groups) {
      if (generation !== undefined) yield { kind: 'generation', group, value: generation };
      if (consumer !== undefined) yield { kind: 'consumer-group', group, change: consumer.snapshot() };
      for (const [topic, rows] of offsets) yield { kind: 'commit', group, topics: [[topic, [...rows].map(rowOf)]] };
    }
    for (const isSuperseded of [false, true]) {
      for (const [group, producerId, offsets] of this.pending.rows(isSuperseded)) {
        yield { kind: 'pending', group, producerId, isSuperseded, topics: rowsOf(offsets) };
      }
    }
  }

  #changeConsumerGroup(group: StoredGroup, change: GroupChange, anew: boolean): void {
    group.generation = undefined;
    if (anew || group.consumer === undefined) group.consumer = new ConsumerGroupState();
    group.consumer.apply(change);
  }

  #group(id: string): StoredGroup {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { generation: undefined, consumer: undefined, offsets: new Map() };
      this.#groups.set(id, group);
    }
    return group;
  }

  /** Removes a topic's offsets, or those of some partitions; a group of which nothing is left goes too. */
  #forget(id: string, topic: string, partitions?: readonly number[]): void {
    const group = this.#groups.get(id);
    const rows = group?.offsets.get(topic);
    if (group === undefined || rows === undefined) return;
    for (const partition of partitions ?? rows.keys()) rows.delete(partition);
    if (rows.size === 0) group.offsets.delete(topic);
    if (group.offsets.size > 0 || group.generation !== undefined || group.consumer !== undefined) return;
    this.#groups.delete(id);
  }
}

function rowsOf(offsets: OffsetMap): (readonly [string, OffsetRow[]])[] {
  return [...offsets].map(([topic, rows]) => [topic, [...rows].map(rowOf)] as const);
}

function rowOf([partition, committed]: [number, CommittedOffset]): OffsetRow {
  const { offset, leaderEpoch, metadata, committedAt, expiresAt } = committed;
  if (expiresAt === undefined) return [partition, offset, leaderEpoch, metadata, committedAt];
  return [partition, offset, leaderEpoch, metadata, committedAt, expiresAt];
}

function setOffsets(offsets: OffsetMap, topic: string, rows: readonly OffsetRow[]): void {
  let partitions = offsets.get(topic);
  if (partitions === undefined) {
    partitions = new Map();
    offsets.set(topic, partitions);
  }
  for (const [partition, offset, leaderEpoch, metadata, committedAt, expiresAt] of rows) {
    partitions.set(partition, {
      offset: offset ?? Number.POSITIVE_INFINITY,
      leaderEpoch,
      metadata,
      committedAt,
      expiresAt: expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt,
    });
  }
}
