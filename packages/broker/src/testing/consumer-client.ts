/**
 * For tests: a member of a consumer group that does what clients of the consumer protocol do (KIP-848): it tells what
 * it owns, gives up what it is told to, and begins anew when it is fenced. One request at a time.
 */
import { type ConsumerGroupHeartbeatRequest, errorCodes, errorRow } from '@millrace/wire';
import type { HeartbeatAnswer } from '../groups/consumer/heartbeat.ts';
import type { GroupFixture } from './group-fixture.ts';

export interface ConsumerClientOptions {
  readonly group: string;
  readonly instanceId: string | null;
  readonly topicNames: readonly string[];
  readonly pattern: string | null;
  readonly assignor: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly version: number;
}

export class ConsumerClient {
  readonly options: ConsumerClientOptions;
  id: string;
  epoch = 0;
  /** What it reads: `topic id:partition`. */
  readonly owned = new Set<string>();
  /** What it was told to own; undefined before it was told anything. */
  told: ReadonlySet<string> | undefined;
  /** The last heartbeat of an epoch before. */
  #outdated: ConsumerGroupHeartbeatRequest | undefined;
  #latest: ConsumerGroupHeartbeatRequest | undefined;
  /** Whether the next heartbeat says everything, because an answer was lost. */
  #saysEverything = true;

  topicNames: readonly string[];

  constructor(id: string, options: Partial<ConsumerClientOptions> = {}) {
    this.id = id;
    this.options = {
      group: 'g',
      instanceId: null,
      topicNames: ['orders'],
      pattern: null,
      assignor: null,
      rebalanceTimeoutMs: 60_000,
      version: 1,
      ...options,
    };
    this.topicNames = this.options.topicNames;
  }

  /** The heartbeat that is due. */
  request(changes: Partial<ConsumerGroupHeartbeatRequest> = {}): ConsumerGroupHeartbeatRequest {
    const { group, instanceId, pattern, assignor, rebalanceTimeoutMs } = this.options;
    const isFull = this.#saysEverything || this.epoch === 0;
    return {
      groupId: group,
      memberId: this.id,
      memberEpoch: this.epoch,
      instanceId,
      rackId: null,
      rebalanceTimeoutMs: isFull ? rebalanceTimeoutMs : -1,
      subscribedTopicNames: isFull && this.topicNames.length > 0 ? [...this.topicNames] : null,
      subscribedTopicRegex: isFull ? pattern : null,
      serverAssignor: isFull ? assignor : null,
      topicPartitions: topicPartitions(this.owned),
      ...changes,
    };
  }

  /** Sends a heartbeat and takes its answer in. */
  async heartbeat(
    { groups }: GroupFixture,
    changes: Partial<ConsumerGroupHeartbeatRequest> = {},
  ): Promise<HeartbeatAnswer> {
    const client = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: this.options.version };
    const request = this.request(changes);
    if (this.#latest !== undefined && this.#latest.memberEpoch < request.memberEpoch) this.#outdated = this.#latest;
    this.#latest = request;
    const answer = await groups.consumerHeartbeat(request, client, () => true);
    this.take(answer);
    return answer;
  }

  async beat(fixture: GroupFixture): Promise<void> {
    await this.heartbeat(fixture);
  }

  /** Sends a heartbeat whose answer never comes. */
  async loseAnswer({ groups }: GroupFixture): Promise<void> {
    const client = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: this.options.version };
    await groups.consumerHeartbeat(this.request(), client, () => true);
    this.lose();
  }

  /** A heartbeat of an epoch before comes once more, by a way that took long. What it is answered is lost. */
  async repeatOutdated({ groups }: GroupFixture): Promise<void> {
    if (this.#outdated === undefined || this.#outdated.memberEpoch === 0) return;
    const client = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: this.options.version };
    await groups.consumerHeartbeat(this.#outdated, client, () => true);
    this.lose();
  }

  /** Reads other topics from now on. */
  subscribe(topicNames: readonly string[]): void {
    this.topicNames = topicNames;
    this.#saysEverything = true;
  }

  /** Leaves for good; a static member to come back. */
  async depart(fixture: GroupFixture): Promise<void> {
    await this.leave(fixture, this.options.instanceId === null ? -1 : -2);
  }

  /** Takes an answer in. What it is told to give up it still reads, until `giveUp`. */
  take(answer: HeartbeatAnswer): void {
    const errorCode = answer.errorCode ?? errorCodes.NONE;
    if (errorCode === errorCodes.FENCED_MEMBER_EPOCH || errorCode === errorCodes.UNKNOWN_MEMBER_ID)
      return this.abandon();
    if (errorCode === errorCodes.GROUP_ID_NOT_FOUND || errorCode === errorCodes.FENCED_INSTANCE_ID)
      return this.abandon();
    if (errorCode !== errorCodes.NONE) return this.lose();
    this.id = answer.memberId ?? this.id;
    this.epoch = answer.memberEpoch;
    this.#saysEverything = false;
    if (answer.assignment === null || answer.assignment === undefined) return;
    this.told = keysOf(answer.assignment.topicPartitions);
    // What is new it may read at once: the coordinator gives only what nobody else has.
    for (const key of this.told) this.owned.add(key);
  }

  /** Stops reading what it was told to give up. */
  giveUp(): void {
    if (this.told === undefined) return;
    for (const key of this.owned) if (!this.told.has(key)) this.owned.delete(key);
  }

  /** An answer was lost. */
  lose(): void {
    this.#saysEverything = true;
  }

  /** It is no member any more: it reads nothing and joins anew. */
  abandon(): void {
    this.epoch = 0;
    this.owned.clear();
    this.told = undefined;
    this.#saysEverything = true;
  }

  async leave({ groups }: GroupFixture, memberEpoch = -1): Promise<string> {
    const client = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: this.options.version };
    const answer = await groups.consumerHeartbeat(this.request({ memberEpoch }), client, () => true);
    this.abandon();
    return errorRow(answer.errorCode ?? errorCodes.NONE).name;
  }
}

/** Partitions as `topic id:partition`. */
export function keysOf(
  topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
): Set<string> {
  return new Set(topics.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId}:${partition}`)));
}

function topicPartitions(keys: Iterable<string>): { topicId: string; partitions: number[] }[] {
  const byTopic = new Map<string, number[]>();
  for (const key of keys) {
    const at = key.lastIndexOf(':');
    const topicId = key.slice(0, at);
    byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), Number(key.slice(at + 1))]);
  }
  return [...byTopic].map(([topicId, partitions]) => ({ topicId, partitions }));
}
