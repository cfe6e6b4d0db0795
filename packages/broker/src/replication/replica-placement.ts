/**
 * Where the replicas of new partitions go, by Apache Kafka's rules: in stripes over the racks, so that a partition's
 * replicas are in as many racks as there are; evenly over the brokers of each rack; on running brokers before those
 * that are down, and the leader always on a running one.
 */
import type { Randomness } from '@millrace/base';
import type { ReplicaTable } from './replica-table.ts';

export interface PlacementOrder {
  /** Partitions to place, at least one. */
  readonly count: number;
  /** At most as many as there are brokers, of which one runs. */
  readonly replicationFactor: number;
  /** Any whole number; different ones make topics begin at different racks and brokers. */
  readonly start: number;
  /** Mixes the order once every broker has led, so that those that led together do not follow each other again. */
  readonly randomness: Randomness;
}

/** The replicas of each partition, the leader first. Equal lists are one array, so that many partitions cost little. */
export function placeReplicas(table: ReplicaTable, order: PlacementOrder): (readonly number[])[] {
  const { randomness, replicationFactor } = order;
  const stripes = new Stripes(table, order.start);
  const runningCount = table.brokers.filter(({ nodeId }) => table.isRunning(nodeId)).length;
  const known = new Map<string, readonly number[]>();
  return Array.from({ length: order.count }, (_, index) => {
    if (index > 0 && runningCount > 1 && index % runningCount === 0) stripes.shuffle(randomness);
    const replicas = stripes.next(replicationFactor);
    const key = replicas.join();
    const found = known.get(key) ?? replicas;
    known.set(key, found);
    return found;
  });
}

/** Brokers in a circle. Each partition that takes any begins one further than the one before. */
class Circle {
  readonly #nodeIds: number[];
  #first: number;
  #taken = 0;
  #partition = 0;

  constructor(nodeIds: number[], start: number) {
    this.#nodeIds = nodeIds;
    this.#first = nodeIds.length === 0 ? 0 : start % nodeIds.length;
  }

  get isEmpty(): boolean {
    return this.#nodeIds.length === 0;
  }

  /** The next broker for a partition; undefined when it has all of them. */
  take(partition: number): number | undefined {
    const { length } = this.#nodeIds;
    if (partition !== this.#partition) {
      this.#partition = partition;
      this.#taken = 0;
      this.#first = length === 0 ? 0 : (this.#first + 1) % length;
    }
    if (this.#taken === length) return undefined;
    return this.#nodeIds[(this.#first + this.#taken++) % length];
  }

  shuffle(randomness: Randomness): void {
    shuffle(this.#nodeIds, randomness);
  }
}

interface Rack {
  readonly running: Circle;
  readonly down: Circle;
}

class Stripes {
  readonly #racks: Rack[];
  readonly #start: number;
  #partition = 0;

  constructor(table: ReplicaTable, start: number) {
    const names = [...new Set(table.brokers.map(({ rack }) => rack ?? ''))].sort();
    this.#start = start;
    this.#racks = names.map((name) => {
      const nodeIds = table.brokers.filter(({ rack }) => (rack ?? '') === name).map(({ nodeId }) => nodeId);
      const inner = Math.floor(start / names.length);
      return {
        running: new Circle(nodeIds.filter(table.isRunning), inner),
        down: new Circle(nodeIds.filter(table.isDown), inner),
      };
    });
  }

  next(replicationFactor: number): number[] {
    const partition = this.#partition;
    let leading = 0;
    while (this.#rackAt(leading).running.isEmpty) leading += 1;
    const replicas = [this.#rackAt(leading).running.take(partition) as number];
    // The leader's rack has had its turn in the first round.
    for (let step = 0, skipped = false; replicas.length < replicationFactor; step++) {
      const rack = this.#rackAt(step);
      if (!skipped && rack === this.#rackAt(leading)) {
        skipped = true;
        continue;
      }
      const nodeId = rack.running.take(partition) ?? rack.down.take(partition);
      if (nodeId !== undefined) replicas.push(nodeId);
    }
    this.#partition += 1;
    return replicas;
  }

  shuffle(randomness: Randomness): void {
    shuffle(this.#racks, randomness);
    for (const { running, down } of this.#racks) {
      running.shuffle(randomness);
      down.shuffle(randomness);
    }
  }

  #rackAt(step: number): Rack {
    return this.#racks[(this.#start + this.#partition + step) % this.#racks.length] as Rack;
  }
}

/** Fisher-Yates. */
function shuffle(items: unknown[], randomness: Randomness): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomness.integer(last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
}
