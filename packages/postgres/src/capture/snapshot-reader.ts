/** Reads tables chunk by chunk beside the stream, and holds each chunk until the stream has passed its marks. */
import type { Client } from 'pg';
import type { Tuple } from '../replication/pgoutput/message.ts';
import { type ChangePlace, type ChangeRecord, type Origin, snapshotRecord } from './change-events.ts';
import { type Chunk, type Mark, readChunk } from './chunk-reader.ts';
import type { CapturedTable } from './describe-tables.ts';
import type { SnapshotProgress } from './progress.ts';
import type { TableEncoder } from './table-encoder.ts';

export interface ReaderParts {
  readonly capture: string;
  readonly source: Client;
  /** Those with a primary key. */
  readonly tables: readonly CapturedTable[];
  readonly done: ReadonlyMap<string, SnapshotProgress>;
  readonly signal: AbortSignal;
}

export interface WrittenChunk {
  /** `schema.table`. */
  readonly table: string;
  readonly records: readonly ChangeRecord[];
  /** Undefined when the table is read to its end. */
  readonly last: readonly string[] | undefined;
}

const rowsMax = 5_000;
/** So many of the transactions that ended last are remembered. */
const committedMax = 100_000;

interface Window {
  readonly id: string;
  readonly table: CapturedTable;
  readonly chunk: Promise<Chunk>;
  /** Between the marks: keys that changed. */
  changed: Set<string> | undefined;
  isEmptied: boolean;
}

export class SnapshotReader {
  readonly #parts: ReaderParts;
  /** Transactions of the source that ended last, and how many of them before the first mark of the chunk. */
  #committed: number[] = [];
  #beforeLow = 0;
  #window: Window | undefined;
  #failure: unknown;
  #count = 0;
  readonly #run = Math.random().toString(36).slice(2);

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Begins with the first table that is not done. */
  begin(): void {
    this.#next();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A transaction of the source has ended in the stream. */
  committed(xid: number): void {
    this.#committed.push(xid);
    if (this.#committed.length < 2 * committedMax) return;
    this.#committed = this.#committed.slice(committedMax);
    this.#beforeLow = Math.max(0, this.#beforeLow - committedMax);
  }

  changed(encoder: TableEncoder, key: string): void {
    if (this.#isOf(encoder)) this.#window?.changed?.add(key);
  }

  truncated(encoder: TableEncoder): void {
    if (this.#isOf(encoder) && this.#window?.changed !== undefined) this.#window.isEmptied = true;
  }

  /** What is to be written behind a chunk's second mark. */
  async mark(
    content: Buffer,
    where: {
      readonly encoderOf: (table: CapturedTable) => TableEncoder;
      readonly origin: Origin;
      readonly place: ChangePlace;
    },
  ): Promise<WrittenChunk | undefined> {
    const window = this.#window;
    const mark = JSON.parse(content.toString('utf8')) as Mark;
    // Marks of an earlier try are of chunks that nobody holds any more.
    if (window === undefined || mark.chunk !== window.id) return undefined;
    if (mark.edge === 'low') {
      window.changed = new Set();
      window.isEmptied = false;
      this.#beforeLow = this.#committed.length;
      return undefined;
    }
    const { rows, last, unseen } = await window.chunk;
    const changed = window.changed;
    this.#window = undefined;
    // A transaction can be in the log for an instant before others see it: such a chunk is older than the stream.
    if (changed === undefined || this.#committed.slice(0, this.#beforeLow).some(unseen)) {
      this.#read(window.table, this.#afterOf(window.table));
      return undefined;
    }
    const encoder = where.encoderOf(window.table);
    const kept = window.isEmptied ? [] : rows.filter((row) => !changed.has(encoder.key(row as Tuple) ?? ''));
    const records = kept.map((row) => snapshotRecord(row as Tuple, encoder, where));
    if (last === undefined) this.#next(window.table);
    else this.#read(window.table, last);
    return { table: tableKey(window.table), records, last };
  }

  #isOf({ schema, table }: TableEncoder): boolean {
    const name = this.#window?.table.name;
    return name !== undefined && name.name === table && name.schema === schema;
  }

  #next(after?: CapturedTable): void {
    const { tables, done } = this.#parts;
    const from = after === undefined ? 0 : tables.indexOf(after) + 1;
    const table = tables.slice(from).find((each) => done.get(tableKey(each))?.isDone !== true);
    if (table !== undefined) this.#read(table, this.#afterOf(table));
  }

  #afterOf(table: CapturedTable): readonly string[] | null {
    return this.#parts.done.get(tableKey(table))?.after ?? null;
  }

  #read(table: CapturedTable, after: readonly string[] | null): void {
    const { source, capture, signal } = this.#parts;
    if (signal.aborted) return;
    const id = `${this.#run}-${this.#count++}`;
    const columns = table.columns.map(({ name }) => name);
    const chunk = readChunk(source, { name: table.name, columns, key: table.key }, { capture, id, after, rowsMax });
    chunk.catch((error: unknown) => {
      this.#failure = error;
    });
    this.#window = { id, table, chunk, changed: undefined, isEmptied: false };
  }
}

function tableKey({ name }: CapturedTable): string {
  return `${name.schema ?? 'public'}.${name.name}`;
}
