/**
 * Tasks come and go: what comes has its state restored while the others work on, what goes is committed before.
 */
import { isMillraceError, messageOf, sleep } from '@millrace/base';
import { type Client, type CommittedOffset, type Consumer, type TopicPartition, unwrap } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import { storeDelays } from '../topology/plan.ts';
import { spaceName } from './changelog-position.ts';
import { changelogName } from './internal-topics.ts';
import type { JobEvent } from './job-event.ts';
import type { JobSettings } from './job-options.ts';
import type { JobRunner } from './job-runner.ts';
import type { MetricCounts } from './metric-counts.ts';
import type { PoisonRecords } from './poison-records.ts';
import { restoreStore } from './restore.ts';
import type { StandbyCopies } from './standby-copies.ts';
import type { TaskBook } from './task-book.ts';
import type { TaskRun } from './task-run.ts';

export interface AdmissionParts {
  readonly job: string;
  readonly client: Client;
  readonly settings: JobSettings;
  readonly consumer: Consumer;
  readonly state: OrderedStore;
  readonly tasks: TaskBook;
  readonly counts: MetricCounts;
  readonly runner: JobRunner;
  readonly poison: PoisonRecords;
  readonly standbys: StandbyCopies;
}

/** Pause between two looks at what an earlier owner's transaction holds up. */
const stableLookMs = 20;

export class TaskAdmission {
  readonly #parts: AdmissionParts;
  /** What is under way for tasks, or was last, by their ids. */
  readonly #preparing = new Map<string, Promise<void>>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Takes partitions on. Tasks with state read nothing before it is there. */
  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { tasks, consumer, runner } = this.#parts;
    await runner.lock.run(async () => {
      const added = tasks.add(partitions);
      this.#report('info', 'tasks_assigned', `tasks came: ${namesOf(added)}`, { tasks: idsOf(added) });
      for (const run of added) {
        if (run.sub.stores.length > 0 || this.#needsEnds(run)) {
          consumer.pause(run.inputs);
          this.#startPreparing(run, false);
        } else run.task = runner.makeTask(run);
      }
    });
    // Wall-clock time may be due before the first record.
    runner.wake();
  }

  /** Ids of tasks whose state is being written by what is under way for them, be they still here or not. */
  preparing(): string[] {
    return [...this.#preparing.keys()];
  }

  /** Has a task begin again from what the group and its changelogs have by now. Under the lock. */
  restart(run: TaskRun): void {
    this.#report('warn', 'task_restarted', `task ${run.id} begins again where the group is`);
    run.task = undefined;
    this.#parts.consumer.pause(run.inputs);
    this.#startPreparing(run, true);
  }

  /** Gives partitions up after what is done is committed. */
  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { tasks, runner, poison } = this.#parts;
    await runner.lock.run(async () => {
      try {
        await runner.settle();
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        await runner.giveUp(error);
      }
      const gone = tasks.remove(partitions);
      poison.forget();
      this.#report('info', 'tasks_revoked', `tasks went: ${namesOf(gone)}`, { tasks: idsOf(gone) });
    });
    void this.#parts.standbys.refresh();
  }

  /** Drops partitions that others may have by now: nothing of what is not committed can be. */
  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    const { tasks, runner, poison } = this.#parts;
    await runner.lock.run(async () => {
      const gone = tasks.remove(partitions);
      poison.forget();
      this.#report('warn', 'tasks_lost', `tasks were lost: ${namesOf(gone)}`, { tasks: idsOf(gone) });
      await runner.giveUp(new Error('the group went on without this member'));
    });
    void this.#parts.standbys.refresh();
  }

  /** One after the other for each task, which may go and come back: two would write to the same state. */
  #startPreparing(run: TaskRun, isRestart: boolean): void {
    const before = this.#preparing.get(run.id) ?? Promise.resolve();
    const preparing = before.then(async () => {
      await this.#prepare(run, isRestart);
      if (this.#preparing.get(run.id) === preparing) this.#preparing.delete(run.id);
      if (run.abort.signal.aborted) void this.#parts.standbys.refresh();
    });
    this.#preparing.set(run.id, preparing);
  }

  /** Brings a task's state up to date, and lets it begin; where the group is when it `isRestart`. */
  async #prepare(run: TaskRun, isRestart: boolean): Promise<void> {
    const { consumer, runner, tasks } = this.#parts;
    const { signal } = run.abort;
    for (;;) {
      try {
        const isAsked = run.sub.stores.length > 0 || run.notesTime || isRestart;
        const stored = isAsked ? await this.#stableOffsets(run) : [];
        await this.#restore(run);
        if (this.#needsEnds(run)) await this.#learnEnds(run);
        await runner.lock.run(async () => {
          if (signal.aborted) return;
          if (isRestart) run.goTo(consumer, stored);
          if (run.notesTime) run.learnTime(stored);
          run.task = runner.makeTask(run);
          consumer.resume(run.inputs);
        });
        return runner.wake();
      } catch (error) {
        if (signal.aborted) return;
        if (!isMillraceError(error) || !error.retriable) return runner.fail(error as Error);
        this.#report('warn', 'restore_progress', `task ${run.id} is restored again: ${messageOf(error)}`);
        await sleep(this.#parts.settings.platform.timers, 100, signal).catch(() => undefined);
        if (signal.aborted || ![...tasks.runs()].includes(run)) return;
      }
    }
  }

  async #restore(run: TaskRun): Promise<void> {
    const { job, client, settings, state, counts } = this.#parts;
    const { signal } = run.abort;
    if (run.sub.stores.length === 0) return;
    await this.#parts.standbys.refresh();
    const facts = { tasks: [run.id] };
    this.#report('info', 'restore_began', `task ${run.id} has its state restored`, facts);
    let read = 0;
    const delays = storeDelays(run.sub.nodes);
    const restores = run.sub.stores.map((definition) =>
      restoreStore({
        ...{ client, platform: settings.platform, state, partition: run.partition, signal, definition },
        space: state.space(spaceName(job, definition.name, run.partition)),
        changelog: changelogName(job, definition.name),
        delayMs: delays.get(definition.name) ?? 0,
        progress: (count, left) => {
          counts.recordsRestored += count;
          read += count;
          run.offsetsLeft.set(definition.name, left);
          const message = `store ${definition.name} of task ${run.id} has ${left} offsets to go`;
          this.#report('info', 'restore_progress', message, facts);
        },
      }),
    );
    // All of them have ended before any is tried again.
    for (const each of await Promise.allSettled(restores)) if (each.status === 'rejected') throw each.reason;
    const message = `task ${run.id} has its state, ${read} records of changelogs were read`;
    this.#report('info', 'restore_ended', message, { ...facts, records: read });
  }

  /** Where the group is in a task's inputs, once what a transaction has of them is decided. */
  async #stableOffsets(run: TaskRun): Promise<readonly CommittedOffset[]> {
    const { job, client, settings } = this.#parts;
    if (!settings.isExactlyOnce) return [];
    await using admin = client.admin();
    for (;;) {
      run.abort.signal.throwIfAborted();
      const found = await admin.fetchOffsets(job, run.inputs, { requireStable: true, signal: run.abort.signal });
      const error = found.find((each) => each.error !== undefined)?.error;
      if (error === undefined) return unwrap(found);
      if (error.errorName !== 'UNSTABLE_OFFSET_COMMIT') throw error;
      await sleep(settings.platform.timers, stableLookMs, run.abort.signal);
    }
  }

  #needsEnds(run: TaskRun): boolean {
    return run.inputs.length > 1 || this.#parts.tasks.isOrdered(run.sub);
  }

  /** A task of several partitions must know where they end, to know whether one of them has nothing. */
  async #learnEnds(run: TaskRun): Promise<void> {
    const { client, tasks } = this.#parts;
    await using admin = client.admin();
    const places = run.inputs.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }));
    for (const { topic, partition, offset } of unwrap(await admin.listOffsets(places))) {
      tasks.learnEnd({ topic, partition }, offset);
    }
  }

  #report(
    level: JobEvent['level'],
    event: JobEvent['event'],
    message: string,
    facts: Pick<JobEvent, 'tasks' | 'records'> = {},
  ): void {
    this.#parts.settings.report({ level, event, message, ...facts });
  }
}

function idsOf(runs: readonly TaskRun[]): string[] {
  return runs.map(({ id }) => id);
}

function namesOf(runs: readonly TaskRun[]): string {
  return runs.length === 0 ? 'none' : idsOf(runs).join(', ');
}
