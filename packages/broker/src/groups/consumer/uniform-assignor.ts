/**
 * The assignor `uniform`: members get as equal numbers of partitions as their subscriptions allow, and keep what they
 * have as far as that goes.
 *
 * Balanced means: no partition could move to another subscriber of its topic and make the two more equal. Where all
 * members subscribe to the same topics, their numbers differ by one at most, and no more partitions move than must.
 *
 * Cost, for P partitions, M members, T topics: O(P + M log M) where all subscribe alike. Otherwise each partition is
 * placed in O(log M), after which moves even out what is left, each O(M) and each making the sum of squares of the
 * numbers smaller.
 */
import { assert } from '@millrace/base';
import { addPartitions } from './assignment.ts';
import type { Assignor, Subscriber } from './assignor.ts';
import { subscribersByTopic } from './range-assignor.ts';

/** A member while partitions are handed out. */
interface Share {
  readonly id: string;
  readonly partitions: Map<string, Set<number>>;
  size: number;
}

export const uniformAssignor: Assignor = (subscribers, partitionCounts) => {
  const ordered = [...subscribers].sort((left, right) => (left.id < right.id ? -1 : 1));
  const shares = new Map<string, Share>();
  for (const { id } of ordered) shares.set(id, { id, partitions: new Map(), size: 0 });
  const first = ordered[0];
  if (first !== undefined) {
    const areAlike = ordered.every(({ topicIds }) => isSameList(topicIds, first.topicIds));
    if (areAlike) assignAlike(ordered, shares, partitionCounts);
    else assignByTopic(ordered, shares, partitionCounts);
  }
  return new Map([...shares].map(([id, { partitions }]) => [id, partitions]));
};

/** All subscribe to the same topics. */
function assignAlike(
  subscribers: readonly Subscriber[],
  shares: ReadonlyMap<string, Share>,
  partitionCounts: ReadonlyMap<string, number>,
): void {
  const topicIds = subscribers[0]?.topicIds ?? [];
  const total = topicIds.reduce((sum, topicId) => sum + (partitionCounts.get(topicId) ?? 0), 0);
  const least = Math.floor(total / subscribers.length);
  let withOneMore = total % subscribers.length;
  const taken = new Taken(partitionCounts);
  for (const subscriber of subscribers) {
    const share = shareOf(shares, subscriber.id);
    const kept = stillValid(subscriber, partitionCounts, taken);
    const isOneMore = kept.length > least && withOneMore > 0;
    if (isOneMore) withOneMore -= 1;
    for (const [topicId, partition] of kept.slice(0, isOneMore ? least + 1 : least)) {
      give(share, topicId, partition);
      taken.add(topicId, partition);
    }
  }
  const free = taken.free(topicIds);
  for (const share of shares.values()) {
    while (share.size < least) giveNext(share, free);
  }
  for (const share of shares.values()) {
    if (withOneMore === 0) break;
    if (share.size > least) continue;
    giveNext(share, free);
    withOneMore -= 1;
  }
}

/** Subscriptions differ. */
function assignByTopic(
  subscribers: readonly Subscriber[],
  shares: ReadonlyMap<string, Share>,
  partitionCounts: ReadonlyMap<string, number>,
): void {
  const taken = new Taken(partitionCounts);
  for (const subscriber of subscribers) {
    for (const [topicId, partition] of stillValid(subscriber, partitionCounts, taken)) {
      give(shareOf(shares, subscriber.id), topicId, partition);
      taken.add(topicId, partition);
    }
  }
  // Topics with few subscribers first: they leave the least choice.
  const topics = [...subscribersByTopic(subscribers)]
    .map(([topicId, members]) => ({ topicId, candidates: members.map(({ id }) => shareOf(shares, id)) }))
    .sort((a, b) => a.candidates.length - b.candidates.length || (a.topicId < b.topicId ? -1 : 1));
  for (const { topicId, candidates } of topics) {
    const heap = new SmallestFirst(candidates);
    for (const [, partition] of taken.free([topicId])) heap.giveToSmallest(topicId, partition);
  }
  let moved = true;
  while (moved) {
    moved = false;
    for (const { topicId, candidates } of topics) while (moveOne(topicId, candidates)) moved = true;
  }
}

/** Moves a partition from the fullest member that has one of this topic to the emptiest; false when that is no gain. */
function moveOne(topicId: string, candidates: readonly Share[]): boolean {
  let fullest: Share | undefined;
  let emptiest: Share | undefined;
  for (const share of candidates) {
    if (emptiest === undefined || share.size < emptiest.size) emptiest = share;
    if (share.partitions.has(topicId) && (fullest === undefined || share.size > fullest.size)) fullest = share;
  }
  if (fullest === undefined || emptiest === undefined || fullest.size - emptiest.size < 2) return false;
  const partitions = fullest.partitions.get(topicId);
  const partition = partitions === undefined ? undefined : Math.max(...partitions);
  assert(partitions !== undefined && partition !== undefined, 'a member with a topic has a partition of it');
  partitions.delete(partition);
  if (partitions.size === 0) fullest.partitions.delete(topicId);
  fullest.size -= 1;
  give(emptiest, topicId, partition);
  return true;
}

/** Partitions that were handed out already. */
class Taken {
  readonly #partitionCounts: ReadonlyMap<string, number>;
  readonly #byTopic = new Map<string, Uint8Array>();

  constructor(partitionCounts: ReadonlyMap<string, number>) {
    this.#partitionCounts = partitionCounts;
  }

  has(topicId: string, partition: number): boolean {
    return this.#byTopic.get(topicId)?.[partition] === 1;
  }

  add(topicId: string, partition: number): void {
    let partitions = this.#byTopic.get(topicId);
    if (partitions === undefined) {
      partitions = new Uint8Array(this.#partitionCounts.get(topicId) ?? 0);
      this.#byTopic.set(topicId, partitions);
    }
    partitions[partition] = 1;
  }

  *free(topicIds: readonly string[]): Generator<readonly [topicId: string, partition: number]> {
    for (const topicId of topicIds) {
      const count = this.#partitionCounts.get(topicId) ?? 0;
      for (let partition = 0; partition < count; partition++) {
        if (!this.has(topicId, partition)) yield [topicId, partition];
      }
    }
  }
}

/** A heap of members, the one with the fewest partitions on top; among equals the first in order. */
class SmallestFirst {
  readonly #shares: Share[];

  constructor(candidates: readonly Share[]) {
    // A sorted array is a heap.
    this.#shares = [...candidates].sort((left, right) => left.size - right.size);
  }

  giveToSmallest(topicId: string, partition: number): void {
    const top = this.#shares[0];
    assert(top !== undefined, 'a subscribed topic has a subscriber');
    give(top, topicId, partition);
    let at = 0;
    for (;;) {
      const left = this.#smaller(2 * at + 1, 2 * at + 2);
      if (left === undefined || (this.#shares[left] as Share).size >= top.size) break;
      this.#shares[at] = this.#shares[left] as Share;
      at = left;
    }
    this.#shares[at] = top;
  }

  #smaller(left: number, right: number): number | undefined {
    const leftShare = this.#shares[left];
    const rightShare = this.#shares[right];
    if (leftShare === undefined) return undefined;
    return rightShare !== undefined && rightShare.size < leftShare.size ? right : left;
  }
}

/** What a member has that it may keep: partitions that exist, of topics it reads, that nobody before it kept. */
function stillValid(
  { topicIds, target }: Subscriber,
  partitionCounts: ReadonlyMap<string, number>,
  taken: Taken,
): (readonly [topicId: string, partition: number])[] {
  const valid: (readonly [string, number])[] = [];
  for (const topicId of topicIds) {
    const count = partitionCounts.get(topicId) ?? 0;
    for (const partition of [...(target.get(topicId) ?? [])].sort((a, b) => a - b)) {
      if (partition < count && !taken.has(topicId, partition)) valid.push([topicId, partition]);
    }
  }
  return valid;
}

function giveNext(share: Share, free: Iterator<readonly [string, number]>): void {
  const next = free.next();
  assert(next.done !== true, 'there are as many free partitions as members lack');
  give(share, next.value[0], next.value[1]);
}

function give(share: Share, topicId: string, partition: number): void {
  addPartitions(share.partitions, topicId, [partition]);
  share.size += 1;
}

function shareOf(shares: ReadonlyMap<string, Share>, id: string): Share {
  const share = shares.get(id);
  assert(share !== undefined, `member ${id} has a share`);
  return share;
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left === right || (left.length === right.length && left.every((one, index) => one === right[index]));
}
