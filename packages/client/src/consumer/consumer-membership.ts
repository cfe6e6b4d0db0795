/**
 * Membership of a group by the protocol in which the coordinator spreads the partitions (KIP-848): one request, a
 * heartbeat, joins, keeps alive, tells what this member owns, and brings what it should own.
 *
 * Heartbeats go on while the loop handles a batch. What is to be owned is reconciled with what is owned beside them:
 * partitions are given up and taken on only between batches, and the next heartbeat tells that it is done; only then
 * does the coordinator give them to others. A member that the coordinator has expelled drops all its partitions before
 * it joins again. A loop that stays away longer than `batchTimeoutMs` loses its membership until it comes back.
 */
import { isMillraceError, type MillraceError, sleep } from '@millrace/base';
import { KafkaError } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { ClientEvent } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { RebalanceStopwatch } from '../telemetry/rebalance-stopwatch.ts';
import type { TopicPartition } from '../topic.ts';
import { type AssignedPartition, keyOf, namedPartitions } from './assigned-partition.ts';
import { type HeartbeatAnswer, heartbeatGroup, isExpulsion, leaveGroup } from './consumer-group-requests.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { InstanceIdClaim } from './instance-id-claim.ts';
import { leaveTimeoutMs, type Membership, type MembershipHost, whileHeld } from './membership.ts';
import type { CommittingMember } from './offset-committer.ts';

/** Epoch of a member that is about to join. */
const joining = 0;
/** After so many heartbeats that had something to tell at once, one waits: a coordinator may go on for ever. */
const hurriedMax = 20;
const hurriedPauseMs = 100;

export class ConsumerMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #settings: GroupSettings;
  readonly #topics: readonly string[];
  readonly #coordinator: GroupCoordinator;
  readonly #host: MembershipHost;
  readonly #purpose: string;
  readonly #abort = new AbortController();
  #memberId: string;
  #epoch = joining;
  /** The coordinator may know of this member. */
  #isKnown = false;
  #running: Promise<void> | undefined;
  /** By topic id and partition. */
  #owned = new Map<string, AssignedPartition>();
  #target: readonly AssignedPartition[] = [];
  /** Assigned topics whose names are not known yet: asked for again with the next heartbeat. */
  #unnamed: HeartbeatAnswer['assignment'];
  #reconciling: Promise<void> | undefined;
  /** What is owned has changed since the coordinator was told. */
  #mustTell = false;
  /** The coordinator may not know what was told last. */
  #mustTellAll = true;
  #wakeup: PromiseWithResolvers<void> | undefined;
  /** Heartbeats since one had to wait. */
  #hurried = 0;
  readonly #claim: InstanceIdClaim;
  readonly #stopwatch: RebalanceStopwatch;

  constructor(
    cluster: Cluster,
    settings: GroupSettings,
    topics: readonly string[],
    coordinator: GroupCoordinator,
    host: MembershipHost,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#topics = topics;
    this.#coordinator = coordinator;
    this.#host = host;
    this.#purpose = cluster.newPurpose('group');
    const { clock } = cluster.settings.platform;
    this.#claim = new InstanceIdClaim(clock, settings.sessionTimeoutMs);
    this.#stopwatch = new RebalanceStopwatch(clock, cluster.metrics.rebalanceLatencies);
    // Ids are the members' own choice since Kafka 4.0.
    this.#memberId = Buffer.from(cluster.settings.platform.randomness.bytes(16)).toString('base64url');
  }

  get member(): CommittingMember {
    const isMember = this.#epoch > joining;
    return {
      memberId: isMember ? this.#memberId : '',
      generationId: isMember ? this.#epoch : -1,
      instanceId: this.#settings.instanceId,
    };
  }

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

  async close(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    if (this.#isKnown) await this.#leave();
    this.#cluster.pool.release(this.#purpose);
    // What was about to be opened is of no use to anybody.
    this.#running?.then(() => this.#cluster.pool.release(this.#purpose));
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      if (this.#host.awayMs() > this.#settings.batchTimeoutMs) await this.#stayAway();
      try {
        await this.#pause(await this.#beat());
        failures = 0;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#mustTellAll = true;
        await this.#recover(error, ++failures);
      }
    }
  }

  /** One heartbeat; answers how long to wait for the next, in ms. */
  async #beat(): Promise<number> {
    const connection = await this.#coordinator.connect(this.#purpose);
    this.#abort.signal.throwIfAborted();
    const isJoining = this.#epoch === joining;
    if (isJoining) this.#stopwatch.begin();
    const tellsOwned = isJoining || this.#mustTell || this.#mustTellAll;
    const owned = [...this.#owned.values()];
    this.#mustTell = false;
    this.#isKnown = true;
    const answer = await heartbeatGroup(connection, {
      settings: this.#settings,
      memberId: this.#memberId,
      epoch: this.#epoch,
      topics: this.#topics,
      isFull: isJoining || this.#mustTellAll,
      owned: tellsOwned ? owned : undefined,
    });
    if (this.#abort.signal.aborted) return 0;
    this.#mustTellAll = false;
    this.#claim.granted();
    this.#memberId = answer.memberId ?? this.#memberId;
    this.#epoch = answer.epoch;
    if (isJoining) {
      this.#report('info', 'group_joined', `joined group ${this.#settings.group} in epoch ${answer.epoch}`);
    }
    if (answer.assignment !== undefined) await this.#assign(answer.assignment);
    else if (this.#unnamed !== undefined) await this.#assign(this.#unnamed, true);
    else if (!isJoining && !this.#mustTell && this.#reconciling === undefined) this.#stopwatch.end();
    return answer.intervalMs;
  }

  /** Takes note of what is to be owned, or `again` of what was to be and had no name yet. */
  async #assign(assignment: NonNullable<HeartbeatAnswer['assignment']>, again = false): Promise<void> {
    const names = await this.#cluster.topicNames(new Set(assignment.map(({ topicId }) => topicId)));
    this.#unnamed = assignment.every(({ topicId }) => names.has(topicId)) ? undefined : assignment;
    const target = namedPartitions(assignment, names);
    // Nothing has got a name since. To tell of that would bring on the next heartbeat, and so on without a pause.
    if (again && target.length === this.#target.length) return;
    this.#target = target;
    this.#stopwatch.begin();
    this.#reconcile();
  }

  #reconcile(): void {
    this.#reconciling ??= this.#reconcileAll()
      .finally(() => {
        this.#reconciling = undefined;
      })
      .then(
        () => this.#wake(),
        (error: unknown) => this.#host.failed(error as Error),
      );
  }

  async #reconcileAll(): Promise<void> {
    for (let target: readonly AssignedPartition[] | undefined; target !== this.#target; ) {
      target = this.#target;
      const wanted = new Map(target.map((partition) => [keyOf(partition), partition]));
      const revoked = [...this.#owned].filter(([key]) => !wanted.has(key));
      await this.#change(revoked, async (partitions) => {
        await this.#host.revoke(partitions);
        for (const [key] of revoked) this.#owned.delete(key);
      });
      const added = [...wanted].filter(([key]) => !this.#owned.has(key));
      await this.#change(added, async (partitions) => {
        for (const [key, partition] of added) this.#owned.set(key, partition);
        await this.#host.assign(partitions);
      });
      // Told even when nothing changed: the coordinator waits for it.
      this.#mustTell = true;
    }
  }

  /** Gives up or takes on partitions, unless this member was expelled while it waited for the loop. */
  async #change(
    entries: readonly (readonly [string, AssignedPartition])[],
    work: (partitions: readonly TopicPartition[]) => Promise<void>,
  ): Promise<void> {
    if (entries.length === 0) return;
    const partitions = entries.map(([, { topic, partition }]) => ({ topic, partition }));
    await whileHeld(this.#host, async () => {
      if (this.#epoch > joining && !this.#abort.signal.aborted) await work(partitions);
    });
  }

  async #recover(error: MillraceError, failures: number): Promise<void> {
    const { platform } = this.#cluster.settings;
    this.#coordinator.noteError(error);
    const errorCode = error instanceof KafkaError ? error.errorCode : undefined;
    if (errorCode !== undefined && this.#epoch > joining && isExpulsion(errorCode)) {
      const message = `the group went on without this member (${error.message}); joining again`;
      this.#report('warn', 'group_rebalance', message);
      await this.#loseAll();
      return;
    }
    if (!error.retriable && !this.#claim.mayComeFree(errorCode)) {
      await this.#loseAll();
      throw error;
    }
    this.#report('warn', 'coordinator_lost', `${error.message}; trying again`, error);
    await sleep(platform.timers, backoffMs(this.#cluster.settings, failures, platform.randomness), this.#abort.signal);
  }

  /** Drops what others may own already. A member that joins owns nothing. */
  async #loseAll(): Promise<void> {
    this.#epoch = joining;
    this.#target = [];
    this.#unnamed = undefined;
    await this.#reconciling;
    await whileHeld(this.#host, async () => {
      this.#owned = new Map();
      const owned = this.#host.owned();
      if (owned.length > 0) await this.#host.lose(owned);
    });
  }

  async #stayAway(): Promise<void> {
    const { batchTimeoutMs, group } = this.#settings;
    const message =
      `the loop did not ask for a batch within batchTimeoutMs (${batchTimeoutMs} ms), so this member left group ` +
      `${group}; handle batches faster, or raise batchTimeoutMs`;
    this.#report('warn', 'group_left', message);
    if (this.#isKnown) await this.#leave();
    await this.#host.whenAsked();
    await this.#loseAll();
  }

  async #leave(): Promise<void> {
    this.#epoch = joining;
    this.#isKnown = false;
    try {
      await this.#coordinator.call({ timeoutMs: leaveTimeoutMs }, async (_general, timeoutMs) => {
        // After what was sent before, which may be the heartbeat that joins.
        await leaveGroup(await this.#coordinator.connect(this.#purpose), this.#settings, this.#memberId, timeoutMs);
      });
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#report('warn', 'group_left', `${error.message}; the group notices when the session times out`, error);
    }
  }

  /** Waits until a heartbeat is due: sooner when there is something to tell, or the loop stays away too long. */
  async #pause(intervalMs: number): Promise<void> {
    const { timers } = this.#cluster.settings.platform;
    if (this.#hurried++ >= hurriedMax) {
      this.#hurried = 0;
      await sleep(timers, hurriedPauseMs, this.#abort.signal);
    }
    if (this.#mustTell || this.#abort.signal.aborted) return;
    const awayMs = this.#host.awayMs();
    const limitMs = awayMs > 0 ? Math.max(1, this.#settings.batchTimeoutMs - awayMs + 1) : intervalMs;
    const wakeup = Promise.withResolvers<void>();
    this.#wakeup = wakeup;
    const timer = timers.after(Math.ceil(Math.min(intervalMs, limitMs)), () => {
      this.#hurried = 0;
      wakeup.resolve();
    });
    await wakeup.promise;
    timer.cancel();
    this.#wakeup = undefined;
  }

  #wake(): void {
    this.#wakeup?.resolve();
  }

  #report(level: ClientEvent['level'], event: ClientEvent['event'], message: string, error?: Error): void {
    this.#cluster.settings.report({ level, event, message, error });
  }
}
