/**
 * Records that can't be read, or make a function of the topology throw. Nothing of such a record is kept: where it had
 * effects already, the transaction is given up, and done again with the record set aside from the beginning.
 *
 * Results that no record makes (of windows that time closes, at commits) are judged one by one in the same way: neither
 * the record that moved time nor the other results have a part in what throws for one.
 *
 * Keys and values of state become bytes at the commit, so that one which its serde or the store refuses is met there.
 * Then the work is done again with each record's changes tried at once, which tells the record that made it.
 */
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Effects } from '../state/state-space.ts';
import type { InputRecord } from '../task/cursor.ts';
import type { SendResult } from '../task/result-form.ts';
import type { Task } from '../task/task.ts';
import { type DeadLetters, describeResult, nameOfResult, type ResultPlace } from './dead-letters.ts';
import { JobStuckError, PoisonRecordError, PoisonResultError, StateKeyError } from './job-errors.ts';

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
  /** Where what is set aside goes; undefined: it stops the job. */
  readonly letters: DeadLetters | undefined;
  /** The longest key of a row that the store takes, in bytes. */
  readonly keyBytesMax: number;
}

export class PoisonRecords {
  readonly effects: Effects = { count: 0 };
  readonly #options: PoisonOptions;
  /** Why records and results are to be set aside that made a transaction be given up, by their names. */
  readonly #known = new Map<string, unknown>();
  /** Those of them that are set aside in the open transaction. */
  readonly #mended = new Set<string>();
  /** What the record in hand has changed, while that is tried at once. */
  #changed: (() => Uint8Array)[] = [];

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /** Whether what made a transaction be given up is set aside in this one: a commit now keeps it from coming again. */
  get isMended(): boolean {
    return this.#mended.size > 0;
  }

  /**
   * Has the task work on a record, or sets it aside. Answers whether it was one of the topology's. Throws what ends the
   * transaction.
   */
  process(task: Task, record: InputRecord): boolean {
    const { letters } = this.#options;
    if (this.#known.size > 0 && this.#isKnown(nameOf(record))) {
      letters?.writeRecord(record, this.#known.get(nameOf(record)));
      return true;
    }
    const before = this.effects.count;
    // What time alone has changed is no record's.
    this.#changed.length = 0;
    try {
      const isOwn = task.process(record);
      this.#tryChanges(0);
      return isOwn;
    } catch (error) {
      if (endsTransaction(error)) throw error;
      if (letters === undefined) throw new PoisonRecordError(record, error);
      this.#mustHaveNoEffects(before, nameOf(record), error);
      letters.writeRecord(record, error);
      return true;
    }
  }

  /** Has a result of a task sent, or sets it aside. Throws what ends the transaction. */
  attempt(result: ResultPlace, send: SendResult): void {
    const { letters } = this.#options;
    if (this.#known.size > 0 && this.#isKnown(nameOfResult(result))) {
      return letters?.writeResult(result, this.#known.get(nameOfResult(result)));
    }
    const before = this.effects.count;
    const changedBefore = this.#changed.length;
    try {
      send(result.key, result.time, result.row);
      this.#tryChanges(changedBefore);
    } catch (error) {
      if (endsTransaction(error)) throw error;
      if (letters === undefined) throw new PoisonResultError(describeResult(result), result.form.store.name, error);
      this.#mustHaveNoEffects(before, nameOfResult(result), error);
      letters.writeResult(result, error);
    }
  }

  /** Whether a transaction was given up for what will be set aside from now on: that is no failed attempt. */
  isProgress(cause: unknown): boolean {
    return cause instanceof SetAsideError;
  }

  /** Whether an error ends the job. After one that is not known to be a record's, each record is looked at. */
  isFinal(error: unknown): boolean {
    if (isOfPoison(error) || error instanceof JobStuckError) return true;
    if (!isMillraceError(error)) return true;
    const isOfRow = error.code === 'state_serde_failed' || error.code === 'key_too_long';
    if (!isOfRow || this.effects.changed !== undefined) return isOfRow || finalCodes.has(error.code);
    this.effects.changed = (rowKeyOf) => this.#changed.push(rowKeyOf);
    return false;
  }

  /** The work of the open transaction is undone. */
  givenUp(): void {
    this.#mended.clear();
  }

  /**
   * What was set aside is committed. All else that is known stays so: the commit may be of other tasks, whose records
   * were read again before those that it is about.
   */
  committed(): void {
    if (this.#mended.size === 0) return;
    for (const name of this.#mended) this.#known.delete(name);
    this.#mended.clear();
    this.effects.changed = undefined;
  }

  /** Tasks went elsewhere, and what is known with them: who has them now finds it out again. */
  forget(): void {
    this.#known.clear();
    this.effects.changed = undefined;
  }

  #isKnown(name: string): boolean {
    if (!this.#known.has(name)) return false;
    this.#mended.add(name);
    return true;
  }

  /** What had effects can only be set aside by doing the transaction again without it. */
  #mustHaveNoEffects(before: number, name: string, error: unknown): void {
    if (this.effects.count === before) return;
    this.#known.set(name, error);
    throw new SetAsideError(messageOf(error));
  }

  /** Of those from this place on. */
  #tryChanges(first: number): void {
    if (this.#changed.length <= first) return;
    const { keyBytesMax } = this.#options;
    for (const rowKeyOf of this.#changed.splice(first)) {
      const { length } = rowKeyOf();
      if (length > keyBytesMax) throw new StateKeyError(length, keyBytesMax);
    }
  }
}

/** Trying again with the same state and topology would end the same way. */
const finalCodes = new Set(['store_failed', 'store_closed', 'disk_full', 'closed']);

function endsTransaction(error: unknown): boolean {
  if (error instanceof SetAsideError || isOfPoison(error)) return true;
  return isMillraceError(error) && circumstances.has(error.code);
}

function isOfPoison(error: unknown): boolean {
  return error instanceof PoisonRecordError || error instanceof PoisonResultError;
}

function nameOf({ topic, partition, offset }: InputRecord): string {
  return `${topic} ${partition} ${offset}`;
}
