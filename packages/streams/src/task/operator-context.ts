/** What an operator finds in the task that it works in. */
import type { HeadersInput, TopicLike } from '@millrace/client';
import type { KeyValueStore } from '../state/key-value-store.ts';
import type { KeyValueDefinition, StoreDefinition, WindowDefinition } from '../state/store-definition.ts';
import type { WindowStore } from '../state/window-store.ts';
import type { Cursor } from './cursor.ts';
import type { AttemptResult } from './result-form.ts';

/** A record on its way out. The object may be used again once it was written. */
export interface OutgoingRecord {
  topic: TopicLike;
  key: unknown;
  value: unknown;
  timestamp: number;
  /** Chosen by the key when undefined. */
  partition: number | undefined;
  headers: HeadersInput | undefined;
}

/** Something that is due when stream time has come so far. */
export interface StreamTimer {
  /** In ms since 1970; may be changed at any time. */
  dueAt: number;
  fire(streamTime: number): void;
}

/** A task as one of its operators sees it. */
export interface OperatorContext {
  /** The partition that the task is for. */
  readonly partition: number;
  /**
   * How far event time is for this operator, in ms since 1970: the largest time that the task has seen, less what the
   * operators above hold back. It moves before a record is worked on, for one operator after the other as records flow,
   * so that what one sends because of it reaches the next one in time. -1 before the first record.
   */
  readonly streamTime: number;
  /**
   * The stream time by which a record is late for this operator, in ms since 1970: that of the task, or behind a
   * repartition topic that of the task which sent the record.
   */
  lateTime(record: Cursor): number;
  /** That which whoever the record is sent to is to go by; not above its own time where nothing has to be said. */
  horizonOf(record: Cursor): number;
  /** Wall-clock time in ms since 1970. */
  now(): number;
  store(definition: KeyValueDefinition): KeyValueStore<unknown, unknown>;
  store(definition: WindowDefinition): WindowStore<unknown, unknown>;
  store(definition: StoreDefinition): KeyValueStore<unknown, unknown> | WindowStore<unknown, unknown>;
  /** The cursor of the task, for records that time makes. */
  readonly cursor: Cursor;
  /** Writes a record to a topic. */
  write(record: OutgoingRecord): void;
  /** Has the timer fire whenever stream time moves and has reached `dueAt`. */
  onStreamTime(timer: StreamTimer): void;
  /** Has `work` called before each commit, by the order of the graph: what was held back goes on now. */
  onCommit(work: () => void): void;
  /** Has `work` called every `intervalMs` of wall-clock time, between records. Missed calls are not made up for. */
  onClock(intervalMs: number, work: (now: number) => void): () => void;
  /** Has a result sent that no record makes, or set aside where that throws; then those after it go on. */
  attempt: AttemptResult;
  /**
   * A function of the user is given a value of state, which it may change in place: where that throws, it has had an
   * effect. Answers the value.
   */
  lend<T>(value: T): T;
  /** A record came too late for its window and is dropped. */
  countLate(operator: string): void;
}
