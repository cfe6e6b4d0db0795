/**
 * The groups of a cluster by id. A group is a classic one or one of the consumer protocol, and may become the other:
 * an empty one when a member of the other protocol joins, one with members by an upgrade or a downgrade (KIP-848).
 */
import { messageOf } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { Refusal } from '../storage-failure.ts';
import { ClassicGroup } from './classic-group.ts';
import { ConsumerGroup, type ConsumerGroupEnvironment } from './consumer/consumer-group.ts';
import type { ConsumerMember } from './consumer/consumer-member.ts';
import { downgraded, upgraded, upgradeRefusalOf } from './consumer/migration.ts';

export type Group = ClassicGroup | ConsumerGroup;

export class GroupDirectory {
  readonly environment: ConsumerGroupEnvironment;
  readonly #groups = new Map<string, Group>();

  constructor(environment: Omit<ConsumerGroupEnvironment, 'downgrade'>) {
    this.environment = { ...environment, downgrade: (group, leaving) => this.#downgrade(group, leaving) };
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id);
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** Takes up what the journal held of all groups. */
  restore(): void {
    for (const id of this.environment.store.ids()) this.#restoreOne(id);
  }

  /** Ends all groups; parked requests are answered with the error. */
  close(errorCode: number): void {
    for (const group of this.#groups.values()) end(group, errorCode);
    this.#groups.clear();
  }

  /** The group for a member that joins by the classic protocol: an empty consumer group becomes a classic one. */
  forClassicJoin(id: string, mayCreate: boolean): Group | undefined {
    const group = this.#groups.get(id);
    if (group === undefined) return mayCreate ? this.createClassic(id) : undefined;
    if (group instanceof ClassicGroup || !group.isEmpty) return group;
    group.die();
    return this.createClassic(id);
  }

  /** The group for a member that joins by the consumer protocol: a classic one becomes a consumer group, if it may. */
  forConsumerJoin(id: string): ConsumerGroup | Refusal {
    const group = this.#groups.get(id);
    if (group instanceof ConsumerGroup) return group;
    if (group === undefined || group.state === 'Empty') {
      group?.die(errorCodes.REBALANCE_IN_PROGRESS);
      return this.#createConsumer(id);
    }
    return this.#upgrade(group);
  }

  createClassic(id: string): ClassicGroup {
    const group = new ClassicGroup(id, this.environment);
    this.#groups.set(id, group);
    return group;
  }

  /** Does something in a consumer group's turn, unless another group has taken its place by then. */
  inTurn<T>(group: ConsumerGroup, work: () => T | Promise<T>, gone: () => T): T | Promise<T> {
    const isCurrent = (): boolean => this.#groups.get(group.id) === group;
    return group.inTurn(() => {
      if (!isCurrent()) return gone();
      const result = work();
      if (!(result instanceof Promise)) {
        if (!group.hasBegun) this.#revive(group);
        return result;
      }
      return result.finally(() => {
        if (!group.hasBegun && isCurrent()) this.#revive(group);
      });
    });
  }

  /**
   * Deletes what is stored of a group without members, and the group itself unless it came to life while that was
   * written. Answers whether it was empty; rejects as `JournalSection.append` does.
   */
  async removeIfEmpty(group: Group): Promise<boolean> {
    if (group instanceof ConsumerGroup) {
      return this.inTurn(
        group,
        () => this.#removeIfEmpty(group),
        () => false,
      );
    }
    return this.#removeIfEmpty(group);
  }

  async #removeIfEmpty(group: Group): Promise<boolean> {
    const { store } = this.environment;
    if (!isEmpty(group)) return false;
    await store.delete(group.id);
    if (this.#groups.get(group.id) !== group || !isEmpty(group) || store.offsets(group.id).size > 0) return true;
    end(group, errorCodes.UNKNOWN_MEMBER_ID);
    this.#groups.delete(group.id);
    return true;
  }

  #restoreOne(id: string): void {
    const { store } = this.environment;
    if (store.consumerGroup(id) !== undefined) return this.#createConsumer(id).restore();
    const generation = store.generation(id);
    const group = this.createClassic(id);
    if (generation !== undefined) group.restore(generation);
  }

  #createConsumer(id: string): ConsumerGroup {
    const group = new ConsumerGroup(id, this.environment);
    this.#groups.set(id, group);
    return group;
  }

  /** A consumer group of which nothing could be stored gives its place back to what the journal has. */
  #revive(group: ConsumerGroup): void {
    const { store } = this.environment;
    group.die();
    this.#groups.delete(group.id);
    const isStored = store.generation(group.id) !== undefined || store.consumerGroup(group.id) !== undefined;
    if (isStored || store.offsets(group.id).size > 0) this.#restoreOne(group.id);
  }

  #upgrade(classic: ClassicGroup): ConsumerGroup | Refusal {
    const { settings, topics } = this.environment;
    const change = upgradeRefusalOf(classic, settings) ?? upgraded(classic, topics);
    if (typeof change === 'string') {
      const message = `Cannot upgrade classic group ${classic.id} to consumer group because ${change}`;
      return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, message };
    }
    classic.die(errorCodes.REBALANCE_IN_PROGRESS);
    const group = this.#createConsumer(classic.id);
    void this.inTurn(
      group,
      async () => {
        if (await group.storeChange(change)) group.restore();
      },
      () => undefined,
    );
    return group;
  }

  /** In the group's turn. */
  async #downgrade(group: ConsumerGroup, leaving: readonly string[]): Promise<boolean> {
    const { settings, store, topics, platform, report } = this.environment;
    const staying = [...group.state.members.values()].filter(({ id }) => !leaving.includes(id));
    const mayDowngrade = settings.migrationPolicy === 'bidirectional' || settings.migrationPolicy === 'downgrade';
    if (!mayDowngrade || staying.length === 0 || staying.length > settings.membersMax) return false;
    // Classic members that leave a group of classic members leave it as it is.
    const leavesConsumer = leaving.some((id) => group.state.members.get(id)?.classic === null);
    if (!leavesConsumer || staying.some((member) => member.classic === null)) return false;
    const generation = downgraded(group.state, staying, topics, platform.clock.now());
    try {
      await store.saveGeneration(group.id, generation);
    } catch (error) {
      report({ level: 'error', message: `could not store that group ${group.id} is classic: ${messageOf(error)}` });
      return false;
    }
    group.die();
    const classic = this.createClassic(group.id);
    classic.restore(generation);
    offerAgain(classic, staying);
    classic.prepareRebalance();
    return true;
  }
}

/** Why a request of the consumer protocol can't concern a group. */
export function notConsumerGroup(id: string): Refusal {
  return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, message: `Group ${id} is not a consumer group.` };
}

function isEmpty(group: Group): boolean {
  return group instanceof ClassicGroup ? group.state === 'Empty' : group.isEmpty;
}

function end(group: Group, errorCode: number): void {
  if (group instanceof ClassicGroup) group.die(errorCode);
  else group.die();
}

/** A stored member knows one protocol; these still know all that theirs offered. */
function offerAgain(classic: ClassicGroup, members: readonly ConsumerMember[]): void {
  for (const { id, rebalanceTimeoutMs, classic: facts } of members) {
    const protocols = facts?.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata, 'base64'),
    }));
    if (facts === null || protocols === undefined) continue;
    classic.members.get(id)?.update({ protocols, rebalanceTimeoutMs, sessionTimeoutMs: facts.sessionTimeoutMs });
  }
}
