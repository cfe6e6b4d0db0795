/**
 * Who belongs to a classic group: members in order of joining, the leader among them, and the ids given out to clients
 * that were asked to join again (KIP-394).
 *
 * Invariants: there is a leader exactly when there are members, and it is one of them; at most one member has a given
 * `instanceId`; at least one protocol is offered by all members.
 */
import { assert } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { GroupMember } from './group-member.ts';

export class GroupMembers {
  readonly #byId = new Map<string, GroupMember>();
  readonly #idByInstance = new Map<string, string>();
  /** Deadlines of ids that were given out and not joined with yet, in monotonic milliseconds. */
  readonly #pending = new Map<string, number>();
  #leaderId: string | null = null;

  get size(): number {
    return this.#byId.size;
  }

  get leaderId(): string | null {
    return this.#leaderId;
  }

  all(): Iterable<GroupMember> {
    return this.#byId.values();
  }

  get(id: string): GroupMember | undefined {
    return this.#byId.get(id);
  }

  /** The id of the static member with this instance id. */
  idOfInstance(instanceId: string): string | undefined {
    return this.#idByInstance.get(instanceId);
  }

  /**
   * The error of a request that names a member: unknown, or fenced by another with the same instance id. 0 when it is
   * fine.
   */
  errorOf(memberId: string, instanceId: string | null): number {
    if (instanceId !== null) {
      const current = this.idOfInstance(instanceId);
      if (current === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
      if (current !== memberId) return errorCodes.FENCED_INSTANCE_ID;
    }
    return this.get(memberId) === undefined ? errorCodes.UNKNOWN_MEMBER_ID : errorCodes.NONE;
  }

  isPending(id: string): boolean {
    return this.#pending.has(id);
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  pending(): Iterable<[id: string, deadline: number]> {
    return this.#pending;
  }

  addPending(id: string, deadline: number): void {
    this.#pending.set(id, deadline);
  }

  add(member: GroupMember): void {
    const { id, instanceId } = member.facts;
    assert(!this.#byId.has(id), `member ${id} is in the group already`);
    if (instanceId !== null) {
      assert(!this.#idByInstance.has(instanceId), `instance ${instanceId} is in the group already`);
      this.#idByInstance.set(instanceId, id);
    }
    this.#byId.set(id, member);
    this.#pending.delete(id);
    this.#leaderId ??= id;
  }

  /** Removes a member or a pending id; nothing happens when it is neither. */
  remove(id: string): void {
    this.#pending.delete(id);
    const member = this.#byId.get(id);
    if (member === undefined) return;
    this.#byId.delete(id);
    if (member.facts.instanceId !== null) this.#idByInstance.delete(member.facts.instanceId);
    if (this.#leaderId === id) this.#leaderId = this.#byId.keys().next().value ?? null;
  }

  /** Gives a static member a new id: the same member otherwise, leadership included. Answers what replaces it. */
  replaceStatic(old: GroupMember, newId: string): GroupMember {
    const wasLeader = this.#leaderId === old.id;
    const replacement = new GroupMember({ ...old.facts, id: newId });
    replacement.assignment = old.assignment;
    this.remove(old.id);
    this.add(replacement);
    if (wasLeader) this.#leaderId = newId;
    return replacement;
  }

  leads(id: string): boolean {
    return this.#leaderId === id;
  }

  /** Makes a member that has joined leader, if the present one has not. False when none has joined. */
  electJoinedLeader(): boolean {
    if (this.#leaderId === null) return false;
    if (this.#byId.get(this.#leaderId)?.awaitsJoin) return true;
    for (const member of this.#byId.values()) {
      if (!member.awaitsJoin) continue;
      this.#leaderId = member.id;
      return true;
    }
    return false;
  }

  /** Makes a member of a stored generation leader again. */
  restoreLeader(id: string | null): void {
    if (id !== null && this.#byId.has(id)) this.#leaderId = id;
  }

  get awaitingJoinCount(): number {
    let count = 0;
    for (const member of this.#byId.values()) if (member.awaitsJoin) count += 1;
    return count;
  }

  /** Every member has joined, and nobody is expected to join with an id given out. */
  get allJoined(): boolean {
    return this.#pending.size === 0 && this.awaitingJoinCount === this.#byId.size;
  }

  /** The longest that any member asks for; 0 without members. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.#byId.values()) longest = Math.max(longest, member.facts.rebalanceTimeoutMs);
    return longest;
  }

  /** Whether every member offers at least one of these protocols, the same one. */
  shareOneOf(protocolNames: readonly string[]): boolean {
    return protocolNames.some((name) => this.#allOffer(name));
  }

  /** The protocol with the most votes: each member votes for the first of its own that all others offer. */
  selectProtocol(): string {
    const votes = new Map<string, number>();
    const common = new Map<string, boolean>();
    for (const member of this.#byId.values()) {
      for (const { name } of member.facts.protocols) {
        if (!common.has(name)) common.set(name, this.#allOffer(name));
        if (!common.get(name)) continue;
        votes.set(name, (votes.get(name) ?? 0) + 1);
        break;
      }
    }
    let selected: string | undefined;
    for (const [name, count] of votes) {
      if (selected === undefined || count > (votes.get(selected) as number)) selected = name;
    }
    assert(selected !== undefined, 'the members of a group share a protocol');
    return selected;
  }

  #allOffer(protocolName: string): boolean {
    for (const member of this.#byId.values()) if (!member.offers(protocolName)) return false;
    return true;
  }
}
