/** The tasks that this process has, by their partitions: which has something to do, and which must not read on. */
import type { Consumer, TopicPartition } from '@millrace/client';
import type { SharedTask } from '../sharing/shared-task.ts';
import { type SubTopology, taskId, widthOf } from '../topology/plan.ts';
import type { InputQueue } from './input-queue.ts';
import { TaskRun, type TaskRunHost } from './task-run.ts';

export interface TaskBookOptions {
  readonly subs: readonly SubTopology[];
  readonly idleMaxMs: number;
  readonly monotonic: () => number;
  readonly now: () => number;
  /** Offset of the next record that the consumer hands out; undefined while it is not known. */
  readonly positionOf: (place: TopicPartition) => number | undefined;
}

/** The tasks of a topology whose topics have so many partitions. */
export function tasksOf(subs: readonly SubTopology[], counts: ReadonlyMap<string, number>): SharedTask[] {
  return subs.flatMap((sub) => {
    const topics = sub.sources.map(({ operator }) => operator.topic.name);
    return Array.from({ length: widthOf(sub, counts) }, (_, partition) => ({
      id: taskId(sub, partition),
      partitions: topics.filter((topic) => partition < (counts.get(topic) ?? 0)).map((topic) => ({ topic, partition })),
      isStateful: sub.stores.length > 0,
    }));
  });
}

export class TaskBook {
  readonly #options: TaskBookOptions;
  readonly #runs = new Map<string, TaskRun>();
  readonly #inputs = new Map<string, { readonly run: TaskRun; readonly input: InputQueue }>();
  /** Ends of partitions as they were known last: offsets behind their last records. */
  readonly #ends = new Map<string, number>();
  /** Sub-topologies that write to repartition topics. */
  readonly #ordered: ReadonlySet<SubTopology>;
  #turn = 0;

  constructor(options: TaskBookOptions) {
    this.#options = options;
    this.#ordered = new Set(options.subs.filter(({ nodes }) => nodes.some(({ writesTo }) => writesTo !== undefined)));
  }

  runs(): Iterable<TaskRun> {
    return this.#runs.values();
  }

  get(id: string): TaskRun | undefined {
    return this.#runs.get(id);
  }

  /** Ids ascending. */
  ids(): string[] {
    return [...this.#runs.keys()].sort();
  }

  /** Takes on the tasks of partitions that came. Answers the new ones, which have no state yet. */
  add(partitions: readonly TopicPartition[]): TaskRun[] {
    const added: TaskRun[] = [];
    for (const sub of this.#options.subs) {
      const topics = sub.sources.map(({ operator }) => operator.topic.name);
      const numbers = new Set(partitions.filter(({ topic }) => topics.includes(topic)).map((each) => each.partition));
      for (const partition of numbers) {
        const own = topics.filter((topic) =>
          partitions.some((each) => each.topic === topic && each.partition === partition),
        );
        const run = new TaskRun(sub, partition, own, { ...this.#host(), isOrdered: this.#ordered.has(sub) });
        this.#runs.set(run.id, run);
        for (const input of run.inputs) this.#inputs.set(nameOf(input), { run, input });
        added.push(run);
      }
    }
    return added;
  }

  /** Lets go of the tasks of partitions that go, and answers them. */
  remove(partitions: readonly TopicPartition[]): TaskRun[] {
    const gone = new Set(partitions.flatMap((place) => this.#inputs.get(nameOf(place))?.run ?? []));
    for (const run of gone) {
      run.abort.abort();
      this.#runs.delete(run.id);
      for (const input of run.inputs) this.#inputs.delete(nameOf(input));
    }
    return [...gone];
  }

  inputOf(topic: string, partition: number): InputQueue | undefined {
    return this.#inputs.get(nameOf({ topic, partition }))?.input;
  }

  learnEnd(place: TopicPartition, end: number): void {
    this.#ends.set(nameOf(place), end);
  }

  /**
   * A task that has a record to work on; undefined when none has. Each has its turn, but of tasks that write to the
   * same repartition topics the one with the earliest record: who reads there would take the others' for late.
   */
  nextReady(): TaskRun | undefined {
    const runs = [...this.#runs.values()];
    const first = this.#turn;
    for (let step = 0; step < runs.length; step++) {
      const run = runs[(first + step) % runs.length] as TaskRun;
      if (run.task === undefined || run.choose() === undefined) continue;
      this.#turn = (first + step + 1) % runs.length;
      if (!this.#ordered.has(run.sub)) return run;
      const earliest = earliestOf(runs.filter(({ sub, task }) => sub === run.sub && task !== undefined));
      if (earliest !== undefined) return earliest;
    }
    return undefined;
  }

  /** Those that write to repartition topics. */
  writers(): TaskRun[] {
    return [...this.#runs.values()].filter(({ sub }) => this.#ordered.has(sub));
  }

  /** Whether tasks of this kind go on together, by the times of their records. */
  isOrdered(sub: SubTopology): boolean {
    return this.#ordered.has(sub);
  }

  /** Whether a task has records and waits for other partitions. */
  get isAnyWaiting(): boolean {
    for (const run of this.#runs.values()) {
      if (run.isWaiting && (run.inputs.length > 1 || this.#ordered.has(run.sub))) return true;
    }
    return false;
  }

  get hasClocks(): boolean {
    return this.#clockDueAt() < Number.POSITIVE_INFINITY;
  }

  isClockDue(): boolean {
    return this.#clockDueAt() <= this.#options.now();
  }

  /** Has what is due by wall-clock time done. */
  tick(): void {
    // What is written without a record is committed with where the task is, which it must know.
    for (const run of this.#runs.values()) if (run.offsets().length > 0) run.task?.tick();
  }

  /** Has the consumer pause partitions of which too much is at hand, and go on with the others. */
  balance(consumer: Consumer, run: TaskRun, bytesMax: number): void {
    if (run.inputs.length === 1 && !this.#ordered.has(run.sub)) return;
    for (const input of run.inputs) {
      const isFull = input.bytes > bytesMax;
      if (isFull === input.isPaused) continue;
      input.isPaused = isFull;
      if (isFull) consumer.pause([input]);
      else consumer.resume([input]);
    }
  }

  #clockDueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { task } of this.#runs.values()) if (task !== undefined) due = Math.min(due, task.clockDueAt);
    return due;
  }

  #host(): TaskRunHost {
    const { idleMaxMs, monotonic, positionOf } = this.#options;
    return {
      idleMaxMs,
      monotonic,
      positionOf,
      isAtEnd: (topic, partition) => {
        const end = this.#ends.get(nameOf({ topic, partition }));
        return end !== undefined && (positionOf({ topic, partition }) ?? -1) >= end;
      },
    };
  }
}

/** The task with the earliest record; undefined while one of them may yet get an earlier one. */
function earliestOf(runs: readonly TaskRun[]): TaskRun | undefined {
  let earliest: TaskRun | undefined;
  let earliestTime = Number.POSITIVE_INFINITY;
  let secondTime = Number.POSITIVE_INFINITY;
  for (const run of runs) {
    const time = run.choose()?.headTime;
    if (time === undefined && !run.isIdle) return undefined;
    if (time === undefined) continue;
    secondTime = Math.min(secondTime, Math.max(time, earliestTime));
    if (earliest !== undefined && time >= earliestTime) continue;
    earliest = run;
    earliestTime = time;
  }
  if (earliest !== undefined) earliest.othersTime = secondTime;
  return earliest;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
