/**
 * A table's events as Debezium's envelopes in JSON without schemas. One is made for each shape that a table has, and
 * writes a row's bytes into JSON's bytes.
 */
import { unavailableValue } from '../change-events/change-event.ts';
import { schemaVersionHeader } from '../change-events/schema-change-event.ts';
import { type TupleBytes, valueTags } from '../replication/pgoutput/tuple-bytes.ts';
import { type ByteEncoder, byteEncoderOf } from '../replication/values/byte-encoder.ts';
import type { EncodingOptions } from '../replication/values/encoder.ts';
import { JsonOutput } from '../replication/values/json-output.ts';
import type { SourceTypes } from '../replication/values/source-types.ts';
import type { ChangePlace, EventWriter, Origin, RowEvent } from './change-events.ts';
import type { TableDescription } from './table-description.ts';

export interface WriterParts {
  readonly table: TableDescription;
  readonly version: number;
  readonly origin: Origin;
  readonly types: SourceTypes;
  readonly encoding: EncodingOptions;
}

interface Field {
  readonly name: string;
  readonly prefix: Buffer;
  readonly encode: ByteEncoder;
}

const nullBytes = Buffer.from('null');
const beginBytes = Buffer.from('{');
const endBytes = Buffer.from('}');
const beforeBytes = Buffer.from('{"before":');
const afterBytes = Buffer.from(',"after":');
const unavailableBytes = Buffer.from(JSON.stringify(unavailableValue));

export class JsonEvents implements EventWriter {
  readonly table: string;
  readonly topic: string;
  readonly headers: EventWriter['headers'];
  readonly #fields: readonly Field[];
  readonly #key: readonly (Field & { readonly index: number })[];
  readonly #sourceBegin: string;
  readonly #sourceMiddle: string;
  #place: ChangePlace | undefined;
  #source = Buffer.alloc(0);
  readonly #out = new JsonOutput();

  constructor({ table, version, origin, types, encoding }: WriterParts) {
    this.table = `${table.schema}.${table.table}`;
    this.topic = origin.topicOf(table.schema, table.table);
    this.headers = [[schemaVersionHeader, String(version)]];
    this.#fields = table.columns.map(({ name, typeOid, modifier }, index) => ({
      name,
      prefix: Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`),
      encode: byteEncoderOf(typeOid, modifier, { ...encoding, types }),
    }));
    this.#key = table.key.flatMap((name, place) => {
      const index = this.#fields.findIndex((field) => field.name === name);
      const field = this.#fields[index];
      return field === undefined
        ? []
        : [{ ...field, index, prefix: Buffer.from(`${place === 0 ? '{' : ','}${JSON.stringify(name)}:`) }];
    });
    const name = JSON.stringify(origin.name);
    this.#sourceBegin = `,"source":{"version":"0.1.0","connector":"postgresql","name":${name},"ts_ms":`;
    this.#sourceMiddle =
      `"db":${JSON.stringify(origin.database)},"schema":${JSON.stringify(table.schema)},` +
      `"table":${JSON.stringify(table.table)},"txId":`;
  }

  key(row: TupleBytes): Buffer | null {
    if (this.#key.length === 0) return null;
    const out = this.#out;
    for (const { index, prefix, encode } of this.#key) {
      out.copy(prefix);
      const at = row.placeOf(index);
      if (at === undefined || row.bytes[at] !== valueTags.text) out.copy(nullBytes);
      else encode(row.bytes, at + 5, at + 5 + row.bytes.readUInt32BE(at + 1), out);
    }
    out.copy(endBytes);
    return out.take();
  }

  identity(row: TupleBytes): string | undefined {
    const [first, ...more] = this.#key;
    if (first === undefined) return undefined;
    const values = row.values();
    let text = values[first.index] ?? '';
    for (const { index } of more) text += `\0${values[index] ?? ''}`;
    return text;
  }

  value({ op, before, after, place, order }: RowEvent): Buffer {
    if (place !== this.#place) {
      this.#place = place;
      this.#source = Buffer.from(this.#sourceOf(place));
    }
    const out = this.#out;
    out.copy(beforeBytes);
    this.#row(before, out);
    out.copy(afterBytes);
    this.#row(after, out);
    out.copy(this.#source);
    out.text(`${op}","ts_ms":${place.nowMs},"transaction":`);
    if (order === undefined) out.copy(nullBytes);
    else out.text(`{"id":"${order.id}","total_order":${order.total},"data_collection_order":${order.ofTable}}`);
    out.copy(endBytes);
    return out.take();
  }

  #sourceOf({ commitMs, isSnapshot, xid, lsn }: ChangePlace): string {
    return (
      `${this.#sourceBegin}${commitMs},"snapshot":"${isSnapshot ? 'incremental' : 'false'}",${this.#sourceMiddle}` +
      `${isSnapshot ? 'null' : xid},"lsn":${lsn},"xmin":null},"op":"`
    );
  }

  #row(row: TupleBytes | null, out: JsonOutput): void {
    if (row === null) return out.copy(nullBytes);
    const { bytes } = row;
    const count = bytes.readUInt16BE(row.at);
    let at = row.at + 2;
    out.copy(beginBytes);
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) {
      const { prefix, encode } = fields[i]!;
      out.copy(prefix);
      const tag = i < count ? bytes[at++] : valueTags.unsent;
      if (tag === valueTags.text) {
        const end = at + 4 + bytes.readUInt32BE(at);
        encode(bytes, at + 4, end, out);
        at = end;
      } else out.copy(tag === valueTags.null ? nullBytes : unavailableBytes);
    }
    out.copy(endBytes);
  }
}
