/** The Kafka transactions of a capture, one after the other: records, and with them how far it is. */
import type { Producer, Transaction } from '@millrace/client';
import type { ChangeRecord } from './change-events.ts';
import { type CaptureProgress, type TableProgress, writePosition, writeTable } from './progress.ts';

export interface WriterLimits {
  /** A transaction takes up to so long, and up to so many records. */
  readonly commitMs: number;
  readonly commitRecords: number;
}

export class RecordWriter {
  readonly #producer: Producer;
  readonly #name: string;
  readonly #limits: WriterLimits;
  readonly #signal: AbortSignal;
  #transaction: Transaction | undefined;
  #openedAt = 0;
  #records = 0;

  constructor(producer: Producer, options: { name: string; limits: WriterLimits; signal: AbortSignal }) {
    this.#producer = producer;
    this.#name = options.name;
    this.#limits = options.limits;
    this.#signal = options.signal;
  }

  get isOpen(): boolean {
    return this.#transaction !== undefined;
  }

  get isFull(): boolean {
    return this.#records >= this.#limits.commitRecords;
  }

  get isDue(): boolean {
    return this.isFull || this.ageMs >= this.#limits.commitMs;
  }

  /** Of the transaction that is open. */
  get ageMs(): number {
    return performance.now() - this.#openedAt;
  }

  async open(): Promise<Transaction> {
    if (this.#transaction === undefined) {
      this.#transaction = await this.#producer.begin();
      this.#openedAt = performance.now();
    }
    return this.#transaction;
  }

  /** Undefined where nothing has to be waited for. Records are taken either way. */
  write(records: readonly ChangeRecord[]): Promise<void> | undefined {
    const transaction = this.#transaction;
    if (transaction === undefined) return this.open().then((opened) => this.#put(opened, records));
    return this.#put(transaction, records);
  }

  #put(transaction: Transaction, records: readonly ChangeRecord[]): Promise<void> | undefined {
    let hasRoom = true;
    for (const record of records) hasRoom = transaction.write(record);
    this.#records += records.length;
    return hasRoom ? undefined : transaction.ready({ signal: this.#signal });
  }

  /** Answers how many records it had. */
  async commit(
    position: Omit<CaptureProgress, 'tables'>,
    tables: readonly (readonly [oid: number, progress: TableProgress | null])[],
  ): Promise<number> {
    const transaction = await this.open();
    writePosition(transaction, this.#name, position);
    for (const [oid, progress] of tables) writeTable(transaction, this.#name, oid, progress);
    await transaction.commit();
    const records = this.#records;
    this.#transaction = undefined;
    this.#records = 0;
    return records;
  }

  async abort(): Promise<void> {
    await this.#transaction?.abort();
  }
}
