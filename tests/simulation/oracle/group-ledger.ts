/**
 * Who owns which partition of a group. No partition may have two owners: of the newer protocol at any moment, of the
 * classic one in any generation.
 */
import { InvariantViolation } from './history.ts';

/** A member of a group of the newer protocol. */
export interface Owner {
  readonly name: string;
  /** Until when, in virtual milliseconds, the broker must take it for a member, by its last answered heartbeat. */
  readonly memberUntil: number;
}

/** A classic generation: who was named leader, whether anybody was told what it assigned, and who was given what. */
interface Generation {
  readonly leader: string;
  isAssigned: boolean;
  readonly owners: Map<string, string>;
}

export class GroupLedger {
  readonly #group: string;
  readonly #now: () => number;
  readonly #fail: (error: Error) => void;
  readonly #owners = new Map<string, Owner>();
  readonly #generations = new Map<number, Generation>();
  #newestGeneration = -1;

  constructor(group: string, now: () => number, fail: (error: Error) => void) {
    this.#group = group;
    this.#now = now;
    this.#fail = fail;
  }

  get now(): number {
    return this.#now();
  }

  /** The largest generation whose assignment a member was given. */
  get newestGeneration(): number {
    return this.#newestGeneration;
  }

  take(owner: Owner, partition: string): void {
    const holder = this.#owners.get(partition);
    if (holder !== undefined && holder !== owner && holder.memberUntil > this.now) {
      this.#violate(`${partition} was given to ${owner.name}, and ${holder.name} still has it`);
    }
    this.#owners.set(partition, owner);
  }

  release(owner: Owner, partition: string): void {
    if (this.#owners.get(partition) === owner) this.#owners.delete(partition);
  }

  /** How many partitions each owner has. */
  get shares(): ReadonlyMap<Owner, number> {
    const shares = new Map<Owner, number>();
    for (const owner of this.#owners.values()) shares.set(owner, (shares.get(owner) ?? 0) + 1);
    return shares;
  }

  /** A member was told who leads a generation. */
  led(generation: number, leader: string): void {
    const known = this.#generations.get(generation);
    // A generation is kept once it has its assignment; before that a restart may begin it again.
    if (known === undefined || (known.leader !== leader && !known.isAssigned)) {
      this.#generations.set(generation, { leader, isAssigned: false, owners: new Map() });
    } else if (known.leader !== leader) {
      this.#violate(`generation ${generation} is led by ${known.leader} and by ${leader}`);
    }
  }

  /** A member of a classic generation was given partitions. */
  assigned(generation: number, member: string, partitions: readonly string[]): void {
    const known = this.#generations.get(generation);
    if (known === undefined) return this.#violate(`nobody was told of generation ${generation}`);
    const { owners } = known;
    known.isAssigned = true;
    this.#newestGeneration = Math.max(this.#newestGeneration, generation);
    for (const partition of partitions) {
      const holder = owners.get(partition) ?? member;
      if (holder !== member) {
        this.#violate(`generation ${generation} gave ${partition} to ${holder} and to ${member}`);
      }
      owners.set(partition, member);
    }
  }

  #violate(message: string): void {
    this.#fail(new InvariantViolation(`${this.#group}: ${message}`));
  }
}
