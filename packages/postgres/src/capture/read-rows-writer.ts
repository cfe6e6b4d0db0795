/** Writes rows that were read into the stream, where their marks stand. */
import { TupleBytes } from '../replication/pgoutput/tuple-bytes.ts';
import type { CaptureEvent } from './capture.ts';
import type { CapturedTables, Write } from './captured-tables.ts';
import { type ChangePlace, snapshotRecord, truncateRecord } from './change-events.ts';
import type { KeylessRead } from './keyless-read.ts';
import { unseenBy } from './marks.ts';
import type { TableProgress } from './progress.ts';
import type { ReadRows } from './snapshot-reader.ts';
import type { TableDescription } from './table-description.ts';

export interface ReadRowsParts {
  readonly tables: CapturedTables;
  readonly write: Write;
  /** The same, and behind it a Kafka transaction may end. */
  readonly finish: Write;
  readonly signal: AbortSignal;
  readonly report: ((event: CaptureEvent) => void) | undefined;
}

export class ReadRowsWriter {
  readonly #parts: ReadRowsParts;
  /** By table without a key: transactions that the reading of its rows did not see. */
  readonly #unseen = new Map<number, (xid: number) => boolean>();

  constructor(parts: ReadRowsParts, known: ReadonlyMap<number, TableProgress>) {
    this.#parts = parts;
    for (const [oid, { snapshot }] of known) {
      if (snapshot.seen !== undefined) this.#unseen.set(oid, unseenBy(snapshot.seen));
    }
  }

  /** Whether a transaction's changes were seen by the reading of a whole table. */
  isRead(oid: number, xid: number): boolean {
    if (this.#unseen.size === 0) return false;
    const unseen = this.#unseen.get(oid);
    return unseen !== undefined && !unseen(xid);
  }

  async write(read: ReadRows, place: ChangePlace): Promise<void> {
    if (read.kind === 'whole') return await this.#writeTable(read.read, place);
    const { tables, finish } = this.#parts;
    const { description, rows, changed, last } = read;
    const writer = await tables.writerOfRead(description, place, this.#parts.write);
    if (writer === undefined) return;
    const all = rows.map((row) => TupleBytes.of(row));
    const kept = changed.size === 0 ? all : all.filter((row) => !changed.has(writer.identity(row) ?? ''));
    const isDone = last === undefined;
    const count = tables.snapshotOf(description.oid).rows + kept.length;
    tables.progressed(description.oid, { after: last ?? null, rows: count, isDone });
    const there = { ...place, isSnapshot: true };
    // Progress stands where chunks end, so a chunk is in one Kafka transaction; one without rows is noted too.
    await finish(kept.map((row) => snapshotRecord(row, writer, there)));
    this.#report(description, count, isDone);
  }

  /** What there was before of a reading that broke off is emptied by its beginning. */
  async #writeTable(read: KeylessRead, place: ChangePlace): Promise<void> {
    const { tables, write, finish, signal } = this.#parts;
    const { description, snapshot, unseen } = read;
    const { oid } = description;
    try {
      const writer = await tables.writerOfRead(description, place, write);
      if (writer === undefined) return;
      await write([truncateRecord(writer, place, undefined)]);
      let count = 0;
      const there = { ...place, isSnapshot: true };
      for (let rows = await read.next(); rows.length > 0; rows = await read.next()) {
        signal.throwIfAborted();
        await finish(rows.map((row) => snapshotRecord(TupleBytes.of(row), writer, there)));
        count += rows.length;
      }
      this.#unseen.set(oid, unseen);
      tables.progressed(oid, { after: null, rows: count, isDone: true, seen: snapshot });
      await finish([]);
      this.#report(description, count, true);
    } finally {
      await read.close();
    }
  }

  #report({ schema, table }: TableDescription, rows: number, isDone: boolean): void {
    this.#parts.report?.({ kind: 'snapshot', table: `${schema}.${table}`, rows, isDone });
  }
}
