/**
 * Membership of a consumer in a classic group: it gets its partitions by the assignors that all members have (KIP-429
 * where all are cooperative).
 *
 * Heartbeats go on while the loop handles a batch. Partitions are taken and given only between batches: the host holds
 * the loop at the next batch it asks for. A loop that stays away longer than `batchTimeoutMs` loses its membership, so
 * that others get its partitions; it joins again when it comes back.
 */
import type { ClientEvent } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import type { TopicPartition } from '../topic.ts';
import type { Assignor } from './assignors/assignor.ts';
import { assignors } from './assignors/index.ts';
import { ClassicMember } from './classic-member.ts';
import type { GroupProtocol, JoinedGroup } from './classic-requests.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { GroupLeading } from './group-leading.ts';
import { type Membership, type MembershipHost, whileHeld, withoutPartitions } from './membership.ts';
import type { CommittingMember } from './offset-committer.ts';
import type { Subscription } from './subscription.ts';
import { consumerTerms, decodeAssignment, encodeOffers, type MemberAssignment } from './subscription-coding.ts';

export class GroupMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #settings: GroupSettings;
  readonly #subscription: Subscription;
  readonly #host: MembershipHost;
  readonly #assignors: readonly Assignor[];
  readonly #isCooperative: boolean;
  readonly #leading: GroupLeading;
  readonly #member: ClassicMember;

  constructor(
    cluster: Cluster,
    settings: GroupSettings,
    subscription: Subscription,
    coordinator: GroupCoordinator,
    host: MembershipHost,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#subscription = subscription;
    this.#host = host;
    this.#assignors = settings.assignors.map((each) => (typeof each === 'string' ? assignors[each] : each));
    this.#isCooperative = this.#assignors.every(({ isCooperative }) => isCooperative);
    this.#leading = new GroupLeading(cluster, settings.group, this.#assignors);
    this.#member = new ClassicMember(cluster, consumerTerms(settings), coordinator, 'the consumer begins', {
      prepare: () => (this.#isCooperative ? Promise.resolve() : this.#giveUp(host.owned())),
      offer: (generationId) => this.#offer(generationId),
      assign: (joined) => this.#leading.assign(joined),
      assigned: (assignment, joined) => this.#apply(decodeAssignment(assignment), joined),
      lost: () => this.#loseAll(),
      lookAround: () => this.#lookAround(),
      failed: host.failed,
    });
  }

  get member(): CommittingMember {
    const { memberId, generationId } = this.#member;
    // Without a generation the id alone would do: a group that is empty by now takes offsets as from an administrator.
    return { memberId: generationId < 0 ? '' : memberId, generationId, instanceId: this.#settings.instanceId };
  }

  start(): void {
    this.#member.start();
  }

  shareAnew(reason: string): void {
    this.#member.joinAgain(reason);
  }

  close(): Promise<void> {
    return this.#member.close('the consumer is closed');
  }

  async #offer(generationId: number): Promise<GroupProtocol[]> {
    this.#leading.end();
    const topics = await this.#subscription.topics();
    const { rack } = this.#settings;
    return encodeOffers(this.#assignors, { topics, owned: this.#host.owned(), generationId, rack });
  }

  async #loseAll(): Promise<void> {
    await whileHeld(this.#host, async () => {
      const owned = this.#host.owned();
      if (owned.length > 0) await this.#host.lose(owned);
    });
  }

  async #apply({ partitions: assigned, userData }: MemberAssignment, joined: JoinedGroup): Promise<void> {
    const { group } = this.#settings;
    const { generationId } = joined;
    this.#assignors.find(({ name }) => name === joined.protocol)?.assigned?.(userData);
    const message = `joined group ${group} in generation ${generationId} with ${assigned.length} partitions`;
    this.#report('info', 'group_joined', message);
    const owned = this.#host.owned();
    const revoked = withoutPartitions(owned, assigned);
    const added = withoutPartitions(assigned, owned);
    await this.#giveUp(revoked);
    if (added.length > 0) await whileHeld(this.#host, () => this.#host.assign(added));
    if (revoked.length > 0) this.#member.joinAgain('partitions were given up');
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length > 0) await whileHeld(this.#host, () => this.#host.revoke(partitions));
  }

  /** Looks around before each heartbeat: whether the loop stays away, and whether topics have changed. */
  #lookAround(): void {
    if (this.#host.awayMs() > this.#settings.batchTimeoutMs) return this.#stayAway();
    if (this.#subscription.hasChanged()) {
      return this.#member.joinAgain('topics that match the pattern came or went');
    }
    const changed = this.#leading.changedTopic();
    if (changed !== undefined) this.#member.joinAgain(`the partitions of ${changed} changed`);
  }

  #stayAway(): void {
    const { batchTimeoutMs, group } = this.#settings;
    const message =
      `the loop did not ask for a batch within batchTimeoutMs (${batchTimeoutMs} ms), so this member left group ` +
      `${group}; handle batches faster, or raise batchTimeoutMs`;
    this.#report('warn', 'group_left', message);
    this.#member.stayAway('the loop stayed away longer than batchTimeoutMs', async () => {
      await this.#host.whenAsked();
      return 'the loop came back';
    });
  }

  #report(level: ClientEvent['level'], event: ClientEvent['event'], message: string): void {
    this.#cluster.settings.report({ level, event, message });
  }
}
