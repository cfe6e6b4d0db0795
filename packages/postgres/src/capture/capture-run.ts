/** One try of a capture: messages of the stream become records, until something fails or it is stopped. */
import { type Lsn, lsnText } from '../replication/lsn.ts';
import {
  type BeginMessage,
  type CommitMessage,
  type DeleteMessage,
  type InsertMessage,
  isInPart,
  type LogicalMessage,
  type PgoutputMessage,
  type StreamCommitMessage,
  type TruncateMessage,
  type UpdateMessage,
} from '../replication/pgoutput/message.ts';
import type { ReplicationStream } from '../replication/replication-stream.ts';
import type { StreamedTransactions } from '../replication/streamed-transactions.ts';
import type { CaptureOptions } from './capture.ts';
import type { CapturedTables } from './captured-tables.ts';
import type { CatalogWatch } from './catalog-watch.ts';
import {
  type ChangePlace,
  type ChangeRecord,
  changeRecords,
  type EventWriter,
  type Origin,
  truncateRecord,
} from './change-events.ts';
import { markPrefix, parseMark } from './marks.ts';
import type { CaptureProgress, PartialTransaction } from './progress.ts';
import { ReadRowsWriter } from './read-rows-writer.ts';
import type { RecordWriter } from './record-writer.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { TransactionOrder } from './transaction-order.ts';

export interface RunParts {
  readonly options: CaptureOptions;
  readonly origin: Origin;
  readonly stream: ReplicationStream;
  readonly streamed: StreamedTransactions;
  readonly tables: CapturedTables;
  readonly reader: SnapshotReader;
  readonly catalog: CatalogWatch;
  readonly writer: RecordWriter;
  readonly progress: CaptureProgress;
  readonly throwIfFailed: () => void;
  readonly signal: AbortSignal;
}

type RowMessage = InsertMessage | UpdateMessage | DeleteMessage;

const idleMs = 100;
const lingerMs = 5;
/** Changes that are older show that it is behind. */
const currentMs = 1_000;
/** How often the position is noted while nothing of ours changes. */
const quietMs = 5_000;

export class CaptureRun {
  readonly #parts: RunParts;
  /** What Kafka has. */
  #lsn: Lsn;
  #partial: PartialTransaction | undefined;
  /** The source's transaction that is being read. */
  #begin: BeginMessage | undefined;
  #place: ChangePlace;
  #order: TransactionOrder | undefined;
  #changes = 0;
  #skip = 0;
  #passedAt = 0;
  #lastCommitMs = 0;
  readonly #rows: ReadRowsWriter;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#lsn = parts.progress.lsn;
    this.#partial = parts.progress.partial;
    this.#place = { xid: 0, lsn: this.#lsn, commitMs: Date.now(), nowMs: Date.now(), isSnapshot: false };
    const { tables, progress, options, signal } = parts;
    const { report } = options;
    const write = (records: readonly ChangeRecord[]) => this.#write(records);
    const finish = (records: readonly ChangeRecord[]) => this.#finish(records);
    this.#rows = new ReadRowsWriter({ tables, write, finish, signal, report }, progress.tables);
  }

  async untilStopped(): Promise<void> {
    const { stream, signal, options, tables, writer, throwIfFailed } = this.#parts;
    options.report?.({ kind: 'streaming', lsn: lsnText(this.#lsn), tables: tables.count });
    while (!signal.aborted) {
      const messages = await stream.take(this.#waitMs());
      for (const message of messages) {
        const taken = this.#takeAny(message);
        // Most changes need not be waited for.
        if (taken !== undefined) await taken;
      }
      throwIfFailed();
      if (this.#begin !== undefined) continue;
      if (writer.isOpen) {
        // While it is behind, many changes go together; else nobody is kept waiting.
        const isCurrent = stream.isDrained && Date.now() - this.#place.commitMs < currentMs;
        if (messages.length === 0 || writer.isDue || (isCurrent && writer.ageMs >= lingerMs)) await this.#commit();
      } else if (messages.length === 0 && stream.seen > this.#lsn) {
        await this.#passQuiet(stream.seen);
      }
    }
    await writer.abort();
  }

  /** A server that is being caught up with may take a while between two messages. */
  #waitMs(): number {
    const isOld = Date.now() - this.#place.commitMs >= currentMs;
    return this.#parts.writer.isOpen && !isOld ? lingerMs : idleMs;
  }

  /** What others wrote is passed too, so that the server may forget it; noted first, as all that is confirmed. */
  async #passQuiet(lsn: Lsn): Promise<void> {
    const now = performance.now();
    if (now - this.#passedAt < quietMs) return;
    this.#passedAt = now;
    this.#lsn = lsn;
    await this.#commit();
  }

  #takeAny(message: PgoutputMessage): Promise<void> | undefined {
    switch (message.kind) {
      case 'streamed':
        return this.#parts.streamed.add(message.xid, message);
      case 'stream_abort':
        return this.#parts.streamed.abort(message);
      case 'stream_commit':
        return this.#takeStreamed(message);
      default:
        return this.#take(message);
    }
  }

  async #takeStreamed(message: StreamCommitMessage): Promise<void> {
    for await (const each of this.#parts.streamed.take(message)) {
      this.#parts.signal.throwIfAborted();
      const taken = this.#take(each);
      if (taken !== undefined) await taken;
    }
  }

  #take(message: PgoutputMessage): Promise<void> | undefined {
    switch (message.kind) {
      case 'begin':
        this.#beginAt(message);
        return undefined;
      case 'commit':
        return this.#commitAt(message);
      case 'relation':
        this.#parts.tables.relation(message);
        return undefined;
      case 'message':
        return this.#mark(message);
      case 'insert':
      case 'update':
      case 'delete':
        this.#changes++;
        return this.#changes <= this.#skip ? undefined : this.#change(message);
      case 'truncate':
        this.#changes++;
        return this.#changes <= this.#skip ? undefined : this.#truncate(message);
      default:
        return undefined;
    }
  }

  #beginAt(message: BeginMessage): void {
    const { finalLsn, xid, commitMicros } = message;
    const partial = this.#partial?.finalLsn === finalLsn ? this.#partial : undefined;
    this.#begin = message;
    this.#changes = 0;
    this.#skip = finalLsn < this.#lsn ? Number.POSITIVE_INFINITY : (partial?.changes ?? 0);
    const commitMs = Number(commitMicros / 1000n);
    this.#place = { xid, lsn: finalLsn, commitMs, nowMs: Date.now(), isSnapshot: false };
    this.#order =
      this.#parts.options.transactionMarkers === false
        ? undefined
        : new TransactionOrder(this.#parts.origin, message, partial?.events);
  }

  async #commitAt(message: CommitMessage): Promise<void> {
    const begin = this.#begin;
    if (begin !== undefined) this.#parts.reader.committed(begin.xid);
    if (this.#order?.hasEvents === true && this.#skip !== Number.POSITIVE_INFINITY) {
      await this.#parts.writer.write([this.#order.ended()]);
    }
    this.#begin = undefined;
    if (message.endLsn > this.#lsn) this.#lsn = message.endLsn;
    this.#partial = undefined;
    this.#lastCommitMs = this.#place.commitMs;
    if (this.#parts.writer.isOpen && this.#parts.writer.isDue) await this.#commit();
  }

  /** Waits for nothing where the table is known and Kafka takes the records. */
  #change(message: RowMessage): Promise<void> | undefined {
    const writer = this.#parts.tables.known(message.oid);
    if (writer === undefined || this.#order?.hasEvents === false) return this.#firstChange(message);
    if (writer === null || this.#rows.isRead(message.oid, this.#place.xid)) return undefined;
    return this.#writeChange(message, writer);
  }

  /** Of its table, or of its transaction. */
  async #firstChange(message: RowMessage): Promise<void> {
    const writer = await this.#writerOf(message.oid);
    if (writer === undefined || this.#rows.isRead(message.oid, this.#place.xid)) return;
    await this.#markBegin();
    await this.#writeChange(message, writer);
  }

  #writeChange(message: RowMessage, writer: EventWriter): Promise<void> | undefined {
    const { oid } = message;
    const next = () => this.#order?.next(writer.table);
    const records = changeRecords(message, writer, { place: this.#place, next });
    if (this.#parts.reader.isReading(oid)) {
      if (message.kind !== 'insert' && message.before !== undefined) this.#touch(oid, writer.identity(message.before));
      if (message.kind !== 'delete') this.#touch(oid, writer.identity(message.after));
      if (message.kind === 'update' && isInPart(message)) this.#parts.reader.unsent(oid);
    }
    return this.#finish(records);
  }

  #touch(oid: number, identity: string | undefined): void {
    if (identity !== undefined) this.#parts.reader.changed(oid, identity);
  }

  async #truncate({ oids }: TruncateMessage): Promise<void> {
    for (const oid of oids) {
      const writer = await this.#writerOf(oid);
      if (writer === undefined || this.#rows.isRead(oid, this.#place.xid)) continue;
      this.#parts.reader.truncated(oid);
      await this.#markBegin();
      await this.#parts.writer.write([truncateRecord(writer, this.#place, this.#order?.next(writer.table))]);
    }
    await this.#finish([]);
  }

  /** A transaction's first event has its marker before it. */
  async #markBegin(): Promise<void> {
    if (this.#order?.hasEvents === false) await this.#parts.writer.write([this.#order.begun()]);
  }

  async #writerOf(oid: number): Promise<EventWriter | undefined> {
    const known = this.#parts.tables.known(oid);
    if (known !== undefined) return known ?? undefined;
    return await this.#parts.tables.learn(oid, this.#place, this.#write);
  }

  /** The last records of a change: behind them a Kafka transaction may end, of which a large one spans several. */
  #finish(records: readonly ChangeRecord[]): Promise<void> | undefined {
    const { writer } = this.#parts;
    const written = writer.write(records);
    if (!writer.isFull) return written;
    return Promise.resolve(written).then(() => this.#commit());
  }

  /** What stands before a change, and in one Kafka transaction with it. */
  readonly #write = (records: readonly ChangeRecord[]): Promise<void> | undefined => this.#parts.writer.write(records);

  async #mark(message: LogicalMessage): Promise<void> {
    const { options, catalog, tables, reader } = this.#parts;
    if (message.prefix !== markPrefix(options.name) || this.#skip === Number.POSITIVE_INFINITY) return;
    const mark = parseMark(message.content);
    switch (mark?.kind) {
      case 'edge': {
        const rows = await reader.mark(mark);
        if (rows !== undefined) await this.#rows.write(rows, this.#place);
        return;
      }
      case 'catalog': {
        const look = catalog.take(mark.look);
        if (look !== undefined) {
          await tables.catalog(look.tables, { unseen: look.unseen, place: this.#place, write: this.#write });
        }
        return;
      }
      case 'snapshot': {
        options.report?.({ kind: 'snapshot_asked', tables: tables.readAgain(mark.tables) });
        return;
      }
      default:
        return;
    }
  }

  async #commit(): Promise<void> {
    const { options, stream, writer, tables } = this.#parts;
    const begin = this.#begin;
    const events = this.#order?.events ?? new Map();
    const partial = begin && { finalLsn: begin.finalLsn, changes: this.#changes, events };
    const records = await writer.commit({ lsn: this.#lsn, partial, version: tables.version }, tables.takeNews());
    stream.confirm(this.#lsn);
    const lagMs = this.#lastCommitMs === 0 ? 0 : Math.max(0, Date.now() - this.#lastCommitMs);
    options.report?.({ kind: 'committed', records, lsn: lsnText(this.#lsn), lagMs });
  }
}
