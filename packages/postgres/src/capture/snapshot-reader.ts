/**
 * Reads tables beside the stream, several at a time and each a few chunks ahead, and holds each chunk until the stream
 * has passed its marks. Chunks of a table are written in their order; one that has to be read again takes those behind
 * it with it.
 */
import type { Client } from 'pg';
import type { Tuple } from '../replication/pgoutput/tuple-bytes.ts';
import { type Chunk, readChunk } from './chunk-reader.ts';
import { type KeylessRead, openKeyless } from './keyless-read.ts';
import type { Mark } from './marks.ts';
import type { SnapshotProgress } from './progress.ts';
import { RecentTransactions } from './recent-transactions.ts';
import type { TableDescription } from './table-description.ts';

export interface ReaderParts {
  readonly capture: string;
  /** As many tables are read at a time as there are sessions. */
  readonly sessions: readonly Client[];
  readonly hasGenerated: boolean;
  readonly signal: AbortSignal;
}

/** What the stream has to write where it stands. */
export type ReadRows =
  | {
      readonly kind: 'chunk';
      readonly description: TableDescription;
      readonly rows: readonly Tuple[];
      /** Those that changed meanwhile: not to be written. */
      readonly changed: ReadonlySet<string>;
      /** Undefined when the table is read to its end. */
      readonly last: readonly string[] | undefined;
    }
  | { readonly kind: 'whole'; readonly read: KeylessRead };

const rowsMax = 5_000;
const bytesMax = 4 * 1024 * 1024;
/** Chunks of a table that are read and not yet written. */
const aheadMax = 3;

interface Window {
  readonly id: string;
  readonly reading: Reading;
  readonly after: readonly string[] | null;
  chunk: Promise<Chunk | undefined> | undefined;
  keyless: Promise<KeylessRead | undefined> | undefined;
  /** From its first mark on: keys that changed. */
  changed: Set<string> | undefined;
  /** Transactions that had ended in the stream at its first mark. */
  beforeLow: number;
  isEmptied: boolean;
  isAltered: boolean;
  /** Whether a row changed of which not all was sent. */
  isInPart: boolean;
}

/** A table that is being read, or is to be. */
interface Reading {
  table: TableDescription;
  after: readonly string[] | null;
  windows: Window[];
  rowsMax: number;
  isOver: boolean;
  /** It was not there by its name: until it is known by another, or is dropped. */
  isGone: boolean;
  wake: (() => void) | undefined;
}

export class SnapshotReader {
  readonly #parts: ReaderParts;
  readonly #recent = new RecentTransactions();
  readonly #readings = new Map<number, Reading>();
  readonly #waiting: Reading[] = [];
  readonly #windows = new Map<string, Window>();
  #idle: (() => void)[] = [];
  #failure: unknown;
  #count = 0;
  readonly #run = Math.random().toString(36).slice(2);

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    for (const session of parts.sessions) {
      this.#lane(session).catch((error: unknown) => {
        this.#failure ??= error;
      });
    }
    parts.signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  /** Reads a table from where it stands; what was being read of it is left. */
  add(table: TableDescription, { after, isDone }: SnapshotProgress): void {
    this.remove(table.oid);
    if (isDone) return;
    const reading: Reading = { table, after, windows: [], rowsMax, isOver: false, isGone: false, wake: undefined };
    this.#readings.set(table.oid, reading);
    this.#waiting.push(reading);
    this.#idle.shift()?.();
  }

  remove(oid: number): void {
    const reading = this.#readings.get(oid);
    if (reading === undefined) return;
    this.#readings.delete(oid);
    this.#forget(reading);
    reading.isOver = true;
    reading.wake?.();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A transaction of the source has ended in the stream. */
  committed(xid: number): void {
    this.#recent.add(xid);
  }

  /** Whether changes of a table have to be kept for `changed`. */
  isReading(oid: number): boolean {
    return (this.#readings.get(oid)?.windows.length ?? 0) > 0;
  }

  changed(oid: number, key: string): void {
    for (const { changed } of this.#readings.get(oid)?.windows ?? []) changed?.add(key);
  }

  /** A row changed and not all of it was sent: whoever reads the change may not have the rest, so it must be read. */
  unsent(oid: number): void {
    for (const window of this.#readings.get(oid)?.windows ?? []) window.isInPart ||= window.changed !== undefined;
  }

  truncated(oid: number): void {
    for (const window of this.#readings.get(oid)?.windows ?? []) window.isEmptied = window.changed !== undefined;
  }

  /** Rows have another shape from here on. */
  altered(table: TableDescription): void {
    const reading = this.#readings.get(table.oid);
    if (reading === undefined) return;
    reading.table = table;
    for (const window of reading.windows) window.isAltered = true;
    const [first] = reading.windows;
    if (reading.isGone && first !== undefined) this.#again(first);
  }

  /** What is to be written at a mark. */
  async mark({ chunk, edge }: Extract<Mark, { kind: 'edge' }>): Promise<ReadRows | undefined> {
    const window = this.#windows.get(chunk);
    // Marks of an earlier try, or of chunks that are read again.
    if (window === undefined) return undefined;
    if (edge === 'low') {
      window.changed = new Set();
      window.isEmptied = false;
      window.isAltered = false;
      window.isInPart = false;
      window.beforeLow = this.#recent.count;
      return window.keyless === undefined ? undefined : await this.#wholeTable(window);
    }
    const { reading, changed } = window;
    if (window.keyless !== undefined) return undefined;
    const read = await window.chunk;
    if (read === undefined || changed === undefined || window.isAltered || this.#isBehind(window, read.unseen)) {
      this.#again(window);
      return undefined;
    }
    if (window.isInPart) {
      this.#again(window);
      // Fewer take less time, so that such changes do not come between every time.
      reading.rowsMax = Math.max(20, Math.floor(read.rows.length / 2));
      return undefined;
    }
    this.#drop(window);
    if (read.last === undefined) this.#finish(reading);
    else reading.wake?.();
    const rows = window.isEmptied ? [] : read.rows;
    return { kind: 'chunk', description: read.description, rows, changed, last: read.last };
  }

  /** A transaction can be in the log for an instant before others see it: such a reading is older than the stream. */
  #isBehind({ beforeLow }: Window, unseen: (xid: number) => boolean): boolean {
    return this.#recent.some(beforeLow, unseen);
  }

  async #wholeTable(window: Window): Promise<ReadRows | undefined> {
    const read = await window.keyless;
    if (read === undefined) return undefined;
    if (this.#isBehind(window, read.unseen)) {
      await read.close();
      this.#again(window);
      return undefined;
    }
    this.#drop(window);
    this.#finish(window.reading);
    return { kind: 'whole', read };
  }

  async #lane(session: Client): Promise<void> {
    const { signal } = this.#parts;
    while (!signal.aborted) {
      const reading = this.#waiting.shift();
      if (reading === undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
      else while (!reading.isOver && !signal.aborted) await this.#step(session, reading);
    }
  }

  /** Reads one chunk, or waits until one may be read. */
  async #step(session: Client, reading: Reading): Promise<void> {
    const newest = reading.windows.at(-1);
    const isAtEnd = newest?.chunk !== undefined && (await newest.chunk)?.last === undefined;
    if (newest?.keyless !== undefined || isAtEnd || reading.windows.length >= aheadMax) {
      if (newest === reading.windows.at(-1) && !reading.isOver) await woken(reading);
      return;
    }
    const window = this.#open(reading);
    const { table } = reading;
    if (table.key.length === 0) {
      window.keyless = openKeyless(session, table, { ...this.#parts, id: window.id });
      const read = await window.keyless;
      if (read === undefined) this.#miss(window, table);
      // The session is the reading's until all of it is written.
      await read?.closed;
      return;
    }
    const { capture, hasGenerated } = this.#parts;
    const options = { capture, hasGenerated, id: window.id, after: window.after, key: table.key };
    window.chunk = readChunk(session, table, { ...options, rowsMax: reading.rowsMax });
    const chunk = await window.chunk;
    if (chunk === undefined) return this.#miss(window, table);
    if (!reading.windows.includes(window)) return;
    reading.after = chunk.last ?? reading.after;
    reading.table = chunk.description;
    reading.rowsMax = fittingRows(chunk);
  }

  #miss(window: Window, table: TableDescription): void {
    const { reading } = window;
    if (!reading.windows.includes(window)) return;
    if (reading.table !== table) this.#again(window);
    else reading.isGone = true;
  }

  #open(reading: Reading): Window {
    const id = `${this.#run}-${this.#count++}`;
    const window: Window = {
      ...{ id, reading, after: reading.after, chunk: undefined, keyless: undefined },
      ...{ changed: undefined, beforeLow: 0, isEmptied: false, isAltered: false, isInPart: false },
    };
    reading.windows.push(window);
    this.#windows.set(id, window);
    return window;
  }

  #again({ reading, after }: Window): void {
    this.#forget(reading);
    reading.isGone = false;
    reading.after = after;
    reading.wake?.();
  }

  #drop(window: Window): void {
    this.#windows.delete(window.id);
    window.reading.windows = window.reading.windows.filter((each) => each !== window);
  }

  #forget(reading: Reading): void {
    for (const { id } of reading.windows) this.#windows.delete(id);
    reading.windows = [];
  }

  #finish(reading: Reading): void {
    this.#readings.delete(reading.table.oid);
    this.#forget(reading);
    reading.isOver = true;
    reading.wake?.();
  }

  #wakeAll(): void {
    for (const reading of this.#readings.values()) reading.wake?.();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function woken(reading: Reading): Promise<void> {
  return new Promise((resolve) => {
    reading.wake = () => {
      reading.wake = undefined;
      resolve();
    };
  });
}

/** Of wide rows fewer are read at a time. */
function fittingRows({ rows }: Chunk): number {
  let bytes = 1;
  for (const row of rows) for (const value of row) bytes += value?.length ?? 0;
  return Math.max(50, Math.min(rowsMax, Math.floor((bytesMax * Math.max(1, rows.length)) / bytes)));
}
