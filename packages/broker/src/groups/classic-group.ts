/**
 * A classic group and its rebalances, with the semantics of Kafka 4's classic groups:
 *
 *     Empty -> PreparingRebalance -> CompletingRebalance -> Stable
 *
 * A rebalance waits until all members have joined (PreparingRebalance), begins the next generation, and waits for the
 * leader's assignment (CompletingRebalance), which is stored before anyone gets it (Stable). A group all of whose
 * members left becomes Empty with one more generation.
 *
 * Invariants
 * - The generation never goes back. Of a stored generation nothing changes but ids of static members.
 * - Assignments of members are those of one generation, or empty.
 * - Every parked join and sync is answered: by the rebalance, by its timeout, by the member's removal, or by `die`.
 * - A group without members and pending ids has no timer.
 */
import { assert, type Platform } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { joinAnswer, joinError, syncAnswer, syncError } from './answers.ts';
import { GroupDeadlines } from './group-deadlines.ts';
import { type GroupMember, noBytes, type SyncAnswer } from './group-member.ts';
import { GroupMembers } from './group-members.ts';
import type { GroupSettings } from './group-settings.ts';
import { assertTransition, type GroupState } from './group-state.ts';
import type { GroupStore, StoredGeneration } from './group-store.ts';
import { restoredMember, storeEmptyGeneration } from './stored-generation.ts';

export interface GroupEnvironment {
  readonly platform: Platform;
  readonly settings: GroupSettings;
  readonly store: GroupStore;
  /** Tells the operator of what no client learns. */
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
}

/** How soon at most a rebalance that nobody joined is looked at again, whatever members ask for. */
const rebalanceTimeoutMsMin = 1_000;

/** How long a new member may wait for its first join to be answered, as Kafka has it. */
const newMemberTimeoutMs = 5 * 60_000;

export class ClassicGroup {
  readonly id: string;
  readonly environment: GroupEnvironment;
  readonly members = new GroupMembers();
  #state: GroupState = 'Empty';
  #generation = 0;
  /** Null as long as nobody joined: offsets were committed without membership. */
  #protocolType: string | null = null;
  #protocolName: string | null = null;
  #since: number;
  #isInitialRebalance = false;
  /** What is left to extend the initial rebalance by, and whether somebody new gave a reason to. */
  #initialRemainingMs = 0;
  #memberAdded = false;
  readonly #pendingSync = new Set<string>();
  readonly #deadlines: GroupDeadlines;
  #stored: Promise<void> = Promise.resolve();

  constructor(id: string, environment: GroupEnvironment) {
    this.id = id;
    this.environment = environment;
    this.#since = environment.platform.clock.now();
    this.#deadlines = new GroupDeadlines(environment.platform, this.members, {
      joins: () => this.#expireJoins(),
      syncs: () => this.#expireSyncs(),
      member: (member) => this.#expireMember(member),
      pending: () => this.#completeJoinDespiteDelay(),
    });
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocolType(): string | null {
    return this.#protocolType;
  }

  get protocolName(): string | null {
    return this.#protocolName;
  }

  /** When the group got into its state, in wall-clock milliseconds. */
  get since(): number {
    return this.#since;
  }

  /** Resolves when a generation that became empty is written, or could not be. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  /** Continues with a stored generation: members that are heard of in time go on where they were. */
  restore(stored: StoredGeneration): void {
    assert(this.#generation === 0 && this.members.size === 0, 'only a new group is restored');
    this.#generation = stored.generation;
    this.#protocolType = stored.protocolType;
    this.#protocolName = stored.protocolName;
    this.#since = stored.since;
    for (const storedMember of stored.members) {
      const member = restoredMember(storedMember, stored.protocolName);
      this.members.add(member);
      this.hearOf(member);
    }
    this.members.restoreLeader(stored.leaderId);
    if (this.members.size === 0) return;
    this.#state = 'Stable';
    if (this.members.size > this.environment.settings.membersMax) this.prepareRebalance();
  }

  /** Whether a client with these protocols fits in. */
  supports(protocolType: string, protocolNames: readonly string[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocolNames.length > 0;
    return protocolType === this.#protocolType && this.members.shareOneOf(protocolNames);
  }

  /** Restarts a member's session. */
  hearOf(member: GroupMember): void {
    this.#deadlines.expectMember(member, member.facts.sessionTimeoutMs);
  }

  /** Expects a client to join with an id it was given. */
  expectPending(memberId: string, timeoutMs: number): void {
    this.#deadlines.expectPending(memberId, timeoutMs);
  }

  /** Adds a member whose join is parked, and rebalances. */
  addMember(member: GroupMember, protocolType: string): void {
    if (this.members.size === 0) this.#protocolType = protocolType;
    if (this.#state === 'PreparingRebalance' && this.#isInitialRebalance) this.#memberAdded = true;
    member.isNew = true;
    this.members.add(member);
    // It can't send heartbeats before it knows its id; should its client be gone, it must not stay forever.
    this.#deadlines.expectMember(member, newMemberTimeoutMs);
    this.rebalanceOrCompleteJoin();
  }

  /** Replaces a static member by one with a new id, which is answered instead of the old one. */
  replaceStatic(old: GroupMember, newId: string): GroupMember {
    const fenced = errorCodes.FENCED_INSTANCE_ID;
    old.answerJoin(joinError(fenced, old.id));
    old.answerSync(syncError(fenced));
    const replacement = this.members.replaceStatic(old, newId);
    if (this.#pendingSync.delete(old.id)) this.#pendingSync.add(newId);
    this.hearOf(replacement);
    return replacement;
  }

  /** Removes a member or pending id without a rebalance; a parked join is answered. */
  removeMember(memberId: string): void {
    const member = this.members.get(memberId);
    this.members.remove(memberId);
    this.#pendingSync.delete(memberId);
    member?.answerJoin(joinError(errorCodes.UNKNOWN_MEMBER_ID, ''));
    member?.answerSync(syncError(errorCodes.UNKNOWN_MEMBER_ID));
  }

  /** After a change of members or what they offer: begins a rebalance, or goes on with the one under way. */
  rebalanceOrCompleteJoin(): void {
    if (this.#state === 'PreparingRebalance') this.completeJoinWhenReady();
    else this.prepareRebalance();
  }

  /** Ends the join phase if nobody is missing. The initial rebalance takes its time all the same. */
  completeJoinWhenReady(): void {
    if (this.#state !== 'PreparingRebalance' || this.#isInitialRebalance) return;
    if (this.members.allJoined) this.#completeJoin();
  }

  prepareRebalance(): void {
    if (this.#state === 'CompletingRebalance') this.abandonAssignment(errorCodes.REBALANCE_IN_PROGRESS);
    this.#pendingSync.clear();
    this.#deadlines.endSyncs();
    this.#isInitialRebalance = this.#state === 'Empty';
    this.#transition('PreparingRebalance');
    if (this.#isInitialRebalance) {
      const { initialRebalanceDelayMs } = this.environment.settings;
      this.#memberAdded = false;
      this.#initialRemainingMs = Math.max(this.members.rebalanceTimeoutMs - initialRebalanceDelayMs, 0);
      this.#deadlines.expectJoins(initialRebalanceDelayMs);
    } else if (this.members.allJoined) this.#completeJoin();
    else this.#deadlines.expectJoins(this.members.rebalanceTimeoutMs);
  }

  /** A member asked for its assignment. */
  noteSync(memberId: string): void {
    this.#pendingSync.delete(memberId);
    if (this.#pendingSync.size === 0) this.#deadlines.endSyncs();
  }

  /** Hands out the stored assignment of the present generation. */
  assign(assignments: ReadonlyMap<string, Uint8Array>): void {
    assert(this.#state === 'CompletingRebalance', 'assignments end a rebalance');
    for (const member of this.members.all()) {
      member.assignment = assignments.get(member.id) ?? noBytes;
      this.#answerSync(member, syncAnswer(this, member));
    }
    this.#transition('Stable');
  }

  /** Takes all assignments away and tells those who wait for theirs. */
  abandonAssignment(errorCode: number): void {
    for (const member of this.members.all()) {
      member.assignment = noBytes;
      this.#answerSync(member, syncError(errorCode));
    }
  }

  /** Ends the group: parked requests are answered with `errorCode`, nothing is accepted any more. */
  die(errorCode: number): void {
    this.#transition('Dead');
    this.#deadlines.cancel();
    for (const member of this.members.all()) {
      member.answerJoin(joinError(errorCode, member.id));
      member.answerSync(syncError(errorCode));
    }
  }

  #transition(state: GroupState): void {
    assertTransition(this.#state, state);
    this.#state = state;
    this.#since = this.environment.platform.clock.now();
  }

  /** Begins the next generation with those who joined; static members may be late (KIP-345). */
  #completeJoin(): void {
    this.#deadlines.endJoins();
    for (const member of [...this.members.all()]) {
      if (!member.awaitsJoin && !member.isStatic) this.removeMember(member.id);
    }
    if (!this.members.electJoinedLeader() && this.members.size > 0) {
      // Only static members are left, none of which came back: wait until one does, or their sessions end.
      return this.#deadlines.expectJoins(Math.max(this.members.rebalanceTimeoutMs, rebalanceTimeoutMsMin));
    }
    this.#generation += 1;
    this.#isInitialRebalance = false;
    if (this.members.size === 0) this.#becomeEmpty();
    else this.#beginGeneration();
  }

  #becomeEmpty(): void {
    this.#protocolName = null;
    this.#transition('Empty');
    this.#deadlines.rest();
    this.#stored = storeEmptyGeneration(this);
  }

  #beginGeneration(): void {
    this.#protocolName = this.members.selectProtocol();
    this.#transition('CompletingRebalance');
    this.#pendingSync.clear();
    for (const member of this.members.all()) {
      this.#pendingSync.add(member.id);
      member.isNew = false;
      this.hearOf(member);
      member.answerJoin(joinAnswer(this, member));
    }
    this.#deadlines.expectSyncs(this.members.rebalanceTimeoutMs);
  }

  /** A session that ran out while the sync was parked was let be; it begins anew with the answer. */
  #answerSync(member: GroupMember, answer: SyncAnswer): void {
    if (member.answerSync(answer)) this.hearOf(member);
  }

  #expireJoins(): void {
    if (this.#isInitialRebalance && this.#memberAdded && this.#initialRemainingMs > 0) {
      this.#memberAdded = false;
      const delayMs = Math.min(this.environment.settings.initialRebalanceDelayMs, this.#initialRemainingMs);
      this.#initialRemainingMs -= delayMs;
      this.#deadlines.expectJoins(delayMs);
    } else this.#completeJoin();
  }

  /** Members that got the generation's answer but never asked for their assignment hold the others up. */
  #expireSyncs(): void {
    for (const id of [...this.#pendingSync]) this.removeMember(id);
    this.prepareRebalance();
  }

  #expireMember(member: GroupMember): void {
    if (member.isHeardOf) return;
    this.removeMember(member.id);
    if (this.#state === 'PreparingRebalance') this.#completeJoinDespiteDelay();
    else this.prepareRebalance();
  }

  /** Nobody is expected any more who was worth waiting for. */
  #completeJoinDespiteDelay(): void {
    if (this.#state === 'PreparingRebalance' && this.members.allJoined) this.#completeJoin();
  }
}
