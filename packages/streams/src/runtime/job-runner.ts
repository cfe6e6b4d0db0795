/**
 * A member of a job's group at work: takes batches from the consumer, has the tasks work on them in slices, commits,
 * and gives up what went wrong.
 *
 * - All that touches tasks or the transaction is done under one lock: the loop, the timer, and what the group asks for
 *   come in turn.
 * - A commit has all tasks at the end of a record. What it made is either all visible (outputs, changelogs, offsets),
 *   or nothing is, and then the tasks begin again from their state on disk and the offsets that are committed. Where
 *   nobody knows which of the two, they begin again as tasks that come do: from what the group and the changelogs have.
 * - State on disk follows: the rows of a commit and its changelog positions are one batch, written after it.
 */
import { messageOf, type Timer } from '@millrace/base';
import type { Consumer } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import type { OutgoingRecord } from '../task/operator-context.ts';
import { Task } from '../task/task.ts';
import type { SubTopology } from '../topology/plan.ts';
import { spaceName } from './changelog-position.ts';
import { CommitRows } from './commit-rows.ts';
import type { InputBatch, InputQueue } from './input-queue.ts';
import { JobStuckError } from './job-errors.ts';
import type { JobSettings } from './job-options.ts';
import { Lock } from './lock.ts';
import type { MetricCounts } from './metric-counts.ts';
import type { PoisonRecords } from './poison-records.ts';
import type { RepartitionPurge } from './repartition-purge.ts';
import type { TaskBook } from './task-book.ts';
import type { TaskRun } from './task-run.ts';
import type { Transactor } from './transactor.ts';
import type { WatermarkMarks } from './watermark-marks.ts';

/** A slice of work ends after so long, so that heartbeats and fetches have their turn. */
const sliceMs = 5;
/** So many records are worked on between two looks at the clock. */
const recordsPerLook = 16;
/** A partition with so much at hand is not asked for more. */
const queueBytesMax = 4 * 1024 * 1024;
/** So many transactions in a row may be given up, besides those that something is set aside for. */
const attemptsMax = 10;
/** How often tasks that wait for a partition look whether they still must. */
const lookMs = 5;

export interface RunnerParts {
  readonly job: string;
  readonly settings: JobSettings;
  readonly consumer: Consumer;
  readonly state: OrderedStore;
  readonly transactor: Transactor;
  readonly tasks: TaskBook;
  readonly poison: PoisonRecords;
  readonly counts: MetricCounts;
  readonly purge: RepartitionPurge;
  /** Has a task begin again from what the cluster has of it. */
  readonly restart: (run: TaskRun) => void;
  readonly marks: WatermarkMarks;
  /** As a task takes them. */
  readonly upstreamsOf: (sub: SubTopology) => ReadonlyMap<string, readonly string[]>;
}

export class JobRunner {
  readonly #parts: RunnerParts;
  readonly #lock = new Lock();
  readonly #stop = new AbortController();
  #commitDueAt = Number.POSITIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();
  #attempts = 0;
  #timer: Timer | undefined;
  #failure: Error | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get lock(): Lock {
    return this.#lock;
  }

  /** Works until `stop`, or an error that another try does not cure. */
  async run(): Promise<void> {
    const { consumer, tasks } = this.#parts;
    try {
      for await (const batch of consumer.batches({ signal: this.#stop.signal })) {
        await this.#lock.run(async () => {
          const input = tasks.inputOf(batch.topic, batch.partition);
          // One that was handed out before its partition went back, and had to wait for its turn, comes again.
          if (input === undefined || consumer.position(input) !== batch.nextOffset) return;
          input.add(batch as InputBatch);
          tasks.learnEnd(input, batch.highWatermark);
          await this.#work();
        });
        if (this.#failure !== undefined) throw this.#failure;
      }
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.#timer?.cancel();
    }
  }

  /** Ends the loop. */
  stop(): void {
    this.#stop.abort();
  }

  /** Commits what is done, under the lock. Of a job that has failed nothing more is committed. */
  async settle(): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.#commit();
    await this.#writing;
  }

  /** Gives up what is not committed, under the lock. */
  async giveUp(cause: unknown): Promise<void> {
    const { transactor, tasks, consumer, counts, settings, restart, poison } = this.#parts;
    const isFailure = !poison.isProgress(cause);
    if (isFailure && ++this.#attempts > attemptsMax) throw new JobStuckError(this.#attempts - 1, cause);
    counts.transactionsGivenUp++;
    const message = `a transaction was given up: ${messageOf(cause)}; its work is done again`;
    settings.report({ level: 'warn', event: 'transaction_given_up', message });
    this.#commitDueAt = Number.POSITIVE_INFINITY;
    poison.givenUp();
    const { isInDoubt } = transactor;
    await transactor.abort();
    await this.#writing;
    for (const run of tasks.runs()) {
      // One whose state is being restored had no part in it.
      if (run.task === undefined) continue;
      if (isInDoubt) restart(run);
      else {
        run.goBack(consumer);
        run.task = this.makeTask(run);
      }
    }
    // A cause that stays must not have it tried as fast as it goes.
    if (isFailure && this.#attempts > 1) await this.#pause(Math.min(1_000, 10 * 2 ** this.#attempts), settings);
  }

  /** A task as its state on disk has it. */
  makeTask(run: TaskRun): Task {
    const { settings, transactor, counts, job, state, poison, upstreamsOf } = this.#parts;
    return new Task(run.sub, run.partition, {
      now: () => settings.platform.clock.now(),
      write: (record: OutgoingRecord) => {
        poison.effects.count++;
        counts.recordsOut++;
        transactor.write(record);
      },
      space: (store) => state.space(spaceName(job, store.name, run.partition)),
      cacheBytesMax: settings.cacheBytesMax,
      effects: poison.effects,
      attempt: (form, key, time, row, send) => poison.attempt({ form, partition: run.partition, key, time, row }, send),
      late: (operator) => counts.late(operator),
      countsOf: (operator) => counts.operator(operator),
      upstreams: upstreamsOf(run.sub),
      streamTime: run.committedTime,
    });
  }

  /** Has work go on that waits for nothing from the consumer. */
  wake(): void {
    this.#schedule(0);
  }

  /** Works on all that is at hand, slice by slice. */
  async #work(): Promise<void> {
    const { tasks, transactor, settings, consumer, counts, poison } = this.#parts;
    const { clock, timers } = settings.platform;
    if (this.#failure !== undefined) return;
    try {
      let turnEndsAt = clock.monotonic() + sliceMs;
      for (let run = tasks.nextReady(); run !== undefined; run = tasks.nextReady()) {
        if (!transactor.isOpen) await this.#begin();
        const [began, before] = [clock.monotonic(), counts.recordsIn];
        this.#slice(run, turnEndsAt);
        const now = clock.monotonic();
        counts.worked(counts.recordsIn - before, now - began);
        tasks.balance(consumer, run, queueBytesMax);
        if (now >= this.#commitDueAt || poison.isMended) await this.#commit();
        if (transactor.isFull) await transactor.whenRoom();
        if (this.#stop.signal.aborted) break;
        if (now < turnEndsAt) continue;
        await new Promise<void>((resolve) => timers.soon(resolve));
        turnEndsAt = clock.monotonic() + sliceMs;
      }
    } catch (error) {
      await this.#recover(error);
    }
    this.#schedule();
  }

  /** Works on records of a task until none is left at hand, or others should have their turn. */
  #slice(run: TaskRun, endsAt: number): void {
    const { clock } = this.#parts.settings.platform;
    const { counts, transactor, poison, tasks } = this.#parts;
    const isOrdered = tasks.isOrdered(run.sub);
    const task = run.task as Task;
    for (let count = 1; ; count++) {
      const input = run.choose();
      if (input === undefined || (isOrdered && input.headTime > run.othersTime)) return;
      const record = input.head as NonNullable<InputQueue['head']>;
      if (poison.process(task, record)) counts.recordsIn++;
      input.next = record.offset + 1;
      input.head = undefined;
      if (poison.isMended) return;
      if (count % recordsPerLook !== 0) continue;
      // Others of an ordered kind may have earlier records by now.
      if (isOrdered || transactor.isFull || clock.monotonic() > endsAt) return;
    }
  }

  async #begin(): Promise<void> {
    const { transactor, settings } = this.#parts;
    if (transactor.isOpen) return;
    await transactor.begin();
    this.#commitDueAt = settings.platform.clock.monotonic() + settings.commitIntervalMs;
  }

  async #commit(): Promise<void> {
    const { job, transactor, tasks, counts, settings, state, consumer } = this.#parts;
    if (!transactor.isOpen) return;
    const { clock } = settings.platform;
    const began = clock.monotonic();
    // What is written of the last commit must be there before rows are looked for again.
    await this.#writing;
    const rows = new CommitRows({ job, state, transactor, now: clock.now() });
    const runs = [...tasks.runs()].filter(({ task }) => task !== undefined);
    for (const { task } of runs) task?.beforeCommit();
    this.#parts.marks.write(runs);
    for (const { task, partition } of runs) task?.takeChanges((store) => rows.changesOf(store, partition));
    if (transactor.isFull) await transactor.whenRoom();
    const moved = runs.flatMap((run) => run.newOffsets());
    const isFenced = moved.length > 0 || !transactor.hasWritten;
    await transactor.commit(consumer, isFenced ? moved : runs.flatMap((run) => run.offsets()));
    for (const run of runs) run.committed();
    this.#writing = rows.write().then(() => {
      for (const { task } of runs) task?.written();
    });
    this.#writing.catch((error: unknown) => this.fail(error as Error));
    this.#commitDueAt = Number.POSITIVE_INFINITY;
    this.#attempts = 0;
    this.#parts.poison.committed();
    this.#parts.purge.committed(runs);
    counts.committed(clock.monotonic() - began);
  }

  async #recover(error: unknown): Promise<void> {
    try {
      if (this.#parts.poison.isFinal(error)) throw error;
      await this.giveUp(error);
    } catch (final) {
      await this.#parts.transactor.abort().catch(() => undefined);
      this.fail(final as Error);
    }
  }

  /** Ends the job with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#stop.abort();
  }

  /** Sets the timer for what is due next without a batch. */
  #schedule(delayMs = this.#dueInMs()): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (delayMs === Number.POSITIVE_INFINITY || this.#stop.signal.aborted) return;
    this.#timer = this.#parts.settings.platform.timers.after(Math.ceil(delayMs), () => {
      void this.#lock.run(() => this.#due()).catch((error: unknown) => this.fail(error as Error));
    });
  }

  #dueInMs(): number {
    const { tasks, settings, marks } = this.#parts;
    const commitIn = Math.max(0, this.#commitDueAt - settings.platform.clock.monotonic());
    const waits = tasks.isAnyWaiting || tasks.hasClocks ? lookMs : Number.POSITIVE_INFINITY;
    return Math.min(commitIn, waits, marks.dueInMs());
  }

  async #due(): Promise<void> {
    const { tasks, settings, transactor, marks } = this.#parts;
    if (this.#stop.signal.aborted) return;
    try {
      if (tasks.isClockDue()) {
        await this.#begin();
        tasks.tick();
      } else if (!transactor.isOpen && marks.isDue()) await this.#begin();
      if (settings.platform.clock.monotonic() >= this.#commitDueAt) await this.#commit();
    } catch (error) {
      await this.#recover(error);
    }
    await this.#work();
  }

  async #pause(delayMs: number, { platform }: JobSettings): Promise<void> {
    await new Promise<void>((resolve) => void platform.timers.after(delayMs, resolve));
  }
}
