/**
 * `cooperative-sticky`: as even as subscriptions allow, moving as few partitions as that takes. What moves is first
 * taken from its owner and given to nobody, so that it never has two; the owner joins again when it has let go, and
 * then it is given away (KIP-429).
 */
import type { TopicPartition } from '../../topic.ts';
import { type Assignor, type AssignorMember, emptyAssignment, type GroupAssignment, inOrder } from './assignor.ts';

export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  isCooperative: true,
  assign(members, partitionCounts) {
    const owners = currentOwners(members, partitionCounts);
    const balanced = new Balancer(members, partitionCounts, owners).balance();
    for (const [memberId, partitions] of balanced) {
      // Whoever owns it must let go of it first.
      const free = partitions.filter((place) => (owners.get(nameOf(place)) ?? memberId) === memberId);
      balanced.set(memberId, free);
    }
    return balanced;
  },
};

/**
 * Who owns a partition, by its name: of two that claim it the one of the later generation, of the same one neither. A
 * member that missed a generation, since the group was on its way to the next when it answered, still has what it had.
 */
function currentOwners(members: readonly AssignorMember[], counts: ReadonlyMap<string, number>): Map<string, string> {
  const claims = new Map<string, { readonly owner: string | undefined; readonly generation: number }>();
  for (const { memberId, topics, owned, generation } of members) {
    for (const place of owned) {
      const name = nameOf(place);
      const other = claims.get(name);
      if (!topics.includes(place.topic) || place.partition >= (counts.get(place.topic) ?? 0)) continue;
      if (other === undefined || other.generation < generation) claims.set(name, { owner: memberId, generation });
      else if (other.generation === generation) claims.set(name, { owner: undefined, generation });
    }
  }
  return new Map([...claims].flatMap(([name, { owner }]) => (owner === undefined ? [] : [[name, owner]])));
}

class Balancer {
  readonly #assignment: GroupAssignment;
  readonly #counts: ReadonlyMap<string, number>;
  readonly #owners: ReadonlyMap<string, string>;
  /** Member ids by topic, in serving order. */
  readonly #subscribers = new Map<string, string[]>();

  constructor(
    members: readonly AssignorMember[],
    counts: ReadonlyMap<string, number>,
    owners: ReadonlyMap<string, string>,
  ) {
    const order = inOrder(members);
    this.#assignment = emptyAssignment(order);
    this.#counts = counts;
    this.#owners = owners;
    for (const topic of counts.keys()) {
      this.#subscribers.set(
        topic,
        order.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId),
      );
    }
  }

  balance(): GroupAssignment {
    const unowned: TopicPartition[] = [];
    for (const [topic, count] of this.#counts) {
      for (let partition = 0; partition < count; partition++) {
        const owner = this.#owners.get(nameOf({ topic, partition }));
        if (owner === undefined) unowned.push({ topic, partition });
        else this.#of(owner).push({ topic, partition });
      }
    }
    // What few may have is given first, while there is choice.
    unowned.sort((left, right) => this.#subscribersOf(left.topic).length - this.#subscribersOf(right.topic).length);
    for (const place of unowned) {
      const member = this.#leastLoaded(place.topic);
      if (member !== undefined) this.#of(member).push(place);
    }
    while (this.#moveOne());
    return this.#assignment;
  }

  /**
   * Moves a partition to a member that then still has no more than the giver; every move makes the loads more even, so
   * it ends.
   */
  #moveOne(): boolean {
    const byLoad = [...this.#assignment.keys()].sort((left, right) => this.#of(right).length - this.#of(left).length);
    for (const giver of byLoad) {
      const partitions = this.#of(giver);
      const tried = new Set<string>();
      for (let index = partitions.length - 1; index >= 0; index--) {
        const { topic } = partitions[index] as TopicPartition;
        if (tried.has(topic)) continue;
        tried.add(topic);
        const taker = this.#leastLoaded(topic);
        if (taker === undefined || this.#of(taker).length + 1 >= partitions.length) continue;
        // What is new to the giver goes back first: it has not begun with it.
        const fresh = partitions.findLastIndex((p) => p.topic === topic && this.#owners.get(nameOf(p)) !== giver);
        const [moved] = partitions.splice(fresh >= 0 ? fresh : index, 1);
        this.#of(taker).push(moved as TopicPartition);
        return true;
      }
    }
    return false;
  }

  #leastLoaded(topic: string): string | undefined {
    let least: string | undefined;
    for (const member of this.#subscribersOf(topic)) {
      if (least === undefined || this.#of(member).length < this.#of(least).length) least = member;
    }
    return least;
  }

  #of(memberId: string): TopicPartition[] {
    return this.#assignment.get(memberId) as TopicPartition[];
  }

  #subscribersOf(topic: string): readonly string[] {
    return this.#subscribers.get(topic) ?? [];
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
