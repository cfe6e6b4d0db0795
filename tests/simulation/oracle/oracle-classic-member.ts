/**
 * A member of a classic group: joins, assigns when it leads, beats, commits offsets of its generation, falls silent,
 * leaves, and comes back. Offsets of a generation that has ended must be refused.
 */
import { errorCodes, errorRow, heartbeat, joinGroup, leaveGroup, offsetCommit, syncGroup } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import type { Endpoint } from './endpoint.ts';
import { findCoordinatorOf } from './find-coordinator.ts';
import type { GroupLedger } from './group-ledger.ts';
import { InvariantViolation } from './history.ts';
import { someVersion } from './wire-connection.ts';

const sessionTimeoutMs = 6000;
const protocolType = 'oracle';
const protocolName = 'turns';
const memberGone: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.ILLEGAL_GENERATION,
  errorCodes.REBALANCE_IN_PROGRESS,
]);

interface Membership {
  readonly generationId: number;
  readonly memberId: string;
}

export class OracleClassicMember implements Actor {
  readonly name: string;
  readonly group: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #ledger: GroupLedger;
  readonly #partitions: readonly KnownPartition[];
  #memberId = '';
  #stopped = false;
  #generations = 0;
  #fenced = 0;

  constructor(home: ActorHome, group: string, partitions: readonly KnownPartition[], ledger: GroupLedger) {
    this.name = home.name;
    this.group = group;
    this.#home = home;
    this.#ledger = ledger;
    this.#partitions = partitions;
    this.done = home.work(() => this.#run());
  }

  /** How many generations it was in. */
  get generations(): number {
    return this.#generations;
  }

  /** How many commits of ended generations were refused. */
  get fenced(): number {
    return this.#fenced;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const { randomness } = this.#home;
    let before: Membership | undefined;
    while (!this.#stopped) {
      const membership = await this.#join();
      if (membership === undefined) await this.#home.anyBroker().pause();
      else {
        // As a commit arrives that was on its way when the generation ended.
        if (before !== undefined && randomness.integer(3) === 0) await this.#commit(before);
        await this.#take(membership);
        before = membership;
      }
      if (randomness.integer(6) === 0) {
        if (randomness.integer(2) === 0) await this.#leave();
        await this.#home.anyBroker().pause(randomness.integer(1000));
      }
    }
    await this.#leave();
  }

  async #join(): Promise<Membership | undefined> {
    const coordinator = await this.#coordinator();
    const response = await coordinator.ask(joinGroup, someVersion(this.#home.randomness, 4, 9), {
      groupId: this.group,
      sessionTimeoutMs,
      rebalanceTimeoutMs: sessionTimeoutMs,
      memberId: this.#memberId,
      protocolType,
      protocols: [{ name: protocolName, metadata: new Uint8Array() }],
    });
    const { errorCode, generationId, memberId, leader, members } = response;
    if (errorCode === errorCodes.MEMBER_ID_REQUIRED) {
      this.#memberId = memberId;
      return undefined;
    }
    if (errorCode !== errorCodes.NONE) return this.#mayFail('a join', errorCode);
    this.#memberId = memberId;
    this.#ledger.led(generationId, leader);
    const assignments = leader === memberId ? this.#assign(members.map((member) => member.memberId)) : [];
    const synced = await coordinator.ask(syncGroup, someVersion(this.#home.randomness, 0, 5), {
      groupId: this.group,
      generationId,
      memberId,
      protocolType,
      protocolName,
      assignments,
    });
    if (synced.errorCode !== errorCodes.NONE) return this.#mayFail('a sync', synced.errorCode);
    const text = Buffer.from(synced.assignment).toString();
    this.#ledger.assigned(generationId, memberId, text === '' ? [] : text.split(','));
    this.#generations += 1;
    return { generationId, memberId };
  }

  #assign(members: readonly string[]) {
    return members.map((memberId, turn) => {
      const own = this.#partitions.filter((_, index) => index % members.length === turn);
      return { memberId, assignment: Buffer.from(own.map(({ history }) => history.name).join()) };
    });
  }

  /** Beats and commits until the generation is over. */
  async #take(membership: Membership): Promise<void> {
    const { randomness } = this.#home;
    const beats = 1 + randomness.integer(20);
    for (let beat = 0; beat < beats && !this.#stopped; beat++) {
      const coordinator = await this.#coordinator();
      const draft = { groupId: this.group, ...membership };
      const { errorCode } = await coordinator.ask(heartbeat, someVersion(randomness, 0, 4), draft);
      if (errorCode !== errorCodes.NONE) return this.#mayFail('a heartbeat', errorCode);
      if (randomness.integer(2) === 0) await this.#commit(membership);
      await coordinator.pause(400);
    }
  }

  async #commit({ generationId, memberId }: Membership): Promise<void> {
    const { topic, index } = this.#partitions[0] as KnownPartition;
    const ended = this.#ledger.newestGeneration > generationId;
    const coordinator = await this.#coordinator();
    const { topics } = await coordinator.ask(offsetCommit, someVersion(this.#home.randomness, 2, 9), {
      groupId: this.group,
      generationIdOrMemberEpoch: generationId,
      memberId,
      topics: [{ name: topic, partitions: [{ partitionIndex: index, committedOffset: 1, committedMetadata: '' }] }],
    });
    const errorCode = topics[0]?.partitions[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    if (errorCode === errorCodes.NONE && ended) {
      const message = `an offset of generation ${generationId} was taken in ${this.#ledger.newestGeneration} or later`;
      throw new InvariantViolation(`${this.name}: ${message}`);
    }
    if (errorCode === errorCodes.NONE) return;
    if (ended) this.#fenced += 1;
    this.#mayFail('a commit', errorCode);
  }

  async #leave(): Promise<void> {
    if (this.#memberId === '') return;
    const coordinator = await this.#coordinator();
    await coordinator.ask(leaveGroup, 2, { groupId: this.group, memberId: this.#memberId });
    this.#memberId = '';
  }

  #coordinator(): Promise<Endpoint> {
    return findCoordinatorOf(this.#home, this.group).then(({ nodeId }) => this.#home.broker(nodeId));
  }

  /** What a member may be told; anything else is a violation. */
  #mayFail(what: string, errorCode: number): undefined {
    if (errorCode === errorCodes.UNKNOWN_MEMBER_ID) this.#memberId = '';
    if (memberGone.has(errorCode) || errorRow(errorCode).retriable) return undefined;
    throw new InvariantViolation(`${this.name}: ${what} was answered with ${errorRow(errorCode).name}`);
  }
}
