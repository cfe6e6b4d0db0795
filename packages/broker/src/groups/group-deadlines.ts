/**
 * What a group waits for, each until a deadline: joins, syncs, a sign of life from each member, a join with each id
 * that was given out. One alarm serves them all; what has run out is told in the order of the deadlines.
 */
import type { Platform } from '@millrace/base';
import { Alarm } from './alarm.ts';
import type { GroupMember } from './group-member.ts';
import type { GroupMembers } from './group-members.ts';

/** What to do when a deadline has passed. */
export interface Expiry {
  joins(): void;
  syncs(): void;
  /** The member was not heard of. It may be waiting in a request. */
  member(member: GroupMember): void;
  /** Nobody joined with an id that was given out. */
  pending(memberId: string): void;
}

const never = Number.POSITIVE_INFINITY;

export class GroupDeadlines {
  readonly #platform: Pick<Platform, 'clock' | 'timers'>;
  readonly #members: GroupMembers;
  readonly #expiry: Expiry;
  readonly #alarm: Alarm;
  #joins = never;
  #syncs = never;

  constructor(platform: Pick<Platform, 'clock' | 'timers'>, members: GroupMembers, expiry: Expiry) {
    this.#platform = platform;
    this.#members = members;
    this.#expiry = expiry;
    this.#alarm = new Alarm(platform, () => this.#expire());
  }

  expectJoins(timeoutMs: number): void {
    this.#joins = this.#in(timeoutMs);
  }

  endJoins(): void {
    this.#joins = never;
  }

  expectSyncs(timeoutMs: number): void {
    this.#syncs = this.#in(timeoutMs);
  }

  endSyncs(): void {
    this.#syncs = never;
  }

  expectMember(member: GroupMember, timeoutMs: number): void {
    member.deadline = this.#in(timeoutMs);
  }

  expectPending(memberId: string, timeoutMs: number): void {
    this.#members.addPending(memberId, this.#in(timeoutMs));
  }

  /** Drops the timer if nothing is waited for. */
  rest(): void {
    this.#alarm.cancel();
    this.#alarm.set(this.#nearest().deadline);
  }

  cancel(): void {
    this.#alarm.cancel();
  }

  get #now(): number {
    return this.#platform.clock.monotonic();
  }

  #in(timeoutMs: number): number {
    const deadline = this.#now + timeoutMs;
    this.#alarm.set(deadline);
    return deadline;
  }

  #expire(): void {
    for (;;) {
      const { deadline, expire } = this.#nearest();
      if (deadline > this.#now) return this.#alarm.set(deadline);
      expire();
    }
  }

  #nearest(): { deadline: number; expire: () => void } {
    let nearest = { deadline: this.#joins, expire: () => this.#expireJoins() };
    const consider = (deadline: number, expire: () => void): void => {
      if (deadline < nearest.deadline) nearest = { deadline, expire };
    };
    consider(this.#syncs, () => this.#expireSyncs());
    for (const member of this.#members.all()) consider(member.deadline, () => this.#expireMember(member));
    for (const [id, deadline] of this.#members.pending()) consider(deadline, () => this.#expirePending(id));
    return nearest;
  }

  #expireJoins(): void {
    this.#joins = never;
    this.#expiry.joins();
  }

  #expireSyncs(): void {
    this.#syncs = never;
    this.#expiry.syncs();
  }

  #expireMember(member: GroupMember): void {
    member.deadline = never;
    this.#expiry.member(member);
  }

  #expirePending(id: string): void {
    this.#members.remove(id);
    this.#expiry.pending(id);
  }
}
