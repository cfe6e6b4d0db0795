/**
 * What survives of groups: the last completed generation of each, and its committed offsets. A section of the journal;
 * its state changes only when an entry is written, so what is read here is what a restart would find.
 */
import type { Journal, JournalSection } from '../journal/journal.ts';

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
  | { readonly kind: 'commit'; readonly group: string; readonly topics: readonly (readonly [string, OffsetRow[]])[] }
  | {
      readonly kind: 'forget-offsets';
      readonly group: string;
      readonly topics: readonly (readonly [string, readonly number[]])[];
    }
  | { readonly kind: 'forget-topic'; readonly topic: string }
  | { readonly kind: 'delete'; readonly group: string };

interface StoredGroup {
  generation: StoredGeneration | undefined;
  readonly offsets: OffsetMap;
}

const noOffsets: OffsetMap = new Map();

export class GroupStore {
  readonly #section: JournalSection<GroupEntry>;
  readonly #groups = new Map<string, StoredGroup>();
  /** The latest commit under way of each group. */
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

  /** The written offsets of a group; empty for one that has none. The caller must not change them. */
  offsets(group: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#groups.get(group)?.offsets ?? noOffsets;
  }

  /** Resolves when every commit that was begun for the group is written or has failed. */
  async settled(group: string): Promise<void> {
    const committing = this.#committing.get(group);
    if (committing !== undefined) await Promise.allSettled([committing]);
  }

  /** These methods reject as `JournalSection.append` does. */
  saveGeneration(group: string, value: StoredGeneration): Promise<void> {
    return this.#section.append({ kind: 'generation', group, value });
  }

  commit(group: string, offsets: OffsetMap): Promise<void> {
    const topics = [...offsets].map(([topic, rows]) => [topic, [...rows].map(rowOf)] as const);
    const written = this.#section.append({ kind: 'commit', group, topics }).finally(() => {
      if (this.#committing.get(group) === written) this.#committing.delete(group);
    });
    this.#committing.set(group, written);
    return written;
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

  #apply(entry: GroupEntry): void {
    switch (entry.kind) {
      case 'generation':
        this.#group(entry.group).generation = entry.value;
        break;
      case 'commit':
        for (const [topic, rows] of entry.topics) setOffsets(this.#group(entry.group).offsets, topic, rows);
        break;
      case 'forget-offsets':
        for (const [topic, partitions] of entry.topics) this.#forget(entry.group, topic, partitions);
        break;
      case 'forget-topic':
        for (const group of [...this.#groups.keys()]) this.#forget(group, entry.topic);
        break;
      case 'delete':
        this.#groups.delete(entry.group);
        break;
    }
  }

  *#snapshot(): Iterable<GroupEntry> {
    for (const [group, { generation, offsets }] of this.#groups) {
      if (generation !== undefined) yield { kind: 'generation', group, value: generation };
      for (const [topic, rows] of offsets) yield { kind: 'commit', group, topics: [[topic, [...rows].map(rowOf)]] };
    }
  }

  #group(id: string): StoredGroup {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { generation: undefined, offsets: new Map() };
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
    if (group.offsets.size === 0 && group.generation === undefined) this.#groups.delete(id);
  }
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
