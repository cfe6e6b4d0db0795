/**
 * The partitions of a consumer that shares them with nobody: those it was given, or all of its topics, including those
 * that are added later. For a bounded loop, where they ended when it began.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import { InvalidOptionError, UnknownPartitionError } from '../errors.ts';
import { resolveOffsets } from '../offset-queries.ts';
import { nameOf } from '../topic.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import { PartitionState } from './partition-state.ts';

export interface OwnPartitionsHost {
  readonly take: (states: readonly PartitionState[]) => void;
  readonly failed: (error: Error) => void;
}

export class OwnPartitions {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #signal: AbortSignal;
  readonly #host: OwnPartitionsHost;
  /** Partitions taken so far, by topic. */
  readonly #counts = new Map<string, number>();
  #isStarting = false;
  #isTaken = false;
  #timer: Timer | undefined;

  constructor(cluster: Cluster, settings: ConsumerSettings, signal: AbortSignal, host: OwnPartitionsHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#signal = signal;
    this.#host = host;
  }

  /** Whether the partitions have been taken on. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /**
   * Takes the partitions on, unless that has been done. A failure is told to the host, and the next call tries again.
   */
  start(): void {
    if (this.#isStarting || this.#isTaken) return;
    this.#isStarting = true;
    this.#begin().then(
      () => {
        this.#isStarting = false;
      },
      (error: unknown) => {
        this.#isStarting = false;
        if (this.#signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        this.#host.failed(error);
      },
    );
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #begin(): Promise<void> {
    const { assign, topics, until } = this.#settings;
    const states = assign === undefined ? await this.#wholeTopics() : await this.#assigned();
    if (until === 'end') await this.#findEnds(states);
    this.#signal.throwIfAborted();
    this.#isTaken = true;
    this.#host.take(states);
    if (assign === undefined && until === undefined) this.#watch(topics.map(nameOf));
  }

  async #assigned(): Promise<PartitionState[]> {
    const states: PartitionState[] = [];
    for (const { topic, partition, offset } of this.#settings.assign ?? []) {
      const name = nameOf(topic);
      const { partitions } = await this.#cluster.metadata.topic(name, false, { signal: this.#signal });
      if (partition >= partitions.length) throw new UnknownPartitionError(name, partition, partitions.length);
      const isNumber = typeof offset === 'number';
      if (offset === 'committed' && this.#settings.group === undefined) {
        throw new InvalidOptionError(
          'assign.offset',
          "is 'committed', but no group is given whose offset that would be",
        );
      }
      const state = new PartitionState(name, partition, isNumber ? undefined : offset);
      if (isNumber) state.moveTo(offset, -1);
      states.push(state);
    }
    return states;
  }

  async #wholeTopics(): Promise<PartitionState[]> {
    const { from, topics } = this.#settings;
    if (from === 'none')
      throw new InvalidOptionError('from', "is 'none', but without a group there is no committed offset");
    const states: PartitionState[] = [];
    for (const topic of topics) {
      const name = nameOf(topic);
      const { partitions } = await this.#cluster.metadata.topic(name, false, { signal: this.#signal });
      for (const { partition } of partitions) states.push(new PartitionState(name, partition, from));
      this.#counts.set(name, partitions.length);
    }
    return states;
  }

  async #findEnds(states: readonly PartitionState[]): Promise<void> {
    const questions = states.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }));
    const { isolationLevel } = this.#settings;
    const results = await resolveOffsets(this.#cluster, questions, { signal: this.#signal }, isolationLevel);
    for (const [place, state] of states.entries()) {
      const result = results[place];
      if (result?.error !== undefined) throw result.error;
      state.endOffset = result?.value.offset ?? 0;
    }
  }

  /** Looks for added partitions now and then. They are read from their start: nobody could know of them earlier. */
  #watch(topics: readonly string[]): void {
    const { platform, metadataMaxAgeMs } = this.#cluster.settings;
    this.#timer = platform.timers.after(metadataMaxAgeMs, () => {
      this.#cluster.metadata.refresh(topics).then(
        () => this.#takeAdded(topics),
        (error: unknown) => {
          if (!isMillraceError(error)) throw error;
          this.#cluster.settings.report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
        },
      );
      if (!this.#signal.aborted) this.#watch(topics);
    });
  }

  #takeAdded(topics: readonly string[]): void {
    if (this.#signal.aborted) return;
    const added: PartitionState[] = [];
    for (const topic of topics) {
      const count = this.#cluster.metadata.peek(topic)?.partitions.length ?? 0;
      for (let partition = this.#counts.get(topic) ?? 0; partition < count; partition++) {
        added.push(new PartitionState(topic, partition, 'earliest'));
      }
      this.#counts.set(topic, Math.max(count, this.#counts.get(topic) ?? 0));
    }
    if (added.length > 0) this.#host.take(added);
  }
}
