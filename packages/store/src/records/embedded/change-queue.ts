/**
 * Changes to records, one after the other for each record, many in one write: what is asked for while a write is on its
 * way goes together with the next. A change sees those before it, also when they are not written yet; readers see what
 * is written.
 *
 * When a write fails, so does what waits behind it: it was decided on what is not there.
 */
import { isMillraceError } from '@millrace/base';
import type { OrderedStore } from '../../ordered/ordered-store.ts';
import type { WriteBatch } from '../../ordered/write-batch.ts';
import { StoreError } from '../../store-error.ts';
import type { StoredRecord } from '../record-codec.ts';
import { RecordError } from '../record-error.ts';
import type { RecordSet } from './record-set.ts';

/**
 * Decides what becomes of a record (as it is stored, expired or not) and adds it to the batch. Answers the result of
 * the operation and, where it changed something, the record as it is now. What it throws refuses this change alone, and
 * then it may have added nothing.
 */
export type Change<T> = (
  before: StoredRecord | undefined,
  batch: WriteBatch,
) => { readonly result: T; readonly after?: { readonly record: StoredRecord | undefined } };

/** Changes that are written together. */
class Group {
  readonly batch: WriteBatch;
  readonly settles: { resolve(): void; reject(error: Error): void }[] = [];
  durable = false;

  constructor(batch: WriteBatch) {
    this.batch = batch;
  }
}

export class ChangeQueue {
  readonly #store: OrderedStore;
  /** Records that changes of unwritten groups have left, by set and key. */
  readonly #unwritten = new Map<RecordSet, Map<string, { record: StoredRecord | undefined; group: Group }>>();
  #next: Group;
  #writing: Promise<void> | undefined;

  constructor(store: OrderedStore) {
    this.#store = store;
    this.#next = new Group(store.batch());
  }

  /** Makes a change; resolves with its result once it is written. */
  run<T>(set: RecordSet, key: Uint8Array, durable: boolean, change: Change<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const group = this.#next;
      const id = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
      const unwritten = this.#recordsOf(set);
      const known = unwritten.get(id);
      const { result, after } = change(known === undefined ? set.stored(key) : known.record, group.batch);
      if (after !== undefined) unwritten.set(id, { record: after.record, group });
      group.settles.push({ resolve: () => resolve(result), reject });
      group.durable ||= durable && group.batch.length > 0;
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  #recordsOf(set: RecordSet): Map<string, { record: StoredRecord | undefined; group: Group }> {
    let records = this.#unwritten.get(set);
    if (records === undefined) {
      records = new Map();
      this.#unwritten.set(set, records);
    }
    return records;
  }

  async #writeAll(): Promise<void> {
    // What is asked for in the same turn goes together.
    await Promise.resolve();
    while (this.#next.settles.length > 0) {
      const group = this.#next;
      this.#next = new Group(this.#store.batch());
      try {
        if (group.batch.length > 0) await this.#store.write(group.batch, { durable: group.durable });
        this.#forget(group);
        for (const settle of group.settles) settle.resolve();
      } catch (error) {
        this.#fail(group, error);
      }
    }
    this.#writing = undefined;
  }

  #forget(group: Group): void {
    for (const [set, records] of this.#unwritten) {
      for (const [id, each] of records) if (each.group === group) records.delete(id);
      if (records.size === 0) this.#unwritten.delete(set);
    }
  }

  #fail(group: Group, cause: unknown): void {
    const behind = this.#next;
    this.#next = new Group(this.#store.batch());
    this.#unwritten.clear();
    const error = isMillraceError(cause) ? cause : new StoreError('store_failed', { cause });
    for (const settle of group.settles) settle.reject(error);
    for (const settle of behind.settles) {
      settle.reject(new RecordError('failed', 'a write before this one failed; nothing was changed', { cause }));
    }
  }
}
