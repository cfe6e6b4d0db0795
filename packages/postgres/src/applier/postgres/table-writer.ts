/**
 * A table's changes, in their order, in the transaction that the session has open. What changes of many keys come to is
 * collected and written at once; what has to happen at its place (a truncation, another shape, a row whose key changes
 * and whose large values were not sent) ends what was collected before.
 */

import { unavailableValue } from '../../change-events/change-event.ts';
import { type ObjectName, quoted } from '../../sql/names.ts';
import type { JsonObject } from '../events/lossless-json.ts';
import type { RowChange } from '../events/row-change.ts';
import type { RowShape } from '../events/row-shape.ts';
import type { TableVersion } from '../events/schema-topic.ts';
import type { AppliedChange } from '../target.ts';
import { addSql, alterSql, createSql, guessedShape } from './follow-shape.ts';
import { PendingRows } from './pending-rows.ts';
import type { SessionParts } from './postgres-session.ts';
import { changeRows, removeSame, type WrittenRow, writeRows } from './row-statements.ts';
import { readVersion, writeVersion } from './state-tables.ts';
import { TargetError } from './target-error.ts';
import { readTargetTable, type TargetTable } from './target-table.ts';

export class TableWriter {
  readonly #parts: SessionParts;
  readonly #name: ObjectName;
  #table: TargetTable | undefined;
  /** The version of the source's shapes that the target's table has. */
  #version: TableVersion | undefined;
  #isKnown = false;
  #pending = new PendingRows();
  /** A removal that may turn out to be the first half of a changed key. */
  #removed: { readonly change: RowChange; readonly id: string; readonly key: WrittenRow } | undefined;

  constructor(parts: SessionParts, name: ObjectName) {
    this.#parts = parts;
    this.#name = name;
  }

  /** Changes of this table; with `oneByOne` nothing is collected. */
  async apply(changes: readonly AppliedChange[], oneByOne: boolean): Promise<void> {
    for (const [index, { change, versions }] of changes.entries()) {
      await this.#follow(change, versions, changes.slice(index));
      await this.#take(change, versions?.at(-1));
      if (oneByOne) await this.#flush();
    }
    await this.#flush();
  }

  async #take(change: RowChange, version: TableVersion | undefined): Promise<void> {
    const table = this.#there();
    const { client } = this.#parts;
    if (change.op === 't') {
      await this.#flush();
      await client.query(`TRUNCATE ${table.sql}`);
      return;
    }
    const { key } = change;
    if (table.key.length === 0 || key === null) {
      await this.#takeKeyless(table, change, version);
      return;
    }
    if (change.op === 'd') {
      const keyRow = this.#written(table, key, change, version);
      const id = idOf(table, keyRow);
      this.#removed = { change, id, key: keyRow };
      this.#pending.remove(id, keyRow);
      return;
    }
    if (change.after === null) return;
    const row = this.#written(table, change.after, change, version);
    const keyRow = new Map(table.key.map((column) => [column, row.get(column) ?? null]));
    const id = idOf(table, keyRow);
    const isPart = Object.values(change.after).includes(unavailableValue);
    const removed = this.#removed;
    this.#removed = undefined;
    if (isPart && change.op === 'c' && removed !== undefined && isOneTransaction(removed.change, change)) {
      await this.#move(table, removed, row);
      return;
    }
    this.#pending.write(id, keyRow, row, isPart);
  }

  /** The key of a row changed; values that were not sent are still in the row under the old one. */
  async #move(
    table: TargetTable,
    { id, key }: { readonly id: string; readonly key: WrittenRow },
    row: WrittenRow,
  ): Promise<void> {
    const { client } = this.#parts;
    this.#pending.takeBack(id);
    await this.#flush();
    await this.#told(1 - (await changeRows(client, table, [key], [row])));
  }

  async #takeKeyless(table: TargetTable, change: RowChange, version: TableVersion | undefined): Promise<void> {
    await this.#flush();
    const { client } = this.#parts;
    if (change.before !== null) {
      await removeSame(client, table, this.#written(table, change.before, change, version));
    } else if (change.op === 'u' || change.op === 'd') {
      throw new TargetError(
        `${table.sql} has no key, and its changes do not tell the old row; give the source's table a primary key or ` +
          'REPLICA IDENTITY FULL, or leave its topic out',
      );
    }
    if (change.after !== null) await writeRows(client, table, [this.#written(table, change.after, change, version)]);
  }

  /** Values by the target's columns, as the server reads them. */
  #written(table: TargetTable, row: JsonObject, change: RowChange, version: TableVersion | undefined): WrittenRow {
    const shape = version?.shape ?? change.shape;
    const written = new Map<string, string | null>();
    for (const [name, value] of Object.entries(row)) {
      if (value === unavailableValue) continue;
      const column = version === undefined ? name : this.#nameNow(name, version);
      const target = column === undefined ? undefined : table.columns.get(column);
      if (column === undefined || target === undefined) continue;
      const write = shape?.columns.get(name)?.write ?? target.write;
      written.set(column, value === null ? null : write(value));
    }
    return written;
  }

  /** A record may be of an earlier shape than the table has: partitions are not equally far. */
  #nameNow(name: string, version: TableVersion): string | undefined {
    const now = this.#version;
    if (now === undefined || now.change.version === version.change.version) return name;
    const id = version.shape.columns.get(name)?.id;
    if (id === undefined) return name;
    return [...now.shape.columns.values()].find((column) => column.id === id)?.name;
  }

  /** Brings the table to the change's shape. */
  async #follow(
    change: RowChange,
    versions: readonly TableVersion[] | undefined,
    rest: readonly AppliedChange[],
  ): Promise<void> {
    const { client, writing, applier } = this.#parts;
    if (!this.#isKnown) {
      this.#table = await readTargetTable(client, this.#name, writing);
      const noted = await readVersion(client, applier, this.#name);
      this.#version = versions?.find(({ change: { version } }) => version === noted);
      this.#isKnown = true;
    }
    const wanted = versions?.at(-1);
    if (this.#table !== undefined && wanted !== undefined && this.#version !== undefined) {
      const from = this.#version.change.version;
      if (wanted.change.version > from) {
        await this.#step(versions?.filter(({ change: { version } }) => version >= from) ?? []);
      }
      return;
    }
    if (wanted !== undefined && this.#version === undefined) {
      await this.#begin(wanted.shape, wanted.shape.key ?? []);
      await this.#noteVersion(wanted);
      return;
    }
    const key = Object.keys(change.key ?? {});
    const shape = change.shape ?? (this.#lacks(change) ? guessedShape(rowsOf(rest)) : undefined);
    if (shape !== undefined) await this.#begin(shape, key);
  }

  #lacks({ after, op }: RowChange): boolean {
    if (this.#table === undefined) return op !== 'd' && op !== 't';
    const columns = this.#table.columns;
    return Object.entries(after ?? {}).some(([name, value]) => value !== null && !columns.has(name));
  }

  /** Each of the versions behind the first, in its turn. */
  async #step(versions: readonly TableVersion[]): Promise<void> {
    await this.#flush();
    const { client } = this.#parts;
    for (const [index, after] of versions.entries()) {
      const before = versions[index - 1];
      if (before === undefined) continue;
      const isNew = before.change.type === 'DROP';
      const statements = isNew
        ? [
            `DROP TABLE IF EXISTS ${this.#there().sql}`,
            ...(await createSql(client, this.#name, after.shape, after.shape.key ?? [])),
          ]
        : await alterSql(client, this.#name, before, after);
      await this.#run(statements);
    }
    const last = versions.at(-1);
    if (last !== undefined) await this.#noteVersion(last);
  }

  /** Makes the table, or adds what it lacks. */
  async #begin(shape: RowShape, key: readonly string[]): Promise<void> {
    const { client } = this.#parts;
    const table = this.#table;
    if (table === undefined) {
      await this.#run(await createSql(client, this.#name, shape, key));
      return;
    }
    const added = [...shape.columns.values()].filter(({ name }) => !table.columns.has(name));
    if (added.length === 0) return;
    await this.#flush();
    // Generated columns are not among those that can be written, and are there.
    await this.#run(await addSql(client, table.sql, added));
  }

  async #run(statements: readonly string[]): Promise<void> {
    const { client, tell, writing } = this.#parts;
    // Sessions beside this one make schemas too.
    if (statements.length > 0) await client.query(`SELECT pg_advisory_xact_lock(hashtext('millrace_sync'))`);
    for (const sql of statements) {
      tell({ kind: 'changed_table', table: tableText(this.#name), sql });
      await client.query(sql);
    }
    this.#table = await readTargetTable(client, this.#name, writing);
  }

  async #noteVersion(version: TableVersion): Promise<void> {
    const { client, applier } = this.#parts;
    this.#version = version;
    await writeVersion(client, applier, this.#name, version.change.version);
  }

  async #flush(): Promise<void> {
    this.#removed = undefined;
    if (this.#table === undefined || this.#pending.isEmpty) return;
    await this.#told(await this.#pending.flush(this.#parts.client, this.#table));
  }

  async #told(missing: number): Promise<void> {
    if (missing > 0) this.#parts.tell({ kind: 'missing_rows', table: tableText(this.#name), rows: missing });
  }

  #there(): TargetTable {
    if (this.#table === undefined) {
      throw new TargetError(`${tableText(this.#name)} is not there, and its changes do not tell what it is`);
    }
    return this.#table;
  }
}

function tableText({ schema = 'public', name }: ObjectName): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

function idOf(table: TargetTable, key: WrittenRow): string {
  return JSON.stringify(table.key.map((column) => key.get(column) ?? null));
}

function isOneTransaction(a: RowChange, b: RowChange): boolean {
  return a.transaction === b.transaction && a.lsn === b.lsn;
}

function rowsOf(changes: readonly AppliedChange[]): (JsonObject | null)[] {
  return changes.slice(0, 100).map(({ change }) => change.after);
}
