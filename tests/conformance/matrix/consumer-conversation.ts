/**
 * What is said with the coordinator of one consumer group (KIP-848), step by step, in a form that brokers can be
 * compared by: ids have names, epochs count from the group's first, and of partitions it is told how many there are of
 * each topic, since which ones they are is the assignor's business.
 */
import {
  type Api,
  consumerGroupHeartbeat,
  deleteGroups,
  errorRow,
  findCoordinator,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { partitionLines } from './partition-lines.ts';
import type { Place } from './place.ts';
import { errorName, RawCluster, type RawConnection } from './raw-connection.ts';
import type { Scope } from './scope.ts';

export type Heartbeat = RequestDraft<typeof consumerGroupHeartbeat>;
export type HeartbeatAnswer = ResponseOf<typeof consumerGroupHeartbeat>;

type TopicPartitions = NonNullable<HeartbeatAnswer['assignment']>['topicPartitions'];

/** Fields that say nothing of the rules, and lists whose order is nobody's business. */
const ignoredFields = new Set(['throttleTimeMs', 'clientHost', 'authorizedOperations', 'documentation', 'synonyms']);
const unorderedFields = new Set(['groups', 'members', 'configs', 'results']);
const epochFields = new Set(['memberEpoch', 'groupEpoch', 'assignmentEpoch', 'generationId']);

/** Member ids are 22 times the same letter. */
export const id = (letter: string): string => letter.repeat(22);

export const owned = (answer: HeartbeatAnswer): NonNullable<Heartbeat['topicPartitions']> =>
  answer.assignment?.topicPartitions ?? [];

export class ConsumerConversation {
  readonly seen: Record<string, unknown> = {};
  readonly group: string;
  /** Topics of four partitions, and their ids. */
  readonly orders: string;
  readonly events: string;
  readonly ids: Readonly<Record<'orders' | 'events', string>>;
  readonly #connection: RawConnection;
  readonly #names: Map<string, string>;
  /** What is added to epochs as they are said here: groups begin with epoch 1, since Apache Kafka 4.3 with 2. */
  #epochsBefore = 0;

  private constructor(facts: Pick<ConsumerConversation, 'group' | 'orders' | 'events' | 'ids'>, to: RawConnection) {
    this.group = facts.group;
    this.orders = facts.orders;
    this.events = facts.events;
    this.ids = facts.ids;
    this.#connection = to;
    this.#names = new Map(Object.entries({ [facts.group]: 'g', [facts.orders]: 'orders', [facts.events]: 'events' }));
    this.name(facts.ids.orders, 'orders');
    this.name(facts.ids.events, 'events');
    for (const letter of 'abcdefz') this.name(id(letter), letter);
  }

  static async begin(place: Place, scope: Scope): Promise<ConsumerConversation> {
    const cluster = new RawCluster(place, scope);
    const [orders, events] = [scope.name('orders'), scope.name('events')];
    for (const topic of [orders, events]) await scope.createTopic({ topic, partitions: 4 });
    const group = scope.name('group');
    const connection = await cluster.coordinator('group', group);
    const ids = { orders: await cluster.topicId(orders), events: await cluster.topicId(events) };
    const conversation = new ConsumerConversation({ group, orders, events, ids }, connection);
    await conversation.#untilTopicsAreKnown();
    return conversation;
  }

  /** A coordinator of several brokers learns of new topics a little later than others. */
  async #untilTopicsAreKnown(): Promise<void> {
    const groupId = await this.neighbour('first');
    const subscribedTopicNames = [this.orders, this.events];
    await this.requestUntil(
      consumerGroupHeartbeat,
      1,
      () => this.join('z', { groupId, subscribedTopicNames }),
      (answer) => owned(answer).length === 2,
    );
    await this.request(consumerGroupHeartbeat, 1, this.beat('z', -1, { groupId }));
    await this.request(deleteGroups, 2, { groupsNames: [groupId] });
  }

  /** Has a text appear under a name from now on. */
  name(text: string, name: string): void {
    this.#names.set(text, name);
  }

  /** Epochs count from that of the first member of a new group. */
  beginsWith({ memberEpoch }: HeartbeatAnswer): void {
    this.#epochsBefore = memberEpoch - 1;
  }

  /** An epoch or generation as the broker counts it. */
  epoch(counted: number): number {
    return counted > 0 ? counted + this.#epochsBefore : counted;
  }

  /** A name for another group that has the same coordinator. */
  async neighbour(name: string): Promise<string> {
    const coordinatorKeys = [this.group, ...Array.from({ length: 60 }, (_, at) => `${name}-${at}-${this.group}`)];
    const { coordinators } = await this.#connection.request(findCoordinator, 4, { keyType: 0, coordinatorKeys });
    const [own, ...others] = coordinators;
    const found = others.find(({ errorCode, nodeId }) => errorCode === 0 && nodeId === own?.nodeId);
    if (found === undefined) throw new Error(`there is no other group at the coordinator of ${this.group}`);
    // The longer name first, as the shorter one is part of it.
    const known = [...this.#names];
    this.#names.clear();
    for (const [text, stands] of [[found.key, name] as const, ...known]) this.#names.set(text, stands);
    return found.key;
  }

  beat(letter: string, memberEpoch: number, changes: Partial<Heartbeat> = {}): Heartbeat {
    return {
      groupId: this.group,
      memberId: letter === '' ? '' : id(letter),
      memberEpoch: this.epoch(memberEpoch),
      ...changes,
    };
  }

  join(letter: string, changes: Partial<Heartbeat> = {}): Heartbeat {
    const subscribed = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: [this.orders], topicPartitions: [] };
    return this.beat(letter, 0, { ...subscribed, ...changes });
  }

  request<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    return this.#connection.request(api, version, draft);
  }

  requestUntil<A extends Api>(
    api: A,
    version: number,
    draft: () => RequestDraft<A>,
    isWanted: (answer: ResponseOf<A>) => boolean,
  ): Promise<ResponseOf<A>> {
    return this.#connection.requestUntil(api, version, draft, isWanted);
  }

  /** Asks again and again until the answer is as wanted, and notes that one. */
  async askUntil<A extends Api>(
    step: string,
    api: A,
    version: number,
    draft: () => RequestDraft<A>,
    isWanted: (answer: ResponseOf<A>) => boolean,
  ): Promise<ResponseOf<A>> {
    const answer = await this.requestUntil(api, version, draft, isWanted);
    this.note(step, answer);
    return answer;
  }

  /** Asks, and notes the answer under the step's name. */
  async ask<A extends Api>(step: string, api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    const answer = await this.request(api, version, draft);
    this.note(step, answer);
    return answer;
  }

  note(step: string, answer: unknown): void {
    const isHeartbeat = typeof answer === 'object' && answer !== null && 'memberEpoch' in answer;
    this.seen[step] = isHeartbeat ? this.#heartbeat(answer as HeartbeatAnswer) : this.#comparable(answer, '');
  }

  /** A line; errors have the sentences of their message behind them. */
  #heartbeat({ errorCode, errorMessage, memberId, memberEpoch, ...answer }: HeartbeatAnswer): unknown {
    if (errorCode !== 0) {
      const message = this.#named(errorMessage ?? '').replace(
        /\((\d+)\)/g,
        (_, each) => `(${this.#counted(Number(each))})`,
      );
      return [errorName(errorCode), ...message.split(/(?<=\.) | (?=because )/)];
    }
    const every = answer.heartbeatIntervalMs === 0 ? '' : ` every ${answer.heartbeatIntervalMs}`;
    const member = this.#named(memberId ?? '');
    const line = `${member.length === 22 ? 'an id made up' : member} in ${this.#counted(memberEpoch)}${every}`;
    return answer.assignment === null ? line : `${line} has ${this.#sizes(answer.assignment.topicPartitions)}`;
  }

  /** The reverse of `epoch`. */
  #counted(epoch: number): number {
    return epoch > 0 ? epoch - this.#epochsBefore : epoch;
  }

  #sizes(topics: TopicPartitions): string {
    if (topics.length === 0) return 'nothing';
    return topics.map(({ topicId, partitions }) => `${partitions.length} of ${this.#named(topicId)}`).join(', ');
  }

  #comparable(value: unknown, field: string): unknown {
    if (field === 'errorCode') return errorRow(value as number).name;
    if (typeof value === 'number' && epochFields.has(field)) return this.#counted(value);
    if (typeof value === 'string') return this.#named(value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (field === 'topicPartitions') return this.#sizes(value as TopicPartitions);
    if (field === 'topics') return partitionLines(value as [], Object.fromEntries(this.#names));
    if (Array.isArray(value)) {
      const items = value.map((each) => this.#comparable(each, ''));
      if (!unorderedFields.has(field)) return items;
      return items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name, each]) => !ignoredFields.has(name) && isTelling(each));
    return Object.fromEntries(entries.map(([name, each]) => [name, this.#comparable(each, name)]));
  }

  #named(text: string): string {
    let named = text;
    for (const [each, name] of this.#names) named = named.replaceAll(each, name);
    return named;
  }
}

/** Whether a field says more than that it is not there. */
function isTelling(value: unknown): boolean {
  return !(value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0));
}
