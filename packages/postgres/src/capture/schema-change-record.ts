/** A change of a table's shape as the record that it becomes: Debezium's schema change event. */
import type { ChangeSource } from '../change-events/change-event.ts';
import type { ColumnShape, SchemaChangeEvent, TableChange, TableShape } from '../change-events/schema-change-event.ts';
import type { ChangePlace, ChangeRecord, Origin } from './change-events.ts';
import type { ShapeChange } from './schema-history.ts';
import type { ColumnDescription, TableDescription } from './table-description.ts';

/** Records of the changes, in their order. */
export function schemaChangeRecord(
  change: ShapeChange,
  { origin, place }: { readonly origin: Origin; readonly place: ChangePlace },
): ChangeRecord {
  const { schema, table } = change.after ?? change.before ?? { schema: '', table: '' };
  const source: ChangeSource = {
    version: '0.1.0',
    connector: 'postgresql',
    name: origin.name,
    ts_ms: place.commitMs,
    snapshot: 'false',
    db: origin.database,
    schema,
    table,
    txId: place.xid,
    // Below 2^53 for eight petabytes of log.
    lsn: Number(place.lsn),
    xmin: null,
  };
  const event: SchemaChangeEvent = {
    source,
    ts_ms: place.nowMs,
    databaseName: origin.database,
    schemaName: schema,
    ddl: null,
    tableChanges: [tableChange(change, origin.topicOf(schema, table))],
  };
  const key = JSON.stringify({ databaseName: origin.database });
  return { topic: origin.schemaTopic, key, value: JSON.stringify(event) };
}

function tableChange({ type, before, after, version }: ShapeChange, topic: string): TableChange {
  const isRenamed = before !== undefined && after !== undefined && idOf(before) !== idOf(after);
  return {
    type,
    id: idOf(after ?? before),
    previousId: isRenamed ? idOf(before) : null,
    table: after === undefined ? null : tableShape(after),
    version,
    topic,
    renamedColumns: renamed(before, after),
  };
}

function idOf(table: TableDescription | undefined): string {
  return `"${table?.schema ?? ''}"."${table?.table ?? ''}"`;
}

function renamed(
  before: TableDescription | undefined,
  after: TableDescription | undefined,
): TableChange['renamedColumns'] {
  return (after?.columns ?? []).flatMap(({ number, name }) => {
    const old = number === null ? undefined : before?.columns.find((column) => column.number === number);
    return old === undefined || old.name === name ? [] : [{ from: old.name, to: name }];
  });
}

function tableShape({ columns, key, comment }: TableDescription): TableShape {
  return {
    defaultCharsetName: null,
    primaryKeyColumnNames: key,
    columns: columns.map(columnShape),
    comment,
  };
}

function columnShape(column: ColumnDescription, index: number): ColumnShape {
  const { length, scale } = sizeOf(column);
  return {
    name: column.name,
    jdbcType: jdbcTypes[column.typeName] ?? (column.typeName.startsWith('_') ? 2003 : 1111),
    nativeType: column.typeOid,
    typeName: column.typeName,
    typeExpression: column.type,
    charsetName: null,
    length,
    scale,
    position: index + 1,
    optional: column.isOptional,
    autoIncremented: column.isIdentity || column.default?.startsWith('nextval(') === true,
    generated: column.isGenerated,
    comment: column.comment,
    hasDefaultValue: column.default !== null,
    defaultValueExpression: column.default,
    enumValues: column.enumValues,
    domainOf: column.domainOf,
    attributeNumber: column.number,
  };
}

function sizeOf({ typeName, modifier }: ColumnDescription): { length: number | null; scale: number | null } {
  if (modifier < 0) return { length: null, scale: null };
  switch (typeName) {
    case 'numeric':
      // 4 is the header's size, which PostgreSQL adds; the scale has a sign.
      return { length: ((modifier - 4) >> 16) & 0xffff, scale: (((modifier - 4) & 0x7ff) ^ 1024) - 1024 };
    case 'varchar':
    case 'bpchar':
      return { length: modifier - 4, scale: null };
    default:
      return { length: modifier, scale: null };
  }
}

/** `java.sql.Types`, as PostgreSQL's driver for Java has them. */
const jdbcTypes: Readonly<Record<string, number>> = {
  bool: -7,
  bit: -7,
  int2: 5,
  int4: 4,
  int8: -5,
  oid: -5,
  float4: 7,
  float8: 8,
  money: 8,
  numeric: 2,
  bpchar: 1,
  char: 1,
  varchar: 12,
  text: 12,
  name: 12,
  bytea: -2,
  date: 91,
  time: 92,
  timetz: 2013,
  timestamp: 93,
  timestamptz: 2014,
  xml: 2009,
};
