/**
 * Keeps a group's offsets up to date: what the loop has handled, every now and then and when partitions go. One commit
 * at a time, so that an older one never overtakes a newer.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import type { CallBounds, Cluster } from '../cluster.ts';
import { CommitError } from '../errors.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import { type CommittingMember, commitOffsets, type OffsetToCommit } from './offset-committer.ts';
import type { PartitionState } from './partition-state.ts';

/** A commit before partitions go, or the consumer closes, may hold those up for so long. */
const lastCommitTimeoutMs = 5_000;

export class Committer {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #coordinator: GroupCoordinator;
  readonly #member: () => CommittingMember | undefined;
  readonly #states: () => Iterable<PartitionState>;
  #last: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(
    cluster: Cluster,
    settings: ConsumerSettings,
    coordinator: GroupCoordinator,
    member: () => CommittingMember | undefined,
    states: () => Iterable<PartitionState>,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#coordinator = coordinator;
    this.#member = member;
    this.#states = states;
  }

  /** Commits what is handled every `commitIntervalMs` from now on, when the consumer is set to. */
  start(): void {
    if (!this.#settings.autoCommit || this.#timer !== undefined) return;
    this.#timer = this.#cluster.settings.platform.timers.after(this.#settings.commitIntervalMs, () => {
      this.#timer = undefined;
      this.start();
      this.commitHandled(this.#states()).catch((error: unknown) => {
        if (!isMillraceError(error)) throw error;
        this.#report(error);
      });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Commits what is handled of these partitions and not committed yet. Rejects with `CommitError`. */
  commitHandled(states: Iterable<PartitionState>, bounds: CallBounds = {}): Promise<void> {
    const due: OffsetToCommit[] = [];
    for (const { topic, partition, handled, handledEpoch, committed } of states) {
      if (handled >= 0 && handled !== committed)
        due.push({ topic, partition, offset: handled, leaderEpoch: handledEpoch });
    }
    return this.commit(due, bounds);
  }

  /** Commits what was handed out, the batch in hand included: it counts as handled. Rejects with `CommitError`. */
  commitHandedOut(states: Iterable<PartitionState>, bounds: CallBounds): Promise<void> {
    for (const state of states) {
      if (!state.isPositioned) continue;
      state.handled = state.position;
      state.handledEpoch = state.positionEpoch;
    }
    return this.commitHandled(states, bounds);
  }

  /** As `commitHandled` where commits are automatic, but a failure is only reported: what goes on must go on. */
  async tryCommitHandled(states: Iterable<PartitionState>): Promise<void> {
    if (!this.#settings.autoCommit) return;
    try {
      await this.commitHandled(states, { timeoutMs: lastCommitTimeoutMs });
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      this.#report(error);
    }
  }

  /** Commits offsets, after the commits before. Rejects with `CommitError`. */
  commit(offsets: readonly OffsetToCommit[], bounds: CallBounds): Promise<void> {
    if (offsets.length === 0) return this.#last;
    const work = this.#last.then(() => this.#commit(offsets, bounds));
    this.#last = work.then(
      () => undefined,
      () => undefined,
    );
    return work;
  }

  async #commit(offsets: readonly OffsetToCommit[], bounds: CallBounds): Promise<void> {
    await commitOffsets(this.#coordinator, this.#member, offsets, bounds);
    for (const state of this.#states()) {
      const done = offsets.find(({ topic, partition }) => topic === state.topic && partition === state.partition);
      if (done === undefined) continue;
      state.committed = done.offset;
      state.base = done.offset;
    }
  }

  #report(error: Error): void {
    const message = `${messageOf(error)}; records may be read again`;
    this.#cluster.settings.report({ level: 'warn', event: 'commit_failed', message, error });
  }
}
