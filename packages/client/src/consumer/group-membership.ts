/**
 * Membership of a classic group: joins, gets its partitions, shows that it lives, joins again when the group changes
 * (KIP-429 where all assignors are cooperative), and leaves.
 *
 * Heartbeats come from a timer and go on while the loop handles a batch. Partitions are taken and given only between
 * batches: the host holds the loop at the next batch it asks for. A loop that stays away longer than `batchTimeoutMs`
 * loses its membership, so that others get its partitions; it joins again when it comes back.
 */
import { isMillraceError, type MillraceError, sleep } from '@millrace/base';
import { errorCodes, KafkaError } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { ClientEvent } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import type { TopicPartition } from '../topic.ts';
import type { Assignor } from './assignors/assignor.ts';
import { assignors } from './assignors/index.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { GroupLeading } from './group-leading.ts';
import { join, leave, sync } from './group-requests.ts';
import { Heartbeats } from './heartbeats.ts';
import { leaveTimeoutMs, type Membership, type MembershipHost, whileHeld, withoutPartitions } from './membership.ts';
import type { CommittingMember } from './offset-committer.ts';
import type { Subscription } from './subscription.ts';

/** Why the membership ended: the loop stayed away for too long. */
const overdue = Symbol('overdue');

export class GroupMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #settings: GroupSettings;
  readonly #subscription: Subscription;
  readonly #coordinator: GroupCoordinator;
  readonly #host: MembershipHost;
  readonly #assignors: readonly Assignor[];
  readonly #isCooperative: boolean;
  readonly #leading: GroupLeading;
  readonly #heartbeats: Heartbeats;
  readonly #purpose: string;
  readonly #abort = new AbortController();
  #memberId = '';
  #generationId = -1;
  /** Joined and not joining again: heartbeats are due. */
  #isMember = false;
  #running: Promise<void> | undefined;
  #rejoin = Promise.withResolvers<void>();
  #reason = 'the consumer begins';

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
    this.#coordinator = coordinator;
    this.#host = host;
    this.#assignors = settings.assignors.map((name) => assignors[name]);
    this.#isCooperative = this.#assignors.every(({ isCooperative }) => isCooperative);
    this.#leading = new GroupLeading(cluster, settings.group, this.#assignors);
    this.#purpose = cluster.newPurpose('group');
    this.#heartbeats = new Heartbeats(cluster, settings, coordinator, this.#purpose, {
      member: () => (this.#isMember ? this.member : undefined),
      lookAround: () => this.#lookAround(),
      failed: (error) => this.#beatFailed(error),
    });
  }

  get member(): CommittingMember {
    // Without a generation the id alone would do: a group that is empty by now takes offsets as from an administrator.
    const memberId = this.#generationId < 0 ? '' : this.#memberId;
    return { memberId, generationId: this.#generationId, instanceId: this.#settings.instanceId };
  }

  /** Joins and stays a member, until `close` or an error that trying again can't cure. */
  start(): void {
    if (this.#running !== undefined || this.#abort.signal.aborted) return;
    this.#running = this.#run().then(
      () => {
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#running = undefined;
        if (this.#abort.signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#host.failed(error);
      },
    );
  }

  /** Leaves the group. The host has given up its partitions before. */
  async close(): Promise<void> {
    const wasMember = this.#memberId !== '';
    this.#abort.abort();
    this.#heartbeats.stop();
    this.#rejoin.resolve();
    if (wasMember) await this.#leave('the consumer is closed');
    const release = (): void => this.#cluster.pool.release(this.#purpose);
    release();
    // What was about to be opened is of no use to anybody.
    this.#running?.then(release);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#join();
        failures = 0;
        await this.#rejoin.promise;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#isMember = false;
        if (error === overdue) await this.#comeBack();
        else if (!isMillraceError(error)) throw error;
        else if (await this.#recover(error, ++failures)) continue;
        else throw error;
      }
    }
  }

  /** Deals with what went wrong; false when trying again is of no use. */
  async #recover(error: MillraceError, failures: number): Promise<boolean> {
    const { platform } = this.#cluster.settings;
    this.#coordinator.noteError(error);
    const errorCode = error instanceof KafkaError ? error.errorCode : undefined;
    if (errorCode === errorCodes.REBALANCE_IN_PROGRESS) return true;
    if (errorCode === errorCodes.UNKNOWN_MEMBER_ID || errorCode === errorCodes.ILLEGAL_GENERATION) {
      this.#report(
        'warn',
        'group_rebalance',
        `the group went on without this member (${error.message}); joining again`,
      );
      if (errorCode === errorCodes.UNKNOWN_MEMBER_ID) this.#memberId = '';
      this.#reason = 'the membership was lost';
      await this.#loseAll();
      return true;
    }
    if (!error.retriable) {
      this.#memberId = '';
      await this.#loseAll();
      return false;
    }
    this.#report('warn', 'coordinator_lost', `${error.message}; trying again`, error);
    await sleep(platform.timers, backoffMs(this.#cluster.settings, failures, platform.randomness), this.#abort.signal);
    return true;
  }

  async #loseAll(): Promise<void> {
    this.#generationId = -1;
    await whileHeld(this.#host, async () => {
      const owned = this.#host.owned();
      if (owned.length > 0) await this.#host.lose(owned);
    });
  }

  async #comeBack(): Promise<void> {
    await this.#host.whenAsked();
    this.#memberId = '';
    this.#reason = 'the loop came back';
    await this.#loseAll();
  }

  async #join(): Promise<void> {
    const settings = this.#settings;
    if (!this.#isCooperative) await this.#giveUp(this.#host.owned());
    this.#isMember = false;
    this.#rejoin = Promise.withResolvers();
    // Rejected when the membership ends while nobody waits for it yet.
    this.#rejoin.promise.catch(() => undefined);
    const connection = await this.#coordinator.connect(this.#purpose);
    this.#leading.end();
    const topics = await this.#subscription.topics();
    this.#abort.signal.throwIfAborted();
    const joined = await join(connection, {
      settings,
      memberId: this.#memberId,
      named: (memberId) => {
        this.#memberId = memberId;
      },
      generationId: this.#generationId,
      assignors: this.#assignors,
      topics,
      owned: this.#host.owned(),
      reason: this.#reason,
    });
    this.#abort.signal.throwIfAborted();
    const assignment = joined.isLeader ? await this.#leading.assign(joined) : new Map();
    const assigned = await sync(connection, settings, joined, assignment);
    this.#abort.signal.throwIfAborted();
    this.#generationId = joined.generationId;
    this.#isMember = true;
    this.#heartbeats.start();
    this.#report(
      'info',
      'group_joined',
      `joined group ${settings.group} in generation ${joined.generationId} with ${assigned.length} partitions`,
    );
    await this.#apply(assigned);
  }

  async #apply(assigned: readonly TopicPartition[]): Promise<void> {
    const owned = this.#host.owned();
    const revoked = withoutPartitions(owned, assigned);
    const added = withoutPartitions(assigned, owned);
    await this.#giveUp(revoked);
    if (added.length > 0) await whileHeld(this.#host, () => this.#host.assign(added));
    if (revoked.length > 0) this.#joinAgain('partitions were given up');
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length > 0) await whileHeld(this.#host, () => this.#host.revoke(partitions));
  }

  #joinAgain(reason: string): void {
    this.#reason = reason;
    this.#rejoin.resolve();
  }

  /** Looks around before each heartbeat: whether the loop stays away, and whether topics have changed. */
  #lookAround(): void {
    if (this.#host.awayMs() > this.#settings.batchTimeoutMs) return this.#stayAway();
    if (this.#subscription.hasChanged()) return this.#joinAgain('topics that match the pattern came or went');
    const changed = this.#leading.changedTopic();
    if (changed !== undefined) this.#joinAgain(`the partitions of ${changed} changed`);
  }

  #beatFailed(error: MillraceError): void {
    if (error instanceof KafkaError && error.errorCode === errorCodes.REBALANCE_IN_PROGRESS) {
      this.#report('info', 'group_rebalance', `group ${this.#settings.group} rebalances`);
      this.#joinAgain('the group rebalances');
    } else if (!error.retriable) this.#rejoin.reject(error);
    else this.#report('warn', 'coordinator_lost', `${error.message}; trying again`, error);
  }

  #stayAway(): void {
    this.#isMember = false;
    const { batchTimeoutMs, group } = this.#settings;
    const message =
      `the loop did not ask for a batch within batchTimeoutMs (${batchTimeoutMs} ms), so this member left group ` +
      `${group}; handle batches faster, or raise batchTimeoutMs`;
    this.#report('warn', 'group_left', message);
    this.#leave('the loop stayed away longer than batchTimeoutMs').then(
      () => this.#rejoin.reject(overdue),
      (error: unknown) => this.#rejoin.reject(error),
    );
  }

  async #leave(reason: string): Promise<void> {
    const { instanceId } = this.#settings;
    const memberId = this.#memberId;
    this.#memberId = '';
    this.#generationId = -1;
    // A static member stays in the group until its session ends, so that it may come back.
    if (instanceId !== null) return;
    try {
      await this.#coordinator.call({ timeoutMs: leaveTimeoutMs }, (connection, timeoutMs) =>
        leave(connection, this.#settings, memberId, reason, timeoutMs),
      );
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#report('warn', 'group_left', `${error.message}; the group notices when the session times out`, error);
    }
  }

  #report(level: ClientEvent['level'], event: ClientEvent['event'], message: string, error?: Error): void {
    this.#cluster.settings.report({ level, event, message, error });
  }
}
