/**
 * A change of a consumer group while it is being made out: who comes, goes and changes, whether that makes a new epoch,
 * and what everybody should own then.
 */
import { createHash } from 'node:crypto';
import { assert } from '@millrace/base';
import type { TopicLookup } from '../topic-lookup.ts';
import { type Assignment, noPartitions, type TopicPartitions } from './assignment.ts';
import { assignors, type Subscriber } from './assignor.ts';
import { type ConsumerGroupState, changedTargets, type GroupChange } from './consumer-group-state.ts';
import { type ConsumerMember, isSameMember, memberRow, sortedNames } from './consumer-member.ts';
import { reconcile } from './reconcile.ts';

export class ChangeDraft {
  readonly #state: ConsumerGroupState;
  readonly #topics: TopicLookup;
  readonly #members: Map<string, ConsumerMember>;
  readonly #changed = new Map<string, ConsumerMember>();
  readonly #removed = new Set<string>();
  readonly #patterns = new Map<string, readonly string[]>();
  #targets: ReadonlyMap<string, Assignment> | undefined;
  #epoch: number;
  #targetEpoch: number;
  #topicsSeen: string;

  constructor(state: ConsumerGroupState, topics: TopicLookup) {
    this.#state = state;
    this.#topics = topics;
    this.#members = new Map(state.members);
    this.#epoch = state.epoch;
    this.#targetEpoch = state.targetEpoch;
    this.#topicsSeen = state.topicsSeen;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members;
  }

  put(member: ConsumerMember): void {
    this.#members.set(member.id, member);
    this.#changed.set(member.id, member);
    this.#removed.delete(member.id);
  }

  remove(id: string): void {
    this.#members.delete(id);
    this.#changed.delete(id);
    this.#removed.add(id);
  }

  /** Gives a static member another id: it keeps what it owns and should own. */
  replace(old: ConsumerMember, replacement: ConsumerMember): void {
    this.remove(old.id);
    this.put(replacement);
    this.#targets = new Map(this.#state.targets).set(replacement.id, this.#state.target(old.id));
  }

  /** Notes the topics that a pattern was found to match. */
  resolve(pattern: string, topicNames: readonly string[]): void {
    this.#patterns.set(pattern, topicNames);
  }

  /** Whether it is known what a pattern matches. */
  knows(pattern: string): boolean {
    return this.#patterns.has(pattern) || this.#state.patterns.has(pattern);
  }

  /** Begins a new epoch. */
  advance(): void {
    this.#epoch = this.#state.epoch + 1;
    this.#topicsSeen = this.#digest();
  }

  /** Begins a new epoch if the subscribed topics or their sizes are not those that the group knows. */
  advanceIfTopicsChanged(): void {
    if (this.#digest() !== this.#topicsSeen) this.advance();
  }

  /** Decides what everybody should own in the present epoch, unless that is decided. */
  assign(assignorNames: readonly string[]): void {
    if (this.#epoch === this.#targetEpoch) return;
    const assignor = assignors.get(this.preferredAssignor(assignorNames));
    assert(assignor !== undefined, 'assignors are chosen among those there are');
    const partitionCounts = new Map<string, number>();
    const subscribers = [...this.#members.values()].map((member) => this.#subscriber(member, partitionCounts));
    this.#targets = assignor(subscribers, partitionCounts);
    this.#targetEpoch = this.#epoch;
  }

  /** Takes a member a step nearer to its target. Answers what it is then. */
  reconcile(member: ConsumerMember, owned: readonly TopicPartitions[] | null): ConsumerMember {
    const reconciled = reconcile(member, {
      epoch: this.#targetEpoch,
      target: this.#target(member.id),
      isOwnedByOther: (topicId, partition) => {
        const owner = this.#state.ownerOf(topicId, partition);
        return owner !== undefined && owner !== member.id && !this.#removed.has(owner);
      },
      owned,
    });
    if (reconciled !== member) this.put(reconciled);
    return reconciled;
  }

  /** What is to be stored, or undefined when nothing changes. */
  finish(): GroupChange | undefined {
    const members = [...this.#changed.values()].filter((member) => {
      const before = this.#state.members.get(member.id);
      return before === undefined || !isSameMember(before, member);
    });
    const targets = this.#targets === undefined ? [] : changedTargets(this.#state, this.#targets);
    const change: GroupChange = {
      ...(this.#epoch === this.#state.epoch ? {} : { epoch: this.#epoch }),
      ...(this.#targetEpoch === this.#state.targetEpoch ? {} : { targetEpoch: this.#targetEpoch }),
      ...(this.#topicsSeen === this.#state.topicsSeen ? {} : { topicsSeen: this.#topicsSeen }),
      ...(this.#patterns.size === 0 ? {} : { patterns: [...this.#patterns] }),
      ...(this.#removed.size === 0 ? {} : { removed: [...this.#removed] }),
      ...(members.length === 0 ? {} : { members: members.map(memberRow) }),
      ...(targets.length === 0 ? {} : { targets: targets.filter(([id]) => this.#members.has(id)) }),
    };
    return Object.keys(change).length === 0 ? undefined : change;
  }

  #target(memberId: string): Assignment {
    return (this.#targets ?? this.#state.targets).get(memberId) ?? noPartitions;
  }

  #subscriber(member: ConsumerMember, partitionCounts: Map<string, number>): Subscriber {
    const topicIds: string[] = [];
    for (const name of this.#topicNamesOf(member)) {
      const topic = this.#topics.byName(name);
      if (topic === undefined) continue;
      topicIds.push(topic.id);
      partitionCounts.set(topic.id, topic.partitions.length);
    }
    const { id, instanceId } = member;
    return { id, instanceId, topicIds: topicIds.sort(), target: this.#target(id) };
  }

  #topicNamesOf(member: ConsumerMember): readonly string[] {
    if (member.topicPattern === '') return member.topicNames;
    const matching = this.#matching(member.topicPattern);
    return member.topicNames.length === 0 ? matching : sortedNames([...member.topicNames, ...matching]);
  }

  #matching(pattern: string): readonly string[] {
    return this.#patterns.get(pattern) ?? this.#state.patterns.get(pattern) ?? [];
  }

  /** Which topics are subscribed to, and how large they are. */
  #digest(): string {
    const names = new Set<string>();
    const patterns = new Set<string>();
    for (const member of this.#members.values()) {
      for (const name of member.topicNames) names.add(name);
      if (member.topicPattern !== '') patterns.add(member.topicPattern);
    }
    for (const pattern of patterns) for (const name of this.#matching(pattern)) names.add(name);
    const hash = createHash('sha256');
    for (const name of [...names].sort()) {
      const topic = this.#topics.byName(name);
      if (topic !== undefined) hash.update(`${topic.id}:${topic.partitions.length},`);
    }
    return hash.digest('base64url').slice(0, 22);
  }

  /** The assignor that most members ask for; among equals, and without any, the first in the broker's order. */
  preferredAssignor(assignorNames: readonly string[]): string {
    const votes = new Map<string, number>();
    for (const { serverAssignor } of this.#members.values()) {
      if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
    }
    let preferred = assignorNames[0] ?? 'uniform';
    for (const name of assignorNames) if ((votes.get(name) ?? 0) > (votes.get(preferred) ?? 0)) preferred = name;
    return preferred;
  }
}
