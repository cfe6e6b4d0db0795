/**
 * Offsets that groups' consumers committed in transactions that are not over: they count once the transaction is
 * committed. An offset that was committed to the group itself after the pending one wins over it.
 */
import type { CommittedOffset, OffsetMap } from './group-store.ts';

interface PendingOffset {
  readonly committed: CommittedOffset;
  /** The group has got a newer one since. */
  isSuperseded: boolean;
}

/** By producer id, topic and partition. */
type PendingOfGroup = Map<number, Map<string, Map<number, PendingOffset>>>;

export class PendingOffsets {
  readonly #groups = new Map<string, PendingOfGroup>();

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  /** Whether a producer's transaction holds offsets of the group. */
  hasOf(group: string, producerId: number): boolean {
    return this.#groups.get(group)?.has(producerId) ?? false;
  }

  /** Whether it is open what a partition's offset will be. */
  isUnstable(group: string, topic: string, partition: number): boolean {
    const producers = this.#groups.get(group);
    if (producers === undefined) return false;
    for (const topics of producers.values()) if (topics.get(topic)?.has(partition)) return true;
    return false;
  }

  put(group: string, producerId: number, offsets: OffsetMap, isSuperseded = false): void {
    const producers = entryOf(this.#groups, group, () => new Map());
    const topics = entryOf(producers, producerId, () => new Map<string, Map<number, PendingOffset>>());
    for (const [topic, rows] of offsets) {
      const partitions = entryOf(topics, topic, () => new Map<number, PendingOffset>());
      for (const [partition, committed] of rows) partitions.set(partition, { committed, isSuperseded });
    }
  }

  /** The group itself has got offsets of these partitions. */
  supersede(group: string, topic: string, partitions: Iterable<number>): void {
    const producers = this.#groups.get(group);
    if (producers === undefined) return;
    for (const partition of partitions) {
      for (const topics of producers.values()) {
        const pending = topics.get(topic)?.get(partition);
        if (pending !== undefined) pending.isSuperseded = true;
      }
    }
  }

  /** Removes a producer's offsets; answers those that count if they are committed. */
  take(group: string, producerId: number): OffsetMap {
    const producers = this.#groups.get(group);
    const taken: OffsetMap = new Map();
    for (const [topic, rows] of producers?.get(producerId) ?? []) {
      const counting = [...rows].filter(([, { isSuperseded }]) => !isSuperseded);
      if (counting.length === 0) continue;
      taken.set(topic, new Map(counting.map(([partition, { committed }]) => [partition, committed])));
    }
    producers?.delete(producerId);
    if (producers?.size === 0) this.#groups.delete(group);
    return taken;
  }

  /** Drops what any producer has for these partitions. */
  forget(group: string, topic: string, partitions: readonly number[]): void {
    for (const topics of this.#groups.get(group)?.values() ?? []) {
      const rows = topics.get(topic);
      for (const partition of partitions) rows?.delete(partition);
    }
  }

  forgetGroup(group: string): void {
    this.#groups.delete(group);
  }

  forgetTopic(topic: string): void {
    for (const producers of this.#groups.values()) for (const topics of producers.values()) topics.delete(topic);
  }

  /** All that is pending, superseded or not, as `put` takes it. */
  *rows(isSuperseded: boolean): Iterable<readonly [group: string, producerId: number, offsets: OffsetMap]> {
    for (const [group, producers] of this.#groups) {
      for (const [producerId, topics] of producers) {
        const offsets: OffsetMap = new Map();
        for (const [topic, rows] of topics) {
          const alike = [...rows].filter(([, pending]) => pending.isSuperseded === isSuperseded);
          if (alike.length > 0) offsets.set(topic, new Map(alike.map(([index, { committed }]) => [index, committed])));
        }
        if (offsets.size > 0) yield [group, producerId, offsets];
      }
    }
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
