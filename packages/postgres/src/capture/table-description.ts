/** What a table looks like at a point of the source's log. Plain values, which are kept with a capture's progress. */

export interface TableDescription {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** `d` default, `n` nothing, `f` full, `i` index. */
  readonly replicaIdentity: string;
  /** Those that the stream brings, in their order. */
  readonly columns: readonly ColumnDescription[];
  /** What tells rows apart, in its order: the index of the replica identity, or the primary key; empty without one. */
  readonly key: readonly string[];
  readonly comment: string | null;
}

/** A column's type, with what an applier needs to make it elsewhere. */
export interface TypeDescription {
  /** As it is written in SQL. */
  readonly type: string;
  /** `int4`, `_text`. */
  readonly typeName: string;
  /** Of an enum, or of an array of one. */
  readonly enumValues: readonly string[] | null;
  /** Of a domain: the type below it. */
  readonly domainOf: string | null;
}

export interface ColumnDescription extends TypeDescription {
  readonly name: string;
  /** The source's number of the column, which stays when it is renamed; null where it is not known. */
  readonly number: number | null;
  readonly typeOid: number;
  /** -1 where the type has none. */
  readonly modifier: number;
  readonly isOptional: boolean;
  readonly default: string | null;
  readonly isGenerated: boolean;
  readonly isIdentity: boolean;
  readonly comment: string | null;
}

/** Whether rows of both look the same to the stream: names, types and key. */
export function hasSameRows(a: TableDescription, b: TableDescription): boolean {
  return (
    a.schema === b.schema &&
    a.table === b.table &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, index) => {
      const other = b.columns[index];
      return column.name === other?.name && column.typeOid === other.typeOid && column.modifier === other.modifier;
    }) &&
    a.key.length === b.key.length &&
    a.key.every((name, index) => name === b.key[index])
  );
}

export function isSameDescription(a: TableDescription, b: TableDescription): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
