/**
 * Records that can't be read, or make a function of the topology throw. Nothing of such a record is kept: where it had
 * effects already, the transaction is given up, and done again with the record set aside from the beginning.
 *
 * Keys and values of state become bytes at the commit, so that one which its serde or the store refuses is met there.
 * Then the work is done again with each record's changes tried at once, which tells the record that made it.
 */
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { HeadersInput } from '@millrace/client';
import type { Effects } from '../state/state-space.ts';
import type { InputRecord } from '../task/cursor.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { Task } from '../task/task.ts';
import { JobStuckError, PoisonRecordError, StateKeyError } from './job-errors.ts';
import type { MetricCounts } from './metric-counts.ts';

/** What fails by the cluster, or by the transaction, and not by the record in hand. */
const circumstances = new Set([
  'transaction_abortable',
  'transaction_state',
  'producer_fenced',
  'buffer_full',
  'closed',
  'store_closed',
  'store_failed',
  'disk_full',
]);

/** A transaction is given up so that its work is done again without what is known by now; never seen outside. */
class SetAsideError extends MillraceError {
  readonly code = 'set_aside';
  override readonly retriable = true;
}

export interface PoisonOptions {
  /** Where such records go; undefined: they stop the job. */
  readonly topic: string | undefined;
  readonly write: (record: OutgoingRecord) => void;
  readonly counts: MetricCounts;
  /** The longest key of a row that the store takes, in bytes. */
  readonly keyBytesMax: number;
  /** Told of each that was set aside. */
  readonly report: (message: string, error: unknown) => void;
}

export class PoisonRecords {
  readonly effects: Effects = { count: 0 };
  readonly #options: PoisonOptions;
  /** Why records are to be set aside that made a transaction be given up, by topic, partition and offset. */
  readonly #known = new Map<string, unknown>();
  /** What the record in hand has changed, while that is tried at once. */
  #changed: (() => Uint8Array)[] = [];
  #isMended = false;

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /** Whether what made a transaction be given up is set aside in this one: a commit now keeps it from coming again. */
  get isMended(): boolean {
    return this.#isMended;
  }

  /**
   * Has the task work on a record, or sets it aside. Answers whether it was one of the topology's. Throws what ends the
   * transaction.
   */
  process(task: Task, record: InputRecord): boolean {
    if (this.#known.size > 0 && this.#known.has(nameOf(record))) {
      this.#isMended = true;
      return this.#setAside(record, this.#known.get(nameOf(record)));
    }
    const before = this.effects.count;
    // What time alone has changed is no record's.
    this.#changed.length = 0;
    try {
      const isOwn = task.process(record);
      if (this.#changed.length > 0) this.#tryChanges();
      return isOwn;
    } catch (error) {
      if (isMillraceError(error) && circumstances.has(error.code)) throw error;
      if (this.#options.topic === undefined) throw new PoisonRecordError(record, error);
      if (this.effects.count === before) return this.#setAside(record, error);
      this.#known.set(nameOf(record), error);
      throw new SetAsideError(messageOf(error));
    }
  }

  /** Whether a transaction was given up for what will be set aside from now on: that is no failed attempt. */
  isProgress(cause: unknown): boolean {
    return cause instanceof SetAsideError;
  }

  /** Whether an error ends the job. After one that is not known to be a record's, each record is looked at. */
  isFinal(error: unknown): boolean {
    if (error instanceof PoisonRecordError || error instanceof JobStuckError) return true;
    if (!isMillraceError(error)) return true;
    const isOfRow = error.code === 'state_serde_failed' || error.code === 'key_too_long';
    if (!isOfRow || this.effects.changed !== undefined) return isOfRow || finalCodes.has(error.code);
    this.effects.changed = (rowKeyOf) => this.#changed.push(rowKeyOf);
    return false;
  }

  /** The work of the open transaction is undone. */
  givenUp(): void {
    this.#isMended = false;
  }

  /** What was set aside is committed. */
  committed(): void {
    this.#isMended = false;
    this.#known.clear();
    this.effects.changed = undefined;
  }

  #tryChanges(): void {
    const { keyBytesMax } = this.#options;
    for (const rowKeyOf of this.#changed.splice(0)) {
      const { length } = rowKeyOf();
      if (length > keyBytesMax) throw new StateKeyError(length, keyBytesMax);
    }
  }

  #setAside(record: InputRecord, reason: unknown): true {
    const { topic, partition, offset, keyBytes, valueBytes, timestamp, headers } = record;
    const { counts, write, report } = this.#options;
    const told: HeadersInput = [
      ...headers.map(({ key, value }) => [key, value] as const),
      ['millrace.reason', firstLine(reason)],
      ['millrace.error', errorCodeOf(reason)],
      ['millrace.topic', topic],
      ['millrace.partition', String(partition)],
      ['millrace.offset', String(offset)],
    ];
    write({
      topic: this.#options.topic as string,
      key: keyBytes,
      value: valueBytes,
      timestamp: Math.max(0, timestamp),
      partition: undefined,
      headers: told,
    });
    counts.recordsSetAside++;
    report(`the record at ${topic} [${partition}] offset ${offset} was set aside: ${firstLine(reason)}`, reason);
    return true;
  }
}

/** Trying again with the same state and topology would end the same way. */
const finalCodes = new Set(['store_failed', 'store_closed', 'disk_full', 'closed']);

function nameOf({ topic, partition, offset }: InputRecord): string {
  return `${topic} ${partition} ${offset}`;
}

function firstLine(reason: unknown): string {
  return messageOf(reason).split('\n', 1)[0] ?? '';
}

function errorCodeOf(reason: unknown): string {
  if (isMillraceError(reason)) return reason.code;
  return reason instanceof Error ? reason.name : typeof reason;
}
