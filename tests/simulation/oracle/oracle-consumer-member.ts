/**
 * A member of a consumer group of the newer protocol (KIP-848), which joins, gives up and takes partitions as it is
 * told, falls silent, leaves, and comes back.
 */
import { consumerGroupHeartbeat, errorCodes, errorRow, type ResponseOf } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { findCoordinatorOf } from './find-coordinator.ts';
import type { GroupLedger, Owner } from './group-ledger.ts';
import { InvariantViolation } from './history.ts';
import { ConnectionGone, someVersion } from './wire-connection.ts';

type Heartbeat = ResponseOf<typeof consumerGroupHeartbeat>;

/** As the cluster is configured. */
export const consumerSessionMs = 2000;
const heartbeatMs = 150;
const stayMsMax = 3000;
/** Nobody is put out for being slow to give up partitions. */
const rebalanceTimeoutMs = 3_600_000;
const leaving = -1;

export class OracleConsumerMember implements Actor, Owner {
  readonly name: string;
  readonly group: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #ledger: GroupLedger;
  readonly #partitions: readonly KnownPartition[];
  readonly #owned = new Set<string>();
  /** Of those, what it was asked to give up and still uses. */
  readonly #lingering = new Set<string>();
  #memberId = '';
  #memberEpoch = 0;
  #missedAnswer = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  #settled = false;
  #stopped = false;
  #joins = 0;

  constructor(home: ActorHome, group: string, partitions: readonly KnownPartition[], ledger: GroupLedger) {
    this.name = home.name;
    this.group = group;
    this.#home = home;
    this.#ledger = ledger;
    this.#partitions = partitions;
    this.done = home.work(() => this.#run());
  }

  get memberUntil(): number {
    return this.#heardAt + consumerSessionMs;
  }

  get joins(): number {
    return this.#joins;
  }

  /** From now on it stays. */
  settle(): void {
    this.#settled = true;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const { randomness } = this.#home;
    while (!this.#stopped) {
      await this.#stay(randomness.integer(stayMsMax));
      await this.#home.anyBroker().pause(randomness.integer(500));
    }
  }

  /** Joins, and leaves or falls silent after about so long. */
  async #stay(forMs: number): Promise<void> {
    const { randomness } = this.#home;
    const version = someVersion(randomness, 0, 1);
    const until = this.#ledger.now + forMs;
    this.#memberId = version === 0 ? '' : uuid(randomness.integer);
    this.#memberEpoch = 0;
    this.#joins += 1;
    while (!this.#stopped && (this.#settled || this.#ledger.now < until)) {
      await this.#beat(version);
      await this.#home.anyBroker().pause(heartbeatMs);
    }
    this.#giveUp();
    // One that falls silent leaves its place to be found empty.
    if (randomness.integer(3) > 0) await this.#leave(version);
  }

  async #beat(version: number): Promise<void> {
    // When an answer was lost everything is said again, and with it asked for.
    const full = this.#memberEpoch === 0 || this.#missedAnswer;
    const sentAt = this.#ledger.now;
    const response = await this.#ask(version, {
      memberEpoch: this.#memberEpoch,
      rebalanceTimeoutMs: full ? rebalanceTimeoutMs : -1,
      subscribedTopicNames: full ? [...new Set(this.#partitions.map(({ topic }) => topic))] : null,
      serverAssignor: full ? 'uniform' : null,
      topicPartitions: this.#ownedByTopic(),
    });
    this.#missedAnswer = response === undefined;
    if (response !== undefined) this.#take(response, sentAt);
  }

  #take(response: Heartbeat, sentAt: number): void {
    const { errorCode } = response;
    if (errorCode === errorCodes.UNKNOWN_MEMBER_ID || errorCode === errorCodes.FENCED_MEMBER_EPOCH) {
      this.#giveUp();
      this.#memberEpoch = 0;
      return;
    }
    if (errorCode !== errorCodes.NONE) {
      if (errorRow(errorCode).retriable) return;
      throw new InvariantViolation(`${this.name}: a heartbeat was answered with ${errorRow(errorCode).name}`);
    }
    if (response.memberEpoch < this.#memberEpoch) {
      throw new InvariantViolation(`${this.name}: epoch ${this.#memberEpoch} went back to ${response.memberEpoch}`);
    }
    this.#memberId = response.memberId ?? this.#memberId;
    this.#memberEpoch = response.memberEpoch;
    this.#heardAt = sentAt;
    if (response.assignment === null) return this.#finishLingering();
    const given = new Set(response.assignment.topicPartitions.flatMap((each) => this.#namesOf(each)));
    for (const partition of this.#owned) if (!given.has(partition)) this.#lingering.add(partition);
    for (const partition of given) {
      this.#lingering.delete(partition);
      this.#owned.add(partition);
      this.#ledger.take(this, partition);
    }
    if (this.#home.randomness.integer(2) === 0) this.#finishLingering();
  }

  /** As a consumer does once it has handled what it had of a partition. */
  #finishLingering(): void {
    for (const partition of this.#lingering) {
      this.#owned.delete(partition);
      this.#ledger.release(this, partition);
    }
    this.#lingering.clear();
  }

  async #leave(version: number): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const response = await this.#ask(version, { memberEpoch: leaving });
      if (response !== undefined && !errorRow(response.errorCode).retriable) return;
      await this.#home.anyBroker().pause();
    }
  }

  /** Undefined when there was no answer, or nobody to ask. */
  async #ask(
    version: number,
    fields: { readonly memberEpoch: number } & Partial<Parameters<typeof draftOf>[2]>,
  ): Promise<Heartbeat | undefined> {
    const { nodeId } = await findCoordinatorOf(this.#home, this.group);
    const connection = await this.#home.broker(nodeId).open();
    try {
      return await connection.request(consumerGroupHeartbeat, version, draftOf(this.group, this.#memberId, fields));
    } catch (error) {
      if (!(error instanceof ConnectionGone)) throw error;
      return undefined;
    }
  }

  #giveUp(): void {
    for (const partition of this.#owned) this.#ledger.release(this, partition);
    this.#owned.clear();
    this.#lingering.clear();
  }

  #ownedByTopic(): { topicId: string; partitions: number[] }[] {
    const topics = new Map<string, { topicId: string; partitions: number[] }>();
    for (const { topicId, index, history } of this.#partitions) {
      if (!this.#owned.has(history.name)) continue;
      const entry = topics.get(topicId) ?? { topicId, partitions: [] };
      topics.set(topicId, entry);
      entry.partitions.push(index);
    }
    return [...topics.values()];
  }

  #namesOf({ topicId, partitions }: { readonly topicId: string; readonly partitions: readonly number[] }): string[] {
    return partitions.map((index) => {
      const known = this.#partitions.find((each) => each.topicId === topicId && each.index === index);
      if (known === undefined)
        throw new InvariantViolation(`${this.name} was given a partition that it did not ask for`);
      return known.history.name;
    });
  }
}

function draftOf(
  groupId: string,
  memberId: string,
  fields: {
    readonly memberEpoch: number;
    readonly rebalanceTimeoutMs?: number;
    readonly subscribedTopicNames?: string[] | null;
    readonly serverAssignor?: string | null;
    readonly topicPartitions?: { topicId: string; partitions: number[] }[] | null;
  },
) {
  return { groupId, memberId, ...fields };
}

/** 22 characters, as clients make member ids. */
function uuid(integer: (below: number) => number): string {
  return Buffer.from(Array.from({ length: 16 }, () => integer(256))).toString('base64url');
}
