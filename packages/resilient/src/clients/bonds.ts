/**
 * Who goes to another cluster together, or not at all: a transactional producer, and the consumers whose offsets it has
 * made part of its transactions. They go once all of them are wanted on the same cluster and may go there: first the
 * consumers, each between two batches, when no transaction about one is open; then the producers. A transaction that
 * begins between the two waits.
 */
import type { Wanted } from '../wanted.ts';
import { clusterKey } from './target.ts';

/** One that may be bound to others. */
export interface Bondable {
  readonly role: 'producer' | 'consumer';
  readonly wanted: Wanted;
  /** The cluster that it is on, by its key. */
  readonly place: () => string;
  /** Whether by itself it may go where it is wanted. */
  readonly mayGo: () => boolean;
}

export class Bonds {
  readonly #others = new Map<Bondable, Set<Bondable>>();

  join(one: Bondable, other: Bondable): void {
    this.#of(one).add(other);
    this.#of(other).add(one);
  }

  /** Whether it is one's turn to go to the cluster with that key. */
  agree(one: Bondable, cluster: string): boolean {
    for (const each of this.#reach(one)) {
      const isThere = each.place() === cluster;
      if (one.role === 'producer' && each.role === 'consumer' && !isThere) return false;
      if (!isThere && (clusterKey(each.wanted.target.cluster) !== cluster || !each.mayGo())) return false;
    }
    return true;
  }

  /** Something changed for one of them: the others look again. */
  wakeOthers(one: Bondable): void {
    for (const each of this.#reach(one)) if (each !== one) each.wanted.wake();
  }

  leave(one: Bondable): void {
    for (const other of this.#others.get(one) ?? []) this.#others.get(other)?.delete(one);
    this.#others.delete(one);
  }

  #of(one: Bondable): Set<Bondable> {
    let others = this.#others.get(one);
    if (others === undefined) {
      others = new Set();
      this.#others.set(one, others);
    }
    return others;
  }

  #reach(one: Bondable): Set<Bondable> {
    const reached = new Set([one]);
    for (const each of reached) for (const other of this.#others.get(each) ?? []) reached.add(other);
    return reached;
  }
}
