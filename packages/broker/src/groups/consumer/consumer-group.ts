/**
 * A consumer group (KIP-848) at work: it takes one request after the other, changes its state only by what the journal
 * has written, and fences members that are not heard of, that do not give up partitions, join or sync in time.
 *
 * The rules of each request are in files of their own; what they share is here.
 */
import { messageOf } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { Refusal } from '../../storage-failure.ts';
import { Alarm } from '../alarm.ts';
import type { GroupEnvironment } from '../classic-group.ts';
import type { TopicLookup } from '../topic-lookup.ts';
import { ChangeDraft } from './change-draft.ts';
import { ConsumerGroupState, type GroupChange } from './consumer-group-state.ts';
import type { ConsumerMember } from './consumer-member.ts';
import type { GroupConfigurations } from './group-configurations.ts';
import type { PatternResolver } from './pattern-resolver.ts';
import type { TopicPattern } from './topic-pattern.ts';

export interface ConsumerGroupEnvironment extends GroupEnvironment {
  readonly topics: TopicLookup;
  readonly configurations: GroupConfigurations;
  readonly resolver: PatternResolver;
  /** Makes a classic group of one whose members but `leaving` all speak that protocol; false if it must not. */
  readonly downgrade: (group: ConsumerGroup, leaving: readonly string[]) => Promise<boolean>;
}

/** What a member is expected to do in time: be heard of, give partitions up, and, if it is classic, join and sync. */
export type Expectation = 'session' | 'revocation' | 'join' | 'sync';

const reasons: Readonly<Record<Expectation, string>> = {
  session: 'its session expired',
  revocation: 'it did not give up partitions in time',
  join: 'it did not join in time',
  sync: 'it did not sync in time',
};

/** After how long a member is fenced again when that could not be stored, in milliseconds. */
const storageRetryMs = 1_000;

/** A pattern in use: for which version of the topics it was resolved or is being, and who may see which topics. */
interface UsedPattern {
  readonly pattern: TopicPattern;
  readonly version: number;
  /** Monotonic milliseconds of when it was begun to be resolved. */
  readonly since: number;
  includes: (topicName: string) => boolean;
}

export class ConsumerGroup {
  readonly id: string;
  readonly environment: ConsumerGroupEnvironment;
  readonly #unstored = new ConsumerGroupState();
  readonly #deadlines = new Map<string, Map<Expectation, number>>();
  readonly #patterns = new Map<string, UsedPattern>();
  readonly #alarm: Alarm;
  /** The turn under way and those that wait; never rejects. */
  #turns: Promise<void> | undefined;
  /** The version of the topics whose sizes are in the state's digest. */
  #versionSeen = -1;
  /** Whether anything of it is stored. */
  #begun = false;
  #dead = false;

  constructor(id: string, environment: ConsumerGroupEnvironment) {
    this.id = id;
    this.environment = environment;
    this.#alarm = new Alarm(environment.platform, () => this.#expire());
  }

  /** What is stored of it. */
  get state(): ConsumerGroupState {
    return (this.#begun ? this.environment.store.consumerGroup(this.id) : undefined) ?? this.#unstored;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  get isEmpty(): boolean {
    return this.state.members.size === 0;
  }

  /** Whether nobody asks anything of it any more, because another group took its place. */
  get isDead(): boolean {
    return this.#dead;
  }

  /** After a restart: every member has its time to be heard of again. */
  restore(): void {
    this.#begun = true;
    for (const member of this.state.members.values()) {
      this.hearOf(member);
      if (member.state === 'unrevoked' && member.classic === null) {
        this.expect(member.id, 'revocation', member.rebalanceTimeoutMs);
      }
    }
  }

  /** Nothing is expected any more. */
  die(): void {
    this.#dead = true;
    this.#alarm.cancel();
    this.#deadlines.clear();
  }

  /** Does something when all that came before is done and stored: at once, if nothing is under way. */
  inTurn<T>(work: () => T | Promise<T>): T | Promise<T> {
    const result = this.#turns === undefined ? work() : this.#turns.then(work);
    if (!(result instanceof Promise)) return result;
    const turn: Promise<void> = result.then(
      () => this.#endTurn(turn),
      () => this.#endTurn(turn),
    );
    this.#turns = turn;
    return result;
  }

  draft(): ChangeDraft {
    return new ChangeDraft(this.state, this.environment.topics);
  }

  /** Looks whether topics changed since the last look. */
  noteTopics(draft: ChangeDraft): void {
    const { version } = this.environment.topics;
    if (version === this.#versionSeen) return;
    draft.advanceIfTopicsChanged();
    this.#versionSeen = version;
  }

  /**
   * Stores a change; undefined when there is none, else a promise of whether it worked. In a turn only. When it failed
   * nothing has changed, and the operator was told.
   */
  store(draft: ChangeDraft): Promise<boolean> | undefined {
    const change = draft.finish();
    return change === undefined ? undefined : this.storeChange(change);
  }

  async storeChange(change: GroupChange): Promise<boolean> {
    const { store, report } = this.environment;
    try {
      await store.changeConsumerGroup(this.id, change, !this.#begun);
      this.#begun = true;
      for (const id of change.removed ?? []) this.#deadlines.delete(id);
      return true;
    } catch (error) {
      this.#versionSeen = -1;
      report({ level: 'error', message: `could not store a change of group ${this.id}: ${messageOf(error)}` });
      return false;
    } finally {
      if (this.#patterns.size > 0) this.#dropUnusedPatterns();
    }
  }

  /** Restarts a member's session. */
  hearOf(member: ConsumerMember): void {
    const { configurations } = this.environment;
    this.expect(member.id, 'session', member.classic?.sessionTimeoutMs ?? configurations.sessionTimeoutMs(this.id));
  }

  /** Expects something of a member from now on. */
  expect(memberId: string, what: Expectation, timeoutMs: number): void {
    const deadline = this.environment.platform.clock.monotonic() + timeoutMs;
    const deadlines = this.#deadlines.get(memberId);
    if (deadlines === undefined) this.#deadlines.set(memberId, new Map([[what, deadline]]));
    else deadlines.set(what, deadline);
    this.#alarm.set(deadline);
  }

  /** Expects something of a member, unless that is expected already. */
  expectUnlessExpected(memberId: string, what: Expectation, timeoutMs: number): void {
    if (this.#deadlines.get(memberId)?.has(what) !== true) this.expect(memberId, what, timeoutMs);
  }

  expectNoMore(memberId: string, what: Expectation): void {
    this.#deadlines.get(memberId)?.delete(what);
  }

  /** Takes members out; the epoch advances. In a turn only. Answers whether it could be stored. */
  async fence(memberIds: readonly string[]): Promise<boolean> {
    if (await this.environment.downgrade(this, memberIds)) return true;
    const draft = this.draft();
    for (const id of memberIds) draft.remove(id);
    draft.advance();
    return (await this.store(draft)) ?? true;
  }

  /**
   * Sees to it that a member's pattern is resolved for the topics there are now. What is found at once goes into the
   * draft; what takes longer makes a change of its own later. `includes` says which topics the member may know of.
   */
  resolvePattern(pattern: TopicPattern, includes: (topicName: string) => boolean, draft: ChangeDraft): void {
    const { topics, resolver, platform, settings } = this.environment;
    const { version } = topics;
    const now = platform.clock.monotonic();
    const used = this.#patterns.get(pattern.text);
    if (used?.version === version && now - used.since < settings.patternRefreshMs) {
      used.includes = includes;
      return;
    }
    const current: UsedPattern = { pattern, version, since: now, includes };
    this.#patterns.set(pattern.text, current);
    let isNow = true;
    resolver.resolve(
      pattern,
      (name) => current.includes(name),
      (names) => {
        if (isNow) noteMatches(draft, this.state, pattern.text, names);
        else if (this.#patterns.get(pattern.text) === current) this.#learnMatches(pattern.text, names);
      },
    );
    isNow = false;
  }

  /** The pattern of a member, if it was compiled in this process before. */
  knownPattern(text: string): TopicPattern | undefined {
    return this.#patterns.get(text)?.pattern;
  }

  #learnMatches(pattern: string, names: readonly string[]): void {
    void this.inTurn(async () => {
      if (this.#dead) return;
      const draft = this.draft();
      noteMatches(draft, this.state, pattern, names);
      if ((await this.store(draft)) === false) this.#patterns.delete(pattern);
    });
  }

  #dropUnusedPatterns(): void {
    const used = new Set<string>();
    for (const { topicPattern } of this.state.members.values()) used.add(topicPattern);
    for (const pattern of this.#patterns.keys()) if (!used.has(pattern)) this.#patterns.delete(pattern);
  }

  #endTurn(turn: Promise<void>): void {
    if (this.#turns === turn) this.#turns = undefined;
  }

  #expire(): void {
    const now = this.environment.platform.clock.monotonic();
    let nearest = Number.POSITIVE_INFINITY;
    for (const [memberId, deadlines] of this.#deadlines) {
      for (const [what, deadline] of deadlines) {
        if (deadline > now) nearest = Math.min(nearest, deadline);
        else void this.inTurn(() => this.#miss(memberId, what));
      }
    }
    if (nearest < Number.POSITIVE_INFINITY) this.#alarm.set(nearest);
  }

  /** A member did not do what was expected, unless it did while its turn came. */
  async #miss(memberId: string, what: Expectation): Promise<void> {
    const { platform, report } = this.environment;
    const deadline = this.#deadlines.get(memberId)?.get(what);
    if (this.#dead || deadline === undefined || deadline > platform.clock.monotonic()) return;
    if (!this.state.members.has(memberId)) return void this.#deadlines.delete(memberId);
    report({ level: 'info', message: `member ${memberId} is fenced from group ${this.id}: ${reasons[what]}` });
    if (!(await this.fence([memberId]))) this.expect(memberId, what, storageRetryMs);
  }
}

/** Puts matches into a draft; where they are not what they were, what everybody should own has to be decided anew. */
function noteMatches(draft: ChangeDraft, state: ConsumerGroupState, pattern: string, names: readonly string[]): void {
  const before = state.patterns.get(pattern);
  if (before !== undefined && before.length === names.length && before.every((name, i) => name === names[i])) return;
  draft.resolve(pattern, names);
  draft.advance();
}

/** The refusal of a request whose change could not be stored. */
export const notStored: Refusal = {
  errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE,
  message: 'The coordinator could not store the change.',
};
