/**
 * The modelled replication of a cluster, in the place of Kafka's controller and of the brokers' replica managers.
 *
 * There is one copy of the data. Which brokers run, who leads a partition, who is in sync and what a reassignment does
 * is modelled: a broker that stops leaves the ISRs and its leaderships move; one that returns is out of sync, catches
 * up as fast as the configuration says, and joins again. So operations can be rehearsed, and clients see what they
 * would see, but a stopped broker makes no record unavailable that another replica in sync has, nor is one ever lost:
 * where Kafka would truncate a log after an unclean election, the records stay.
 *
 * Changes are made one after the other, each from the state that the one before left, and become true once they are in
 * the journal.
 */
import type { Clock, Timer, Timers } from '@millrace/base';
import { messageOf } from '@millrace/base';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import type { Journal } from '../journal/journal.ts';
import type { Partition } from '../topics/partition.ts';
import type { Topic } from '../topics/topic.ts';
import { type CatchUpRates, catchUp, laggingReplicas } from './catch-up.ts';
import { noLeader, type ReplicaSet } from './partition-state.ts';
import { changedReplicas, type Election, type Wanted } from './replica-change.ts';
import type { DownReason, ReplicaTable } from './replica-table.ts';
import { type ControllerSeat, type ReplicationChange, ReplicationJournal } from './replication-journal.ts';
import { isThrottled } from './throttled-replicas.ts';

export interface ReplicationOptions {
  readonly table: ReplicaTable;
  readonly topics: {
    byId(id: string): Topic | undefined;
    byName(name: string): Topic | undefined;
    all(): Iterable<Topic>;
  };
  readonly configuration: ClusterConfiguration;
  /** Its section of the topics is registered before. */
  readonly journal: Journal;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly report: (event: { readonly level: 'warn'; readonly message: string }) => void;
}

/** How often replicas that are out of sync move on, in milliseconds. */
const tickMs = 250;
/** How often the journal learns how far they are. */
const checkpointMs = 10_000;
/** Brokers that vote for the controller, those with the lowest node ids. */
const votersMax = 3;

export class Replication {
  readonly table: ReplicaTable;
  readonly #options: ReplicationOptions;
  readonly #journal: ReplicationJournal;
  /** The last change; never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #tickedMs = 0;
  #checkpointedMs = 0;
  #closed = false;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    this.table = options.table;
    this.#journal = new ReplicationJournal(options.journal, options.table, options.topics);
  }

  get controller(): ControllerSeat {
    return this.#journal.controller;
  }

  /** Node ids of the brokers that elect the controller, ascending. */
  get voters(): readonly number[] {
    return this.table.brokers.slice(0, votersMax).map(({ nodeId }) => nodeId);
  }

  /** How many changes of this kind were made. */
  get changes(): number {
    return this.#journal.changes;
  }

  /**
   * To be called once journal and logs were read: leader epochs rise, as a log may have lost its end, brokers that the
   * cluster is started without go down, those that were missing before return.
   */
  async start(): Promise<void> {
    await this.#journal.appendStart();
    await this.#setDown(() => this.#downAtStart());
  }

  /** Ends the catching up, and notes how far it came. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#last;
    await this.#checkpoint();
  }

  /** Takes a broker out of all ISRs, and its leaderships from it. Resolves once that is true. */
  brokerStopped(nodeId: number): Promise<void> {
    return this.#setDown((down) => (down.has(nodeId) ? down : new Map(down).set(nodeId, 'stopped')));
  }

  /** Lets a broker take part again. Partitions that only it can lead are online once this resolves. */
  brokerReturned(nodeId: number): Promise<void> {
    return this.#setDown((down) => new Map([...down].filter(([id]) => id !== nodeId)));
  }

  /** Gives leaderships back to the preferred replicas that are in sync. */
  balance(): Promise<void> {
    return this.change(() => ({
      partitions: this.#changed(this.table.unusual, ({ leader, replicas }) =>
        leader === noLeader || leader === replicas[0] ? undefined : { wanted: {}, election: 'preferred' },
      ),
    }));
  }

  /** Gives partitions without leader one out of sync where their topics allow it. */
  electUnclean(): Promise<void> {
    return this.change(() => ({
      partitions: this.#changed(this.table.unusual, ({ leader, owner }) =>
        leader === noLeader && owner.settings.uncleanElection ? { wanted: {}, election: 'unclean' } : undefined,
      ),
    }));
  }

  /**
   * Makes the change that `build` answers from the present state, once all earlier ones are made. Rejects with
   * `DiskError` or the journal's errors; nothing is changed then.
   */
  change(build: () => ReplicationChange): Promise<void> {
    const changed = this.#last.then(async () => {
      const change = build();
      const isEmpty = !change.down && !change.controller && !change.partitions?.size;
      if (!isEmpty) await this.#journal.append(change);
      this.#schedule();
    });
    this.#last = changed.catch(() => undefined);
    return changed;
  }

  /** What a change makes of one partition's replicas with the brokers that run. */
  replicasAfter(present: ReplicaSet, wanted: Wanted, election: Election): ReplicaSet {
    return changedReplicas(present, wanted, election, this.table.isRunning);
  }

  async #setDown(next: (down: ReadonlyMap<number, DownReason>) => ReadonlyMap<number, DownReason>): Promise<void> {
    await this.change(() => {
      const { down } = this.table;
      const wanted = next(down);
      const isSame = wanted.size === down.size && [...wanted.keys()].every((nodeId) => down.has(nodeId));
      return isSame ? {} : { down: wanted, ...this.#reconciled(wanted) };
    });
    // Again, since partitions may have been made meanwhile by who did not know of it yet; and at a start the last
    // process may have ended in between.
    await this.change(() => this.#reconciled(this.table.down));
  }

  #downAtStart(): Map<number, DownReason> {
    const { table } = this;
    const down = new Map([...table.down].filter(([nodeId, reason]) => reason === 'stopped' || !table.has(nodeId)));
    for (const topic of this.#options.topics.all()) {
      for (const { replicas } of topic.partitions) {
        for (const nodeId of replicas) if (!down.has(nodeId) && !table.has(nodeId)) down.set(nodeId, 'absent');
      }
    }
    const { nodeId } = this.controller;
    if (!down.has(nodeId) && !table.has(nodeId)) down.set(nodeId, 'absent');
    return down;
  }

  /** What must change for partitions and controller when these brokers are down. */
  #reconciled(down: ReadonlyMap<number, DownReason>): ReplicationChange {
    const isRunning = (nodeId: number): boolean => !down.has(nodeId);
    const partitions = new Map<Partition, ReplicaSet>();
    for (const topic of this.#options.topics.all()) {
      for (const partition of topic.partitions) {
        if (partition.state === undefined && partition.replicas.every(isRunning)) continue;
        const present = partition.replicaSet;
        const election = topic.settings.uncleanElection ? 'unclean' : 'online';
        const set = changedReplicas(present, {}, election, isRunning);
        if (!isEqual(present, set)) partitions.set(partition, set);
      }
    }
    const controller = this.#controllerAmong(isRunning);
    return { partitions, ...(controller && { controller }) };
  }

  /** Where the controller moves to when its broker does not run; the modelled quorum never lacks a majority. */
  #controllerAmong(isRunning: (nodeId: number) => boolean): ControllerSeat | undefined {
    const { nodeId, epoch } = this.controller;
    if (isRunning(nodeId)) return undefined;
    const running = this.table.brokers.filter((broker) => isRunning(broker.nodeId));
    const next = running[0];
    return next && { nodeId: next.nodeId, epoch: epoch + 1 };
  }

  /** The partitions for which something is wanted, changed by it. */
  #changed(
    partitions: Iterable<Partition>,
    want: (partition: Partition) => { readonly wanted: Wanted; readonly election: Election } | undefined,
  ): Map<Partition, ReplicaSet> {
    const sets = new Map<Partition, ReplicaSet>();
    for (const partition of partitions) {
      const asked = want(partition);
      if (asked === undefined) continue;
      const present = partition.replicaSet;
      const set = this.replicasAfter(present, asked.wanted, asked.election);
      if (!isEqual(present, set)) sets.set(partition, set);
    }
    return sets;
  }

  /** Goes on with the catching up as long as there is any. */
  #schedule(): void {
    const { clock, timers } = this.#options;
    if (this.#closed || this.#timer !== undefined || laggingReplicas(this.table).next().done) return;
    this.#tickedMs = clock.monotonic();
    this.#timer = timers.after(tickMs, () => {
      this.change(() => this.#tick()).catch((error: unknown) => {
        const message = `could not note which replicas are in sync: ${messageOf(error)}`;
        this.#options.report({ level: 'warn', message });
        this.#timer = undefined;
        this.#schedule();
      });
    });
    this.#timer.unref();
  }

  /** Lets what lags move on; who has arrived joins its ISR. */
  #tick(): ReplicationChange {
    this.#timer = undefined;
    const now = this.#options.clock.monotonic();
    const arrived = catchUp(this.table, now - this.#tickedMs, this.#rates, (partition, leader, follower) => {
      const list = (end: string): string =>
        partition.owner.configuration.get(`${end}.replication.throttled.replicas`) ?? '';
      return {
        leader: isThrottled(list('leader'), partition.index, leader),
        follower: isThrottled(list('follower'), partition.index, follower),
      };
    });
    const partitions = this.#changed(arrived.keys(), (partition) => {
      return { wanted: { inSync: [...partition.inSync, ...(arrived.get(partition) ?? [])] }, election: 'online' };
    });
    if (now - this.#checkpointedMs >= checkpointMs) {
      this.#checkpointedMs = now;
      for (const { partition } of laggingReplicas(this.table)) {
        if (!partitions.has(partition)) partitions.set(partition, partition.replicaSet);
      }
    }
    return { partitions };
  }

  async #checkpoint(): Promise<void> {
    const partitions = new Map<Partition, ReplicaSet>();
    for (const { partition } of laggingReplicas(this.table)) partitions.set(partition, partition.replicaSet);
    if (partitions.size > 0) await this.#journal.append({ partitions });
  }

  get #rates(): CatchUpRates {
    const { configuration } = this.#options;
    return {
      broker: configuration.number('millrace.replica.catch.up.rate'),
      follower: configuration.number('follower.replication.throttled.rate'),
      leader: configuration.number('leader.replication.throttled.rate'),
    };
  }
}

function isEqual(left: ReplicaSet, right: ReplicaSet): boolean {
  return (
    left.leader === right.leader &&
    left.leaderEpoch === right.leaderEpoch &&
    left.replicas.join() === right.replicas.join() &&
    left.inSync.join() === right.inSync.join() &&
    left.adding.join() === right.adding.join() &&
    left.removing.join() === right.removing.join()
  );
}
