/** A task as one of its operators sees it: its time is the task's, less what the operators above hold back. */
import type { StoreDefinition } from '../state/store-definition.ts';
import type { Cursor } from './cursor.ts';
import type { OperatorContext, OutgoingRecord, StreamTimer } from './operator-context.ts';
import type { OperatorCounts } from './operator-counts.ts';
import type { ResultForm, SendResult } from './result-form.ts';
import type { AnyStore } from './task.ts';
import type { TaskEnvironment } from './task-environment.ts';

/** Something that is due by wall-clock time. */
export interface ClockTimer {
  readonly intervalMs: number;
  dueAt: number;
  readonly work: (now: number) => void;
}

interface ContextParts {
  readonly partition: number;
  readonly cursor: Cursor;
  readonly environment: TaskEnvironment;
  readonly storeOf: (name: string) => AnyStore;
  readonly clockTimers: ClockTimer[];
  readonly counts: OperatorCounts | undefined;
}

export class TaskOperatorContext implements OperatorContext {
  readonly partition: number;
  readonly cursor: Cursor;
  readonly timers: StreamTimer[] = [];
  readonly atCommit: (() => void)[] = [];
  readonly #parts: ContextParts;
  readonly #delayMs: number;
  streamTime: number;

  constructor(parts: ContextParts, delayMs: number, streamTime: number) {
    this.partition = parts.partition;
    this.cursor = parts.cursor;
    this.#parts = parts;
    this.#delayMs = delayMs;
    this.streamTime = Math.max(-1, streamTime - delayMs);
  }

  moveTime(taskTime: number): boolean {
    const streamTime = taskTime - this.#delayMs;
    if (streamTime <= this.streamTime) return false;
    this.streamTime = streamTime;
    let hasFired = false;
    for (const timer of this.timers) {
      if (streamTime < timer.dueAt) continue;
      timer.fire(streamTime);
      hasFired = true;
    }
    return hasFired;
  }

  lateTime(record: Cursor): number {
    return Math.max(this.streamTime, record.horizon - this.#delayMs);
  }

  horizonOf(record: Cursor): number {
    return record.horizon - this.#delayMs;
  }

  now(): number {
    return this.#parts.environment.now();
  }

  store(definition: StoreDefinition): never {
    return this.#parts.storeOf(definition.name) as never;
  }

  write(record: OutgoingRecord): void {
    const { counts, environment } = this.#parts;
    if (counts !== undefined) counts.recordsOut++;
    environment.write(record);
  }

  onStreamTime(timer: StreamTimer): void {
    this.timers.push(timer);
  }

  onCommit(work: () => void): void {
    this.atCommit.push(work);
  }

  onClock(intervalMs: number, work: (now: number) => void): () => void {
    const { clockTimers, environment } = this.#parts;
    const timer = { intervalMs, dueAt: environment.now() + intervalMs, work };
    clockTimers.push(timer);
    return () => {
      const at = clockTimers.indexOf(timer);
      if (at >= 0) clockTimers.splice(at, 1);
    };
  }

  attempt(form: ResultForm, key: unknown, time: number, row: unknown, send: SendResult): void {
    const { attempt } = this.#parts.environment;
    if (attempt === undefined) send(key, time, row);
    else attempt(form, key, time, row, send);
  }

  lend<T>(value: T): T {
    if (typeof value === 'object') this.#parts.environment.effects.count++;
    return value;
  }

  countLate(operator: string): void {
    this.#parts.environment.late(operator);
  }
}
