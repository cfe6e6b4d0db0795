/**
 * The tables of a capture as the stream has them: what they look like, how their events are written, how far their rows
 * are read. Each change of a shape becomes an event where it stands, before the first row that has it.
 */
import type { Client } from 'pg';
import type { RelationMessage } from '../replication/pgoutput/message.ts';
import { readTypes, type SourceTypes } from '../replication/values/source-types.ts';
import { type ChangePlace, type ChangeRecord, type EventWriter, type Origin, truncateRecord } from './change-events.ts';
import { describeTable, describeTypes, isWanted } from './describe-tables.ts';
import type { WriterParts } from './json-events.ts';
import { type CaptureProgress, notBegun, type SnapshotProgress, type TableProgress } from './progress.ts';
import { schemaChangeRecord } from './schema-change-record.ts';
import { SchemaHistory, type ShapeChange } from './schema-history.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { TableDescription } from './table-description.ts';

export interface TableParts {
  /** For questions in between. */
  readonly source: Client;
  readonly origin: Origin;
  readonly patterns: readonly string[];
  readonly hasGenerated: boolean;
  /** Whether rows that are there are read. */
  readonly isRead: boolean;
  readonly encoding: WriterParts['encoding'];
  readonly makeWriter: (parts: WriterParts) => EventWriter | Promise<EventWriter>;
  readonly ensureTopic: (topic: string) => Promise<void>;
  readonly changed: (change: ShapeChange) => void;
}

interface Relation {
  readonly message: RelationMessage;
  /** Null of a table that is not wanted. */
  writer: EventWriter | null | undefined;
}

export class CapturedTables {
  readonly #parts: TableParts;
  readonly #history: SchemaHistory;
  readonly #reader: SnapshotReader;
  readonly #snapshots: Map<number, SnapshotProgress>;
  readonly #relations = new Map<number, Relation>();
  readonly #dirty = new Set<number>();
  #types: SourceTypes | undefined;

  constructor(parts: TableParts, reader: SnapshotReader, progress: Pick<CaptureProgress, 'tables' | 'version'>) {
    const known = progress.tables;
    this.#parts = parts;
    this.#reader = reader;
    this.#history = new SchemaHistory(known, progress.version, parts.patterns);
    this.#snapshots = new Map([...known].map(([oid, { snapshot }]) => [oid, snapshot]));
    for (const [oid, { description, snapshot }] of known) {
      if (parts.isRead && isWanted(description, parts.patterns)) reader.add(description, snapshot);
      else this.#snapshots.set(oid, { ...snapshot, isDone: true });
    }
  }

  /** Of the last change of a shape. */
  get version(): number {
    return this.#history.version;
  }

  get count(): number {
    return this.#history.all.length;
  }

  relation(message: RelationMessage): void {
    this.#relations.set(message.oid, { message, writer: undefined });
  }

  /** Undefined of a table that is not captured. */
  known(oid: number): EventWriter | null | undefined {
    return this.#relations.get(oid)?.writer;
  }

  /** Writes events of a table's rows from here on; `write` takes those of its shape first. */
  async learn(oid: number, place: ChangePlace, write: Write): Promise<EventWriter | undefined> {
    const relation = this.#relations.get(oid);
    if (relation === undefined) return undefined;
    const { message } = relation;
    if (!isWanted(message, this.#parts.patterns)) {
      relation.writer = null;
      return undefined;
    }
    if (!this.#history.isKnown(message)) {
      const { source, hasGenerated } = this.#parts;
      const now = await describeTable(source, oid, hasGenerated);
      const types = await describeTypes(source, message.columns);
      await this.#apply(this.#history.relation(message, { xid: place.xid, now, types }), place, write);
    }
    const writer = await this.#writerOf(oid);
    relation.writer = writer ?? null;
    return writer;
  }

  /** A look at the catalog, where its mark stands. */
  async catalog(
    tables: readonly TableDescription[],
    { unseen, place, write }: { unseen: (xid: number) => boolean; place: ChangePlace; write: Write },
  ): Promise<void> {
    await this.#apply(this.#history.catalog(tables, unseen), place, write);
  }

  /** How rows that were read are written: in the shape that the table had then, which is now its shape here too. */
  async writerOfRead(table: TableDescription, place: ChangePlace, write: Write): Promise<EventWriter | undefined> {
    await this.#apply(this.#history.table(table), place, write);
    return await this.#writerOf(table.oid);
  }

  /** Rows that are there are read (again) from the beginning. Answers the names of the tables. */
  readAgain(patterns: readonly string[]): string[] {
    const asked = this.#history.all.filter(({ description }) => isWanted(description, patterns));
    for (const { description } of asked) {
      this.progressed(description.oid, notBegun);
      this.#reader.add(description, notBegun);
    }
    return asked.map(({ description }) => `${description.schema}.${description.table}`);
  }

  progressed(oid: number, snapshot: SnapshotProgress): void {
    this.#snapshots.set(oid, snapshot);
    this.#dirty.add(oid);
  }

  snapshotOf(oid: number): SnapshotProgress {
    return this.#snapshots.get(oid) ?? notBegun;
  }

  get hasNews(): boolean {
    return this.#dirty.size > 0;
  }

  /** What changed of tables since this was asked last: null of those that are gone. */
  takeNews(): [oid: number, progress: TableProgress | null][] {
    const news = [...this.#dirty].map((oid): [number, TableProgress | null] => {
      const known = this.#history.get(oid);
      return [oid, known === undefined ? null : { ...known, snapshot: this.snapshotOf(oid) }];
    });
    this.#dirty.clear();
    return news;
  }

  async #apply(changes: readonly ShapeChange[], place: ChangePlace, write: Write): Promise<void> {
    for (const [index, change] of changes.entries()) {
      const { type, before, after } = change;
      const { origin } = this.#parts;
      for (const table of [before, after]) if (table !== undefined) this.#forgetWriter(table.oid);
      if (after === undefined) {
        this.#gone(before);
        const isMadeAnew = changes[index + 1]?.type === 'CREATE' && before !== undefined;
        // Its rows are gone, and others come under the same name.
        if (isMadeAnew) await write([truncateRecord(await this.#make(before, change.version), place, undefined)]);
      } else {
        this.#dirty.add(after.oid);
        await this.#parts.ensureTopic(origin.topicOf(after.schema, after.table));
      }
      await write([schemaChangeRecord(change, { origin, place })]);
      this.#parts.changed(change);
      if (after === undefined) continue;
      if (type === 'CREATE') {
        const snapshot = this.#parts.isRead ? notBegun : { ...notBegun, isDone: true };
        this.#snapshots.set(after.oid, snapshot);
        this.#reader.add(after, snapshot);
      } else {
        this.#reader.altered(after);
      }
    }
  }

  #gone(table: TableDescription | undefined): void {
    if (table === undefined) return;
    this.#snapshots.delete(table.oid);
    this.#relations.delete(table.oid);
    this.#reader.remove(table.oid);
    this.#dirty.add(table.oid);
  }

  #forgetWriter(oid: number): void {
    const relation = this.#relations.get(oid);
    if (relation !== undefined) relation.writer = undefined;
  }

  async #writerOf(oid: number): Promise<EventWriter | undefined> {
    const known = this.#history.get(oid);
    return known === undefined ? undefined : await this.#make(known.description, known.version);
  }

  async #make(table: TableDescription, version: number): Promise<EventWriter> {
    const { source, origin, encoding, makeWriter } = this.#parts;
    const types = this.#types;
    if (types === undefined || table.columns.some(({ typeOid }) => !types.has(typeOid))) {
      this.#types = await readTypes(source);
    }
    return await makeWriter({ table, version, origin, encoding, types: this.#types ?? new Map() });
  }
}

export type Write = (records: readonly ChangeRecord[]) => Promise<void> | undefined;
