/**
 * Records of change topics as changes: Debezium's envelope in JSON, with and without schemas, whoever wrote it. Texts
 * of schemas that were seen before are compared, not read again.
 */
import { MillraceError } from '@millrace/base';
import { schemaVersionHeader } from '../../change-events/schema-change-event.ts';
import type { ConnectSchema } from './connect-schema.ts';
import { shapeOfEnvelope } from './connect-schema.ts';
import { isObject, type Json, type JsonObject, LongNumber, parseLossless } from './lossless-json.ts';
import type { RowShape } from './row-shape.ts';

/** A record is no change event. */
export class ChangeEventError extends MillraceError {
  readonly code = 'change_event_invalid';
}

export interface SourceTable {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
}

export interface RowChange {
  readonly table: SourceTable;
  /** As Debezium has them: `r` read, `c` create, `u` update, `d` delete, `t` truncate. */
  readonly op: 'r' | 'c' | 'u' | 'd' | 't';
  /** Null where nothing tells the table's rows apart. */
  readonly key: JsonObject | null;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** Undefined where records bring no schemas. */
  readonly shape: RowShape | undefined;
  /** Of the table's shape among the schema changes; undefined where records name none. */
  readonly version: number | undefined;
  readonly topic: string;
  /** The source's position of the transaction, as text; its number there; empty when the event tells none. */
  readonly lsn: string;
  readonly transaction: string;
  /** When it was committed at the source; ms since 1970. */
  readonly commitMs: number;
  readonly sizeInBytes: number;
}

/** What is read of a record. */
export interface ReadableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  header(name: string): Uint8Array | null | undefined;
}

const operations = new Set(['r', 'c', 'u', 'd', 't']);

export class ChangeDecoder {
  /** By topic: the last schema's text, with what is before and behind it, and what it means. */
  readonly #schemas = new Map<string, { readonly prefix: string; readonly shape: RowShape | undefined }>();

  /** Undefined for records that change no row: tombstones, messages, heartbeats. Throws `ChangeEventError`. */
  decode(record: ReadableRecord): RowChange | undefined {
    if (record.valueBytes === null) return undefined;
    const text = textOf(record.valueBytes);
    const { payload, shape } = this.#read(record, text);
    if (!isObject(payload)) return undefined;
    const { op, source, before = null, after = null } = payload;
    if (!isObject(source) || typeof op !== 'string' || !operations.has(op)) return undefined;
    return {
      table: {
        database: String(source['db'] ?? ''),
        schema: String(source['schema'] ?? 'public'),
        name: String(source['table'] ?? ''),
      },
      op: op as RowChange['op'],
      key: keyOf(record),
      before: isObject(before) ? before : null,
      after: isObject(after) ? after : null,
      shape,
      version: versionOf(record),
      topic: record.topic,
      lsn: numberText(source['lsn']),
      transaction: numberText(source['txId']),
      commitMs: Number(numberText(source['ts_ms'])),
      sizeInBytes: record.valueBytes.length,
    };
  }

  #read(record: ReadableRecord, text: string): { readonly payload: Json; readonly shape: RowShape | undefined } {
    const known = this.#schemas.get(record.topic);
    if (known !== undefined && text.startsWith(known.prefix)) {
      return { payload: parsed(record, text.slice(known.prefix.length, -1)), shape: known.shape };
    }
    const whole = parsed(record, text);
    if (!isObject(whole) || !isObject(whole['schema']) || whole['payload'] === undefined) {
      return { payload: whole, shape: undefined };
    }
    const shape = shapeOfEnvelope(whole['schema'] as unknown as ConnectSchema);
    const prefix = `{"schema":${JSON.stringify(whole['schema'])},"payload":`;
    if (text.startsWith(prefix)) this.#schemas.set(record.topic, { prefix, shape });
    return { payload: whole['payload'], shape };
  }
}

function versionOf(record: ReadableRecord): number | undefined {
  const bytes = record.header(schemaVersionHeader);
  return bytes === undefined || bytes === null ? undefined : Number(textOf(bytes));
}

function keyOf(record: ReadableRecord): JsonObject | null {
  if (record.keyBytes === null) return null;
  const key = parsed(record, textOf(record.keyBytes));
  if (!isObject(key)) return null;
  const { schema, payload } = key;
  const isWrapped = isObject(schema) && payload !== undefined && Object.keys(key).length === 2;
  if (!isWrapped) return Object.keys(key).length === 0 ? null : key;
  return isObject(payload) ? payload : null;
}

function parsed({ topic, partition, offset }: ReadableRecord, text: string): Json {
  try {
    return parseLossless(text);
  } catch (cause) {
    throw new ChangeEventError(
      `the record at offset ${offset} of ${topic}, partition ${partition}, is not JSON; ` +
        'choose topics of change events with --topics',
      { cause },
    );
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function numberText(json: Json | undefined): string {
  if (json instanceof LongNumber) return json.text;
  return json === undefined || json === null ? '' : String(json);
}
