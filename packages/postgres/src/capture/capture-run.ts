/** One try of a capture: messages of the stream become records, until something fails or it is stopped. */
import type { Producer, Transaction } from '@millrace/client';
import type { Client } from 'pg';
import { type Lsn, lsnText } from '../replication/lsn.ts';
import type {
  BeginMessage,
  LogicalMessage,
  PgoutputMessage,
  RelationMessage,
} from '../replication/pgoutput/message.ts';
import type { ReplicationStream } from '../replication/replication-stream.ts';
import { readTypes, type SourceTypes } from '../replication/values/source-types.ts';
import type { CaptureOptions } from './capture.ts';
import { topicNames } from './capture.ts';
import { type ChangePlace, type ChangeRecord, changeRecords, type Origin, truncateRecord } from './change-events.ts';
import { markPrefix } from './chunk-reader.ts';
import { type CapturedTable, describeTables } from './describe-tables.ts';
import { type CaptureProgress, type SnapshotProgress, writeProgress } from './progress.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { TableEncoder } from './table-encoder.ts';

export interface RunParts {
  readonly options: CaptureOptions;
  readonly database: string;
  readonly producer: Producer;
  /** A session for what is asked in between, and one that reads tables. */
  readonly source: Client;
  readonly chunks: Client;
  readonly stream: ReplicationStream;
  readonly tables: readonly CapturedTable[];
  readonly types: SourceTypes;
  readonly progress: CaptureProgress;
  readonly signal: AbortSignal;
}

const idleMs = 100;
/** How often the position is noted while nothing of ours changes. */
const quietMs = 5_000;

export class CaptureRun {
  readonly #parts: RunParts;
  readonly #origin: Origin;
  readonly #encoders = new Map<number, TableEncoder>();
  readonly #snapshots: Map<string, SnapshotProgress>;
  readonly #reader: SnapshotReader;
  #types: SourceTypes;
  /** What Kafka has. */
  #lsn: Lsn;
  #partial: CaptureProgress['partial'];
  /** The source's transaction that is being read. */
  #begin: BeginMessage | undefined;
  #changes = 0;
  #skip = 0;
  /** The Kafka transaction that is open. */
  #transaction: Transaction | undefined;
  #openedAt = 0;
  #passedAt = 0;
  #records = 0;
  #lastCommitMs = 0;

  constructor(parts: RunParts) {
    const { options, database, chunks, progress, tables, types, signal } = parts;
    this.#parts = parts;
    this.#types = types;
    this.#origin = { database, name: options.name, topicOf: options.topicOf ?? topicNames(database) };
    this.#lsn = progress.lsn;
    this.#partial = progress.partial;
    this.#snapshots = new Map(progress.snapshots);
    const wanted = options.snapshot === false ? [] : tables.filter(({ key }) => key.length > 0);
    this.#reader = new SnapshotReader({
      capture: options.name,
      source: chunks,
      tables: wanted,
      done: this.#snapshots,
      signal,
    });
  }

  async untilStopped(): Promise<void> {
    const { stream, signal, options, tables } = this.#parts;
    options.report?.({ kind: 'streaming', lsn: lsnText(this.#lsn), tables: tables.length });
    this.#reader.begin();
    while (!signal.aborted) {
      const messages = await stream.take(idleMs);
      for (const message of messages) await this.#take(message);
      this.#reader.throwIfFailed();
      if (this.#begin !== undefined) continue;
      if (this.#transaction !== undefined) {
        if (messages.length === 0 || this.#isDue()) await this.#commit();
      } else if (messages.length === 0 && stream.seen > this.#lsn) {
        await this.#passQuiet(stream.seen);
      }
    }
    await this.#transaction?.abort();
  }

  /** What others wrote is passed too, so that the server may forget it; noted first, as all that is confirmed. */
  async #passQuiet(lsn: Lsn): Promise<void> {
    const now = performance.now();
    if (now - this.#passedAt < quietMs) return;
    this.#passedAt = now;
    this.#lsn = lsn;
    await this.#open();
    await this.#commit();
  }

  async #take(message: PgoutputMessage): Promise<void> {
    switch (message.kind) {
      case 'begin':
        this.#begin = message;
        this.#changes = 0;
        this.#skip = message.finalLsn < this.#lsn ? Number.POSITIVE_INFINITY : this.#alreadyDone(message.finalLsn);
        return;
      case 'commit': {
        const begin = this.#begin;
        this.#begin = undefined;
        if (begin !== undefined) this.#reader.committed(begin.xid);
        if (message.endLsn > this.#lsn) this.#lsn = message.endLsn;
        this.#partial = undefined;
        this.#lastCommitMs = Number(message.commitMicros / 1000n);
        if (this.#transaction !== undefined && this.#isDue()) await this.#commit();
        return;
      }
      case 'relation':
        await this.#learn(message);
        return;
      case 'message':
        await this.#mark(message);
        return;
      case 'insert':
      case 'update':
      case 'delete': {
        const encoder = this.#encoders.get(message.oid);
        if (encoder === undefined || this.#isSkipped()) return;
        const records = changeRecords(message, encoder, { origin: this.#origin, place: this.#place(false) });
        for (const { key } of records) if (key !== null) this.#reader.changed(encoder, key);
        await this.#write(records);
        return;
      }
      case 'truncate':
        if (this.#isSkipped()) return;
        for (const oid of message.oids) {
          const encoder = this.#encoders.get(oid);
          if (encoder === undefined) continue;
          this.#reader.truncated(encoder);
          await this.#write([truncateRecord(encoder, { origin: this.#origin, place: this.#place(false) })]);
        }
        return;
      default:
        return;
    }
  }

  /** Changes of a transaction of which Kafka has the first ones. */
  #alreadyDone(finalLsn: Lsn): number {
    return this.#partial !== undefined && this.#partial.finalLsn === finalLsn ? this.#partial.changes : 0;
  }

  #isSkipped(): boolean {
    this.#changes++;
    return this.#changes <= this.#skip;
  }

  async #learn(message: RelationMessage): Promise<void> {
    const { options, source, tables } = this.#parts;
    if (message.columns.some(({ typeOid }) => !this.#types.has(typeOid))) this.#types = await readTypes(source);
    const [now] = await describeTables(source, [`${message.schema}.${message.table}`]);
    const known = now ?? tables.find(({ name }) => name.name === message.table && name.schema === message.schema);
    const keys =
      known !== undefined && known.key.length > 0
        ? known.key
        : message.replicaIdentity === 'f'
          ? []
          : message.columns.filter(({ isKey }) => isKey).map(({ name }) => name);
    const { decimals } = options;
    this.#encoders.set(message.oid, new TableEncoder(message, { types: this.#types, decimals, keys }));
  }

  /** Between a chunk's marks what changes is newer than what was read; behind them the rest of the chunk is written. */
  async #mark(message: LogicalMessage): Promise<void> {
    if (message.prefix !== markPrefix(this.#parts.options.name) || this.#skip === Number.POSITIVE_INFINITY) return;
    const { decimals, report } = this.#parts.options;
    const written = await this.#reader.mark(message.content, {
      encoderOf: (table) =>
        new TableEncoder(
          { schema: table.name.schema ?? 'public', table: table.name.name, columns: table.columns },
          { types: this.#types, decimals, keys: table.key },
        ),
      origin: this.#origin,
      place: this.#place(true),
    });
    if (written === undefined) return;
    await this.#write(written.records);
    const before = this.#snapshots.get(written.table);
    const rows = (before?.rows ?? 0) + written.records.length;
    this.#snapshots.set(written.table, { after: written.last ?? null, rows, isDone: written.last === undefined });
    // Also where a chunk had no rows, what is done has to be noted.
    await this.#open();
    report?.({ kind: 'snapshot', table: written.table, rows, isDone: written.last === undefined });
  }

  #place(isSnapshot: boolean): ChangePlace {
    const begin = this.#begin;
    return {
      xid: begin?.xid ?? 0,
      lsn: begin?.finalLsn ?? this.#lsn,
      commitMs: begin === undefined ? Date.now() : Number(begin.commitMicros / 1000n),
      nowMs: Date.now(),
      isSnapshot,
    };
  }

  async #write(records: readonly ChangeRecord[]): Promise<void> {
    const transaction = await this.#open();
    for (const record of records) {
      if (!transaction.write(record)) await transaction.ready({ signal: this.#parts.signal });
    }
    this.#records += records.length;
    // A large transaction of the source spans several of Kafka's.
    if (this.#begin !== undefined && this.#records >= this.#recordsMax()) await this.#commit();
  }

  async #open(): Promise<Transaction> {
    if (this.#transaction === undefined) {
      this.#transaction = await this.#parts.producer.begin();
      this.#openedAt = performance.now();
    }
    return this.#transaction;
  }

  #recordsMax(): number {
    return this.#parts.options.commitRecords ?? 20_000;
  }

  #isDue(): boolean {
    const { commitMs = 100 } = this.#parts.options;
    return this.#records >= this.#recordsMax() || performance.now() - this.#openedAt >= commitMs;
  }

  async #commit(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    const { options, stream } = this.#parts;
    const partial = this.#begin === undefined ? undefined : { finalLsn: this.#begin.finalLsn, changes: this.#changes };
    writeProgress(transaction, options.name, { lsn: this.#lsn, partial, snapshots: this.#snapshots });
    await transaction.commit();
    const records = this.#records;
    this.#transaction = undefined;
    this.#records = 0;
    stream.confirm(this.#lsn);
    const lagMs = this.#lastCommitMs === 0 ? 0 : Math.max(0, Date.now() - this.#lastCommitMs);
    options.report?.({ kind: 'committed', records, lsn: lsnText(this.#lsn), lagMs });
  }
}
