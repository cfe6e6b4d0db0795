/**
 * Records that can't be read, or make a function of the topology throw. Nothing of such a record is kept: where it had
 * effects already, the transaction is given up, and done again with the record set aside from the beginning.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import type { HeadersInput } from '@millrace/client';
import type { Effects } from '../state/state-space.ts';
import type { InputRecord } from '../task/cursor.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { Task } from '../task/task.ts';
import { JobStuckError, PoisonRecordError } from './job-errors.ts';
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

/** What undoes and does again; never seen outside. */
class SetAsideError extends Error {}

export interface PoisonOptions {
  /** Where such records go; undefined: they stop the job. */
  readonly topic: string | undefined;
  readonly write: (record: OutgoingRecord) => void;
  readonly counts: MetricCounts;
  /** Told of each that was set aside. */
  readonly report: (message: string, error: unknown) => void;
}

export class PoisonRecords {
  readonly effects: Effects = { count: 0 };
  readonly #options: PoisonOptions;
  /** Why records are to be set aside that made a transaction be given up, by topic, partition and offset. */
  readonly #known = new Map<string, unknown>();

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /**
   * Has the task work on a record, or sets it aside. Answers whether it was one of the topology's. Throws what ends the
   * transaction.
   */
  process(task: Task, record: InputRecord): boolean {
    if (this.#known.size > 0) {
      const reason = this.#known.get(nameOf(record));
      if (reason !== undefined) return this.#setAside(record, reason);
    }
    const before = this.effects.count;
    try {
      return task.process(record);
    } catch (error) {
      if (isMillraceError(error) && circumstances.has(error.code)) throw error;
      if (this.#options.topic === undefined) throw new PoisonRecordError(record, error);
      if (this.effects.count === before) return this.#setAside(record, error);
      this.#known.set(nameOf(record), error);
      throw new SetAsideError(messageOf(error));
    }
  }

  /** Whether an error ends the job. */
  isFinal(error: unknown): boolean {
    if (error instanceof SetAsideError) return false;
    if (error instanceof PoisonRecordError || error instanceof JobStuckError) return true;
    return !isMillraceError(error) || finalCodes.has(error.code);
  }

  /** What was set aside is committed. */
  committed(): void {
    this.#known.clear();
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
const finalCodes = new Set([
  'state_serde_failed',
  'key_too_long',
  'store_failed',
  'store_closed',
  'disk_full',
  'closed',
]);

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
