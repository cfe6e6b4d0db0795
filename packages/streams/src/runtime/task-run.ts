/**
 * A task in this process: its inputs, and the order in which records are taken from them.
 *
 * A task that reads several partitions takes the earliest record of all; so it waits for one that has nothing at hand,
 * unless that is known to be read to its end and was so for long enough.
 */
import { isMillraceError } from '@millrace/base';
import type { CommittedOffset, Consumer, GroupOffsets, TopicPartition, TopicPartitionOffset } from '@millrace/client';
import type { InputRecord } from '../task/cursor.ts';
import type { Task } from '../task/task.ts';
import { type SubTopology, taskId } from '../topology/plan.ts';
import { InputQueue } from './input-queue.ts';

export interface TaskRunHost {
  readonly idleMaxMs: number;
  /** In ms. */
  monotonic(): number;
  /** Offset of the next record that the consumer hands out; undefined while it is not known. */
  positionOf(place: TopicPartition): number | undefined;
  /** Whether a partition is read to the end that was known last. */
  isAtEnd(topic: string, partition: number): boolean;
}

export class TaskRun {
  readonly sub: SubTopology;
  readonly partition: number;
  /** As `0_2`: sub-topology and partition. */
  readonly id: string;
  readonly inputs: readonly InputQueue[];
  /** Undefined while its state is being restored. */
  task: Task | undefined;
  /** While its state is being restored: changelog offsets that each store has to go, as far as that is known. */
  readonly offsetsLeft = new Map<string, number>();
  /** The earliest record that another task of its kind had when this one had its turn, where they go by time. */
  othersTime = Number.POSITIVE_INFINITY;
  /** Stream time as it was committed last, of tasks that note it with their offsets alone. */
  committedTime = -1;
  /** Ends what is under way for it. */
  readonly abort = new AbortController();
  /** Whether the times of its records are looked at, though it reads one partition. */
  readonly #isOrdered: boolean;
  readonly #host: TaskRunHost;

  constructor(
    sub: SubTopology,
    partition: number,
    topics: readonly string[],
    host: TaskRunHost & { readonly isOrdered: boolean },
  ) {
    this.sub = sub;
    this.partition = partition;
    this.id = taskId(sub, partition);
    const answers = new Set(
      sub.sources.map(({ operator }) => (operator.repartition?.isAnswers ? operator.topic.name : undefined)),
    );
    this.inputs = topics.map((topic) => new InputQueue(topic, partition, !answers.has(topic)));
    this.#host = host;
    this.#isOrdered = host.isOrdered;
  }

  /** Changelog offsets that its stores have to go in all, while its state is being restored and that is known. */
  get allOffsetsLeft(): number | undefined {
    if (this.offsetsLeft.size === 0) return undefined;
    return [...this.offsetsLeft.values()].reduce((sum, each) => sum + each, 0);
  }

  /** Whether it has records that it does not take yet. */
  get isWaiting(): boolean {
    return this.task !== undefined && this.inputs.some(({ isEmpty }) => !isEmpty);
  }

  /** Whether its partitions are read to their ends, as far as they are known. */
  get isIdle(): boolean {
    return this.inputs.every((input) => input.isEmpty && this.#isIdle(input));
  }

  /** Whether its partitions of topics that are not the job's own are read to their ends, as far as they are known. */
  get isSourceIdle(): boolean {
    const own = new Set(
      this.sub.sources.flatMap(({ operator }) => (operator.repartition === undefined ? [] : [operator.topic.name])),
    );
    return this.inputs.every((input) => own.has(input.topic) || (input.isEmpty && this.#isIdle(input)));
  }

  /** The input whose head is the next record; undefined when it has to wait. */
  choose(): InputQueue | undefined {
    const [only] = this.inputs;
    if (this.inputs.length === 1 && !this.#isOrdered)
      return (only?.head ?? only?.advance()) === undefined ? undefined : only;
    let chosen: InputQueue | undefined;
    let mayGoOn = true;
    for (const input of this.inputs) {
      if (input.head === undefined && input.advance() !== undefined) input.headTime = this.#timeOf(input.head);
      if (input.head === undefined) mayGoOn = (!input.isAwaited || this.#isIdle(input)) && mayGoOn;
      else {
        input.idleSince = undefined;
        if (chosen === undefined || input.headTime < chosen.headTime) chosen = input;
      }
    }
    return mayGoOn ? chosen : undefined;
  }

  /** Offsets of the next records to be worked on, as far as they are known. */
  offsets(): GroupOffsets['offsets'] {
    return this.inputs.flatMap(({ topic, partition, next }) => {
      const offset = next ?? this.#host.positionOf({ topic, partition });
      return offset === undefined ? [] : [{ topic, partition, offset, metadata: this.#metadata }];
    });
  }

  /** Offsets that are to be committed: of the next record to be worked on, where that has moved. */
  newOffsets(): GroupOffsets['offsets'] {
    return this.inputs.flatMap(({ topic, partition, next, base }) =>
      next === undefined || next === base ? [] : [{ topic, partition, offset: next, metadata: this.#metadata }],
    );
  }

  /** Whether its stream time, which others go by, is noted with its offsets, for want of a store. */
  get notesTime(): boolean {
    return this.#isOrdered && this.sub.stores.length === 0;
  }

  get #metadata(): string | undefined {
    return this.notesTime ? String(this.task?.streamTime ?? -1) : undefined;
  }

  /** What was read up to now is committed. */
  committed(): void {
    for (const input of this.inputs) input.base = input.next;
    this.committedTime = this.task?.streamTime ?? -1;
  }

  /** Goes on with the stream time that is noted with these offsets. */
  learnTime(stored: readonly CommittedOffset[]): void {
    const noted = stored.flatMap(({ metadata }) => (/^\d+$/.test(metadata) ? [Number(metadata)] : []));
    this.committedTime = Math.max(this.committedTime, ...noted);
  }

  /** Has all that was read since the last commit read again. */
  goBack(consumer: Consumer): void {
    for (const input of this.inputs) {
      input.clear();
      if (input.base === undefined) continue;
      try {
        consumer.seek(input, input.base);
        if (input.isPaused) consumer.resume([input]);
        input.isPaused = false;
      } catch (error) {
        // It went to another member meanwhile.
        if (!isMillraceError(error, 'not_assigned')) throw error;
      }
    }
  }

  /** Goes on at offsets that the group has, in place of where it was; where it began in partitions without one. */
  goTo(consumer: Consumer, stored: readonly TopicPartitionOffset[]): void {
    for (const input of this.inputs) {
      const found = stored.find(({ topic, partition }) => topic === input.topic && partition === input.partition);
      if (found !== undefined && found.offset >= 0) input.base = found.offset;
    }
    this.goBack(consumer);
  }

  #timeOf(record: InputRecord | undefined): number {
    try {
      return this.task?.timestampOf(record as InputRecord) ?? 0;
    } catch {
      // Whoever works on it hears why.
      return Number.NEGATIVE_INFINITY;
    }
  }

  #isIdle(input: InputQueue): boolean {
    const { idleMaxMs } = this.#host;
    if (!this.#host.isAtEnd(input.topic, input.partition)) {
      input.idleSince = undefined;
      return false;
    }
    input.idleSince ??= this.#host.monotonic();
    return this.#host.monotonic() - input.idleSince >= idleMaxMs;
  }
}
