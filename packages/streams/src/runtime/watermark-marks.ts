/**
 * Tells who reads repartition topics how far the tasks are that write there: with each transaction that moved one of
 * them, behind its records, to all partitions. Once in a while all of it is told again, for readers that began since
 * and have no store to note it in.
 */
import { bytes } from '@millrace/client';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { Task } from '../task/task.ts';
import { markHeaders, type UpstreamTime } from '../task/upstream-times.ts';
import type { TaskRun } from './task-run.ts';

export interface MarksOptions {
  readonly write: (record: OutgoingRecord) => void;
  /** Partitions of a repartition topic. */
  readonly partitionsOf: (topic: string) => number;
  /** Tasks that write to repartition topics and run here. */
  readonly writers: () => readonly TaskRun[];
  /** In ms. */
  readonly monotonic: () => number;
}

/** How often a task that is not known to be at its end is looked at. */
const lookMs = 20;
/** How often all is told again. */
const againMs = 10_000;

export class WatermarkMarks {
  readonly #options: MarksOptions;
  /** What was told of a task by topic; a task that was made anew has told nothing. */
  #told = new WeakMap<Task, Map<string, UpstreamTime>>();
  #againAt: number;

  constructor(options: MarksOptions) {
    this.#options = options;
    this.#againAt = options.monotonic() + againMs;
  }

  /** Whether there is something to tell although nothing was worked on. */
  isDue(): boolean {
    this.#forget();
    return this.#options.writers().some((run) => this.#newsOf(run).some(([, { isIdle }]) => isIdle));
  }

  /** When to ask that again, in ms from now; infinite when never. */
  dueInMs(): number {
    const writers = this.#options.writers();
    if (writers.length === 0) return Number.POSITIVE_INFINITY;
    const areAllIdle = writers.every(({ task }) => {
      const told = task === undefined ? undefined : this.#told.get(task);
      return told !== undefined && [...told.values()].every(({ isIdle }) => isIdle);
    });
    return areAllIdle ? Math.max(0, this.#againAt - this.#options.monotonic()) : lookMs;
  }

  /** Writes what has changed of these tasks, in the open transaction. */
  write(runs: readonly TaskRun[]): void {
    this.#forget();
    const marks = new Map<string, Map<string, UpstreamTime>>();
    for (const run of runs) {
      const { task } = run;
      if (task === undefined) continue;
      for (const [topic, time] of this.#newsOf(run)) {
        const mark = marks.get(topic) ?? new Map<string, UpstreamTime>();
        marks.set(topic, mark.set(run.id, time));
        const told = this.#told.get(task) ?? new Map<string, UpstreamTime>();
        this.#told.set(task, told.set(topic, time));
      }
    }
    for (const [topic, mark] of marks) {
      const timestamp = Math.max(0, ...[...mark.values()].map(({ time }) => time));
      const headers = markHeaders(mark);
      const described = { name: topic, key: bytes, value: bytes };
      for (let partition = 0; partition < this.#options.partitionsOf(topic); partition++) {
        this.#options.write({ topic: described, key: null, value: null, timestamp, partition, headers });
      }
    }
  }

  /** Has all told again when that is due. */
  #forget(): void {
    const now = this.#options.monotonic();
    if (now < this.#againAt) return;
    this.#told = new WeakMap();
    this.#againAt = now + againMs;
  }

  /** By topic what was not told yet of a task, or is otherwise by now. */
  #newsOf(run: TaskRun): [topic: string, time: UpstreamTime][] {
    const { task } = run;
    if (task === undefined) return [];
    const told = this.#told.get(task);
    return task.sinkTimes().flatMap(({ topic, time, isBehind }): [string, UpstreamTime][] => {
      const isIdle = isBehind ? task.isUpstreamIdle && run.isIdle : run.isSourceIdle;
      const before = told?.get(topic);
      return before?.time === time && before.isIdle === isIdle ? [] : [[topic, { time, isIdle }]];
    });
  }
}
