/**
 * The shapes that tables have had, in the order of the source's log, and what changed from each to the next. Shapes
 * come from two sides: messages of the stream say exactly which columns its rows have, from where they stand on; looks
 * at the catalog say all the rest, where their mark stands in the log. Pure: nothing is asked of anybody.
 */
import type { RelationMessage } from '../replication/pgoutput/message.ts';
import { isWanted } from './describe-tables.ts';
import {
  type ColumnDescription,
  hasSameRows,
  isSameDescription,
  type TableDescription,
  type TypeDescription,
} from './table-description.ts';

export interface KnownTable {
  readonly description: TableDescription;
  /** That of the change that brought it. */
  readonly version: number;
}

export interface ShapeChange {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  readonly before: TableDescription | undefined;
  readonly after: TableDescription | undefined;
  /** Of all changes of the capture, counted from 1. */
  readonly version: number;
}

export class SchemaHistory {
  readonly #tables: Map<number, KnownTable>;
  /** By table: the transaction whose message changed it last. */
  readonly #changedBy = new Map<number, number>();
  readonly #patterns: readonly string[];
  #version: number;

  /** `version`: of the last change before. */
  constructor(known: ReadonlyMap<number, KnownTable>, version: number, patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#version = version;
    this.#tables = new Map(known);
  }

  get(oid: number): KnownTable | undefined {
    return this.#tables.get(oid);
  }

  /** Of the last change. */
  get version(): number {
    return this.#version;
  }

  get all(): readonly KnownTable[] {
    return [...this.#tables.values()];
  }

  /** Rows of the stream look so from here on. `now` is what the catalog says, and may be ahead; `types` of columns. */
  relation(
    message: RelationMessage,
    { xid, now, types }: { xid: number; now: TableDescription | undefined; types: readonly TypeDescription[] },
  ): ShapeChange[] {
    const known = this.#tables.get(message.oid)?.description;
    const after = describedBy(message, { known, now, types });
    if (known !== undefined && hasSameRows(known, after)) return [];
    this.#changedBy.set(message.oid, xid);
    return this.#become(after);
  }

  /** Whether a message of the stream says what is known of its table. */
  isKnown(message: RelationMessage): boolean {
    const known = this.#tables.get(message.oid)?.description;
    return known !== undefined && hasSameRows(known, describedBy(message, { known, now: undefined, types: [] }));
  }

  /** A look at all tables; `unseen` are transactions whose work it did not see. */
  catalog(tables: readonly TableDescription[], unseen: (xid: number) => boolean): ShapeChange[] {
    const there = new Set(tables.map(({ oid }) => oid));
    const changes: ShapeChange[] = [];
    for (const [oid, { description }] of this.#tables) {
      if (there.has(oid) || this.#isNewer(oid, unseen)) continue;
      this.#tables.delete(oid);
      // What is not wanted any more is forgotten, and is no change of the source's.
      if (!isWanted(description, this.#patterns)) continue;
      changes.push({ type: 'DROP', before: description, after: undefined, version: ++this.#version });
    }
    for (const table of tables) {
      const known = this.#tables.get(table.oid)?.description;
      if (this.#isNewer(table.oid, unseen) || (known !== undefined && isSameDescription(known, table))) continue;
      changes.push(...this.#become(table));
    }
    return changes;
  }

  /** One table as it was read with its rows. */
  table(after: TableDescription): ShapeChange[] {
    const known = this.#tables.get(after.oid)?.description;
    return known !== undefined && isSameDescription(known, after) ? [] : this.#become(after);
  }

  #isNewer(oid: number, unseen: (xid: number) => boolean): boolean {
    const xid = this.#changedBy.get(oid);
    return xid !== undefined && unseen(xid);
  }

  #become(after: TableDescription): ShapeChange[] {
    const known = this.#tables.get(after.oid);
    const changes: ShapeChange[] = [];
    for (const [oid, other] of this.#tables) {
      const { schema, table } = other.description;
      if (oid === after.oid || schema !== after.schema || table !== after.table) continue;
      // Dropped and made anew.
      this.#tables.delete(oid);
      changes.push({ type: 'DROP', before: other.description, after: undefined, version: ++this.#version });
    }
    const version = ++this.#version;
    this.#tables.set(after.oid, { description: after, version });
    const type = known === undefined ? 'CREATE' : 'ALTER';
    changes.push({ type, before: known?.description, after, version });
    return changes;
  }
}

/** What is not in the message stays as it was known; of a new column the least is said, until the catalog tells. */
function describedBy(
  message: RelationMessage,
  {
    known,
    now,
    types,
  }: {
    readonly known: TableDescription | undefined;
    readonly now: TableDescription | undefined;
    readonly types: readonly TypeDescription[];
  },
): TableDescription {
  const { oid, schema, table, replicaIdentity } = message;
  const numbers = columnNumbers(message, known, now);
  const columns = message.columns.map((column, index): ColumnDescription => {
    const { name, typeOid, modifier } = column;
    const number = numbers[index] ?? null;
    const before =
      known?.columns.find((each) => each.name === name && (number === null || each.number === number)) ??
      known?.columns.find((each) => number !== null && each.number === number);
    // Rows that were there before a column have its default: that is told with the column, and not later.
    const current = now?.columns.find((each) => each.name === name && each.number === number);
    const type = before?.typeOid === typeOid && before.modifier === modifier ? before : types[index];
    return {
      name,
      number,
      typeOid,
      modifier,
      type: type?.type ?? 'text',
      typeName: type?.typeName ?? 'text',
      enumValues: type?.enumValues ?? null,
      domainOf: type?.domainOf ?? null,
      isOptional: before?.isOptional ?? !(column.isKey && replicaIdentity === 'd'),
      default: (before ?? current)?.default ?? null,
      isGenerated: (before ?? current)?.isGenerated ?? false,
      isIdentity: (before ?? current)?.isIdentity ?? false,
      comment: before?.comment ?? null,
    };
  });
  const key = keyOf(message, known, now);
  return { oid, schema, table, replicaIdentity, columns, key, comment: known?.comment ?? now?.comment ?? null };
}

/** With the default, and with an index, the flags are the key; else the catalog has to say it. */
function keyOf(
  { replicaIdentity, columns }: RelationMessage,
  known: TableDescription | undefined,
  now: TableDescription | undefined,
): readonly string[] {
  const names = new Set(columns.map(({ name }) => name));
  if (replicaIdentity === 'd' || replicaIdentity === 'i') {
    const flagged = columns.filter(({ isKey }) => isKey).map(({ name }) => name);
    const isSame = (key: readonly string[] | undefined): boolean =>
      key?.length === flagged.length && flagged.every((name) => key.includes(name));
    for (const key of [known?.key, now?.key]) if (key !== undefined && isSame(key)) return key;
    return flagged;
  }
  return [known?.key, now?.key].find((key) => key?.every((name) => names.has(name))) ?? [];
}

/**
 * Columns' numbers never change, and new columns stand behind all others: so a name that was not there in front of one
 * that was is that of a renamed column, unless the catalog knows better.
 */
function columnNumbers(
  { columns }: RelationMessage,
  known: TableDescription | undefined,
  now: TableDescription | undefined,
): (number | null)[] {
  const before = known?.columns ?? [];
  const numbers = columns.map(({ name }) => {
    const current = now?.columns.find((column) => column.name === name)?.number;
    return current ?? before.find((column) => column.name === name)?.number ?? null;
  });
  for (const [index, column] of columns.entries()) {
    if (numbers[index] !== null) continue;
    const low = numbers.slice(0, index).findLast((number) => number !== null) ?? 0;
    const high = numbers.slice(index + 1).find((number) => number !== null) ?? Number.POSITIVE_INFINITY;
    const free = before.filter(
      ({ number, typeOid }) =>
        number !== null && number > low && number < high && typeOid === column.typeOid && !numbers.includes(number),
    );
    if (free.length === 1) numbers[index] = free[0]?.number ?? null;
  }
  return numbers;
}
