/**
 * For tests: a classic consumer that is a member of a consumer group (KIP-848), with the cooperative protocol: it joins
 * with what it owns, gives up what it is not assigned any more, and joins again. It joins no group that is none yet.
 */
import {
  decodeConsumerAssignment,
  encodeConsumerSubscription,
  errorCodes,
  type JoinGroupRequest,
} from '@millrace/wire';
import type { GroupFixture } from './group-fixture.ts';

const sessionTimeoutMs = 30_000;
const rebalanceTimeoutMs = 20_000;
const peer = { clientId: 'classic', clientHost: '/127.0.0.1', apiVersion: 9 };

export class ClassicConsumerClient {
  id = '';
  /** The generation, which is the member's epoch; 0 before it joined. */
  epoch = 0;
  /** What it reads: `topic id:partition`. */
  readonly owned = new Set<string>();
  topicNames: readonly string[];
  readonly #group: string;
  #told: ReadonlySet<string> | undefined;
  /** Names of the topics that it was ever assigned, by id: it goes on calling them so once they are deleted. */
  readonly #names = new Map<string, string>();
  #mustJoin = true;

  constructor(options: { readonly topicNames: readonly string[]; readonly group?: string }) {
    this.topicNames = options.topicNames;
    this.#group = options.group ?? 'g';
  }

  /** Joins and syncs where it must, else sends a heartbeat. */
  async beat(fixture: GroupFixture): Promise<void> {
    if (this.#mustJoin) return this.#join(fixture);
    const request = { groupId: this.#group, memberId: this.id, generationId: this.epoch, groupInstanceId: null };
    const errorCode = await fixture.groups.heartbeat(request);
    if (errorCode === errorCodes.REBALANCE_IN_PROGRESS) this.#mustJoin = true;
    else this.#heed(errorCode);
  }

  /** The answer to a join never comes. */
  async loseAnswer(fixture: GroupFixture): Promise<void> {
    if (this.id === '' || !hasMembers(fixture, this.#group)) return;
    await fixture.groups.join(this.#joinRequest(), peer);
    this.#mustJoin = true;
  }

  giveUp(): void {
    if (this.#told === undefined) return;
    for (const key of this.owned) {
      if (this.#told.has(key)) continue;
      this.owned.delete(key);
      this.#mustJoin = true;
    }
  }

  async depart({ groups }: GroupFixture): Promise<void> {
    const member = { memberId: this.id, groupInstanceId: null, reason: null };
    await groups.leave({ groupId: this.#group, members: [member] });
    this.#abandon();
  }

  subscribe(topicNames: readonly string[]): void {
    this.topicNames = topicNames;
    this.#mustJoin = true;
  }

  lose(): void {
    this.#mustJoin = true;
  }

  async #join(fixture: GroupFixture): Promise<void> {
    if (!hasMembers(fixture, this.#group)) return;
    const answer = await fixture.groups.join(this.#joinRequest(), peer);
    if (answer.errorCode === errorCodes.MEMBER_ID_REQUIRED) {
      this.id = answer.memberId;
      return this.#join(fixture);
    }
    if (answer.errorCode !== errorCodes.NONE) return this.#heed(answer.errorCode ?? errorCodes.NONE);
    this.epoch = answer.generationId ?? 0;
    this.#mustJoin = false;
    await this.#sync(fixture);
  }

  async #sync({ groups, topics }: GroupFixture): Promise<void> {
    const answer = await groups.sync({
      groupId: this.#group,
      memberId: this.id,
      generationId: this.epoch,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'cooperative-sticky',
      assignments: [],
    });
    if (answer.errorCode === errorCodes.REBALANCE_IN_PROGRESS) this.#mustJoin = true;
    else if (answer.errorCode !== errorCodes.NONE) return this.#heed(answer.errorCode ?? errorCodes.NONE);
    else {
      const { assignedPartitions } = decodeConsumerAssignment(answer.assignment);
      const told = new Set<string>();
      for (const { topic, partitions } of assignedPartitions) {
        const id = topics.byName(topic)?.id ?? '';
        this.#names.set(id, topic);
        for (const partition of partitions) told.add(`${id}:${partition}`);
      }
      this.#told = told;
      for (const key of told) this.owned.add(key);
    }
  }

  #joinRequest(): JoinGroupRequest {
    const ownedPartitions = [...this.owned].flatMap((key) => {
      const at = key.lastIndexOf(':');
      const topic = this.#names.get(key.slice(0, at));
      return topic === undefined ? [] : [{ topic, partitions: [Number(key.slice(at + 1))] }];
    });
    const metadata = encodeConsumerSubscription({ topics: [...this.topicNames], ownedPartitions });
    return {
      groupId: this.#group,
      memberId: this.id,
      groupInstanceId: null,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocolType: 'consumer',
      protocols: [{ name: 'cooperative-sticky', metadata }],
      reason: null,
    };
  }

  #heed(errorCode: number): void {
    if (errorCode === errorCodes.NONE || errorCode === errorCodes.COORDINATOR_NOT_AVAILABLE) return;
    this.#abandon();
  }

  #abandon(): void {
    this.id = '';
    this.epoch = 0;
    this.owned.clear();
    this.#told = undefined;
    this.#mustJoin = true;
  }
}

function hasMembers({ groups }: GroupFixture, group: string): boolean {
  return (groups.describeConsumerGroup(group).members ?? []).length > 0;
}
