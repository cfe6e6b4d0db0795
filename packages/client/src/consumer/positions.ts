/**
 * Finds out where partitions go on: what the group has stored, where a time or an end lies, and whether the log still
 * is what it was when the position was taken (KIP-320). One round at a time answers all questions that are open.
 */
import { isMillraceError, messageOf, sleep } from '@millrace/base';
import { errorCodes, KafkaError } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { OffsetQuery } from '../consumer.ts';
import { NoOffsetError, UnsupportedApiError } from '../errors.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { fetchStoredOffsets, resolveEpochEnds, resolveOffsets } from '../offset-queries.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { PartitionState } from './partition-state.ts';

export interface PositionsHost {
  readonly states: () => Iterable<PartitionState>;
  /** Some positions are known now. */
  readonly resolved: () => void;
  /** The position moved back: what was fetched ahead must be dropped. */
  readonly dropFetched: (state: PartitionState) => void;
  /** Something that another try does not cure; of the partition, where it is named. */
  readonly failed: (error: Error, state?: PartitionState) => void;
}

export class Positions {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #coordinator: GroupCoordinator | undefined;
  readonly #signal: AbortSignal;
  readonly #host: PositionsHost;
  #isRunning = false;
  /** After an error that another try does not cure, until `goOn`. */
  #isStopped = false;

  constructor(
    cluster: Cluster,
    settings: ConsumerSettings,
    coordinator: GroupCoordinator | undefined,
    signal: AbortSignal,
    host: PositionsHost,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#coordinator = coordinator;
    this.#signal = signal;
    this.#host = host;
  }

  /** Answers questions that are open, if nobody is at it already. */
  poke(): void {
    if (this.#isRunning || this.#isStopped || this.#signal.aborted || !this.#isNeeded()) return;
    this.#isRunning = true;
    this.#run().then(
      () => {
        this.#isRunning = false;
        this.#host.resolved();
        this.poke();
      },
      (error: unknown) => {
        this.#isRunning = false;
        if (this.#signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#isStopped = true;
        this.#host.failed(error);
      },
    );
  }

  /** Asks again what was given up after an error that another try does not cure. Called when a loop begins. */
  goOn(): void {
    this.#isStopped = false;
    this.poke();
  }

  /** The offset to be fetched next is not in the log. What was fetched before is still good, and handed out first. */
  outOfRange(state: PartitionState): void {
    if (state.chunks.length === 0) return this.#reset(state, state.fetchPosition);
    state.notBefore = this.#cluster.settings.platform.clock.monotonic() + this.#cluster.settings.retryBackoffMs;
  }

  /** The topic was deleted and made anew: begin in the new one where `from` says, or fail. */
  topicReplaced(state: PartitionState): void {
    const { position, topic, partition } = state;
    state.forgetTopic();
    if (this.#settings.from === 'none') return this.#stuck(state, position);
    const message = `topic ${topic} was made anew; its partition ${partition} is read from where 'from' says`;
    this.#cluster.settings.report({ level: 'warn', event: 'offset_reset', message });
    this.#reset(state, undefined);
  }

  /** The answer to a missing offset: begin where `from` says, or fail. */
  #reset(state: PartitionState, offset: number | undefined): void {
    const { from } = this.#settings;
    if (from === 'none') return this.#stuck(state, offset);
    if (offset !== undefined) {
      const where = typeof from === 'string' ? from : JSON.stringify(from);
      const message = `offset ${offset} of ${state.topic} [${state.partition}] is not in the log; going on at ${where}`;
      this.#cluster.settings.report({ level: 'warn', event: 'offset_reset', message });
    }
    this.#host.dropFetched(state);
    state.ask(from);
    this.poke();
  }

  #stuck(state: PartitionState, offset: number | undefined): void {
    state.isStuck = true;
    this.#host.failed(new NoOffsetError(state, offset), state);
  }

  #isNeeded(): boolean {
    for (const state of this.#host.states()) if (needsAnswer(state)) return true;
    return false;
  }

  async #run(): Promise<void> {
    for (let attempts = 1; this.#isNeeded(); attempts++) {
      this.#signal.throwIfAborted();
      try {
        await this.#round();
      } catch (error) {
        if (this.#signal.aborted || !isMillraceError(error) || !error.retriable) throw error;
        const { platform, report } = this.#cluster.settings;
        report({ level: 'warn', event: 'fetch_failed', message: `${messageOf(error)}; trying again`, error });
        await sleep(platform.timers, backoffMs(this.#cluster.settings, attempts, platform.randomness), this.#signal);
      }
    }
  }

  async #round(): Promise<void> {
    await this.#findLeaders();
    await this.#findCommitted();
    await this.#resolveQueries();
    await this.#validate();
    const leaderless = this.#select(({ leader }) => leader < 0)[0];
    if (leaderless === undefined) return;
    // After a pause: there may be none for a while.
    const { topic, partition } = leaderless;
    throw new KafkaError(errorCodes.LEADER_NOT_AVAILABLE, `find the leader of ${topic} [${partition}]`);
  }

  #select(wanted: (state: PartitionState) => boolean): PartitionState[] {
    return [...this.#host.states()].filter((state) => state.isOwned && !state.isStuck && wanted(state));
  }

  async #findLeaders(): Promise<void> {
    const signal = this.#signal;
    for (const state of this.#select(({ leader }) => leader < 0)) {
      const { partitions } = await this.#cluster.metadata.topic(state.topic, false, { signal });
      const known = partitions[state.partition];
      if (known !== undefined) state.setLeader(known.leader, known.leaderEpoch);
    }
    const leaderless = this.#select(({ leader }) => leader < 0);
    if (leaderless.length > 0) await this.#cluster.metadata.refresh(new Set(leaderless.map(({ topic }) => topic)));
  }

  async #findCommitted(): Promise<void> {
    const asking = this.#select(({ question }) => question === 'committed');
    if (asking.length === 0) return;
    const seeks = asking.map(({ seekCount }) => seekCount);
    const stored =
      this.#coordinator === undefined
        ? []
        : await fetchStoredOffsets(this.#coordinator, asking, { signal: this.#signal }, true);
    for (const [place, state] of asking.entries()) {
      if (!state.isOwned || state.seekCount !== seeks[place]) continue;
      const found = stored.find(({ topic, partition }) => topic === state.topic && partition === state.partition);
      if (found !== undefined && found.errorCode !== 0) {
        throw answerError(
          found.errorCode,
          `fetch the offset of the group for ${state.topic} [${state.partition}]`,
          null,
          { operation: 'describe', resourceType: 'topic', resourceName: state.topic },
        );
      }
      if (found === undefined || found.offset < 0) {
        // Where it began to read, if it did: a transaction whose end was not known has stored nothing.
        if (state.base >= 0) state.moveTo(state.base, -1);
        else this.#reset(state, undefined);
      } else {
        state.moveTo(found.offset, found.leaderEpoch);
        state.committed = found.offset;
      }
    }
  }

  async #resolveQueries(): Promise<void> {
    const asking = this.#select(({ question }) => question !== undefined && question !== 'committed');
    if (asking.length === 0) return;
    const seeks = asking.map(({ seekCount }) => seekCount);
    const questions = asking.map(({ topic, partition, question }) => ({
      topic,
      partition,
      at: question as OffsetQuery,
    }));
    const results = await resolveOffsets(
      this.#cluster,
      questions,
      { signal: this.#signal },
      this.#settings.isolationLevel,
    );
    for (const [place, state] of asking.entries()) {
      const result = results[place];
      if (!state.isOwned || state.seekCount !== seeks[place] || result === undefined) continue;
      if (result.error !== undefined) throw result.error;
      // Nothing is as young as the time asked for: go on with what comes.
      if (result.value.offset < 0) state.ask('latest');
      else state.moveTo(result.value.offset, -1);
    }
  }

  async #validate(): Promise<void> {
    const asking = this.#select(({ mustValidate }) => mustValidate);
    if (asking.length === 0) return;
    const asked = asking.map(({ seekCount, fetchPosition, fetchEpoch, leaderEpoch }) => {
      return { seekCount, fetchPosition, fetchEpoch, leaderEpoch };
    });
    const questions = asking.map(({ topic, partition, fetchEpoch }) => ({ topic, partition, epoch: fetchEpoch }));
    const results = await resolveEpochEnds(this.#cluster, questions, { signal: this.#signal }).catch(
      (error: unknown) => {
        if (error instanceof UnsupportedApiError) return [];
        throw error;
      },
    );
    for (const [place, state] of asking.entries()) {
      const result = results[place];
      const { seekCount, fetchPosition, fetchEpoch, leaderEpoch } = asked[place] as (typeof asked)[number];
      if (!state.isOwned || state.seekCount !== seekCount) continue;
      if (result?.error !== undefined) throw result.error;
      const end = result?.value.endOffset ?? -1;
      // A fetch may have been answered meanwhile, or the leader have changed again: then that is asked about next.
      const hasMoved = state.fetchPosition !== fetchPosition && state.fetchEpoch === fetchEpoch;
      state.mustValidate = hasMoved || state.leaderEpoch !== leaderEpoch;
      if (end >= 0 && end < fetchPosition) this.#truncated(state, end, result?.value.epoch ?? -1);
    }
  }

  /** The log was cut behind what was read: go on where the common part ends. */
  #truncated(state: PartitionState, end: number, epoch: number): void {
    const { topic, partition, position } = state;
    if (this.#settings.from === 'none' && end < position) {
      state.mustValidate = true;
      throw new NoOffsetError(state, position);
    }
    const message =
      `the log of ${topic} [${partition}] was cut at offset ${end} in an election; ` +
      `going on there instead of ${position}`;
    this.#cluster.settings.report({ level: 'warn', event: 'offset_reset', message });
    this.#host.dropFetched(state);
    state.moveTo(Math.min(end, position), epoch);
  }
}

function needsAnswer(state: PartitionState): boolean {
  return state.isOwned && !state.isStuck && (state.question !== undefined || state.mustValidate || state.leader < 0);
}
