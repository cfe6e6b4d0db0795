/**
 * The shape of a row from the schema that Kafka Connect's JSON converter writes with each record
 * (`schemas.enable=true`), with Debezium's semantic types.
 */

import { clockText, timestampText } from '../values/written-times.ts';
import { decimalText, plain, type Writer, writerOf } from '../values/written-value.ts';
import { type Json, LongNumber } from './lossless-json.ts';
import type { RowShape, ShapeColumn } from './row-shape.ts';

export interface ConnectSchema {
  readonly type: string;
  readonly name?: string | undefined;
  readonly field?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly fields?: readonly ConnectSchema[] | undefined;
  readonly items?: ConnectSchema | undefined;
}

/** Of an envelope: the columns of `after`, or of `before`. Undefined for what is no envelope. */
export function shapeOfEnvelope(envelope: ConnectSchema): RowShape | undefined {
  const row = envelope.fields?.find(({ field }) => field === 'after') ?? envelope;
  if (row.fields === undefined) return undefined;
  const columns = row.fields.map((field): [string, ShapeColumn] => {
    const { type, write } = columnOf(field);
    const name = field.field ?? '';
    return [name, { name, type, write }];
  });
  return { columns: new Map(columns) };
}

function columnOf(schema: ConnectSchema): { readonly type: string; readonly write: Writer } {
  const { name = '', parameters = {} } = schema;
  if (name === 'org.apache.kafka.connect.data.Decimal') {
    const scale = Number(parameters['scale'] ?? 0);
    const precision = parameters['connect.decimal.precision'];
    return {
      type: precision === undefined ? 'numeric' : `numeric(${precision},${scale})`,
      write: (json) => (typeof json === 'string' && json !== 'NaN' ? decimalText(json, scale) : plain(json)),
    };
  }
  if (schema.type === 'array' && schema.items !== undefined && !semantic.has(name)) {
    const { type } = columnOf(schema.items);
    return { type: `${type}[]`, write: writerOf(`${type}[]`) };
  }
  if (name === 'io.debezium.data.Bits') {
    const length = Number(parameters['length'] ?? 0);
    const type = length > 0 && length < 2 ** 31 - 1 ? `bit varying(${length})` : 'bit varying';
    return { type, write: writerOf(type) };
  }
  if (name.endsWith('.NanoTime')) return { type: 'time', write: (json) => clockText(bigOf(json) / 1000n) };
  if (name.endsWith('.NanoTimestamp')) {
    const isInfinite = (count: bigint): boolean => count === 2n ** 63n - 1n || count === -(2n ** 63n);
    return {
      type: 'timestamp',
      write: (json) => timestampText(isInfinite(bigOf(json)) ? bigOf(json) : bigOf(json) / 1000n),
    };
  }
  const type = semantic.get(name) ?? plainTypes[schema.type] ?? 'text';
  return { type, write: writerOf(type, { decimals: 'string' }) };
}

function bigOf(json: Json): bigint {
  return BigInt(json instanceof LongNumber ? json.text : Number(json));
}

const semantic: ReadonlyMap<string, string> = new Map([
  ['io.debezium.data.VariableScaleDecimal', 'numeric'],
  ['io.debezium.data.Json', 'json'],
  ['io.debezium.data.Xml', 'xml'],
  ['io.debezium.data.Uuid', 'uuid'],
  ['io.debezium.data.Tsvector', 'tsvector'],
  ['io.debezium.data.DoubleVector', 'vector'],
  ['io.debezium.data.FloatVector', 'halfvec'],
  ['io.debezium.data.SparseVector', 'sparsevec'],
  ['io.debezium.data.geometry.Point', 'point'],
  ['io.debezium.data.geometry.Line', 'line'],
  ['io.debezium.data.geometry.Circle', 'circle'],
  ['io.debezium.data.geometry.Geography', 'geography'],
  ['io.debezium.time.Date', 'date'],
  ['io.debezium.time.IsoDate', 'date'],
  ['io.debezium.time.Time', 'time(3)'],
  ['io.debezium.time.MicroTime', 'time'],
  ['io.debezium.time.IsoTime', 'time'],
  ['io.debezium.time.Timestamp', 'timestamp(3)'],
  ['io.debezium.time.MicroTimestamp', 'timestamp'],
  ['io.debezium.time.IsoTimestamp', 'timestamp'],
  ['io.debezium.time.ZonedTimestamp', 'timestamptz'],
  ['io.debezium.time.ZonedTime', 'timetz'],
  ['io.debezium.time.MicroDuration', 'interval'],
  ['io.debezium.time.Interval', 'interval'],
  ['org.apache.kafka.connect.data.Date', 'date'],
  ['org.apache.kafka.connect.data.Time', 'time(3)'],
  ['org.apache.kafka.connect.data.Timestamp', 'timestamp(3)'],
]);

const plainTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int8: 'smallint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float: 'real',
  double: 'double precision',
  bytes: 'bytea',
  struct: 'jsonb',
  map: 'jsonb',
};
