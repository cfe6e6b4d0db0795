/**
 * A table's events as Debezium's envelopes in JSON without schemas. One is made for each shape that a table has, and
 * does nothing for a row but put texts together.
 */
import { unavailableValue } from '../change-events/change-event.ts';
import { schemaVersionHeader } from '../change-events/schema-change-event.ts';
import type { Tuple } from '../replication/pgoutput/message.ts';
import { type Encoder, type EncodingOptions, encoderOf } from '../replication/values/encoder.ts';
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
  readonly prefix: string;
  readonly encode: Encoder;
}

export class JsonEvents implements EventWriter {
  readonly table: string;
  readonly topic: string;
  readonly headers: EventWriter['headers'];
  readonly #fields: readonly Field[];
  readonly #key: readonly (Field & { readonly index: number })[];
  readonly #sourceBegin: string;
  readonly #sourceMiddle: string;
  #place: ChangePlace | undefined;
  #source = '';

  constructor({ table, version, origin, types, encoding }: WriterParts) {
    this.table = `${table.schema}.${table.table}`;
    this.topic = origin.topicOf(table.schema, table.table);
    this.headers = [[schemaVersionHeader, String(version)]];
    this.#fields = table.columns.map(({ name, typeOid, modifier }, index) => ({
      name,
      prefix: `${index === 0 ? '' : ','}${JSON.stringify(name)}:`,
      encode: encoderOf(typeOid, modifier, { ...encoding, types }),
    }));
    this.#key = table.key.flatMap((name, place) => {
      const index = this.#fields.findIndex((field) => field.name === name);
      const field = this.#fields[index];
      return field === undefined
        ? []
        : [{ ...field, index, prefix: `${place === 0 ? '{' : ','}${JSON.stringify(name)}:` }];
    });
    const name = JSON.stringify(origin.name);
    this.#sourceBegin = `,"source":{"version":"0.1.0","connector":"postgresql","name":${name},"ts_ms":`;
    this.#sourceMiddle =
      `"db":${JSON.stringify(origin.database)},"schema":${JSON.stringify(table.schema)},` +
      `"table":${JSON.stringify(table.table)},"txId":`;
  }

  key(row: Tuple): string | null {
    if (this.#key.length === 0) return null;
    let json = '';
    for (const { index, prefix, encode } of this.#key) {
      const value = row[index];
      json += prefix;
      json += value === undefined || value === null ? 'null' : encode(value);
    }
    return `${json}}`;
  }

  identity(row: Tuple): string | undefined {
    const [first, ...more] = this.#key;
    if (first === undefined) return undefined;
    let text = row[first.index] ?? '';
    for (const { index } of more) text += `\0${row[index] ?? ''}`;
    return text;
  }

  value({ op, before, after, place, order }: RowEvent): string {
    if (place !== this.#place) {
      this.#place = place;
      this.#source = this.#sourceOf(place);
    }
    const block =
      order === undefined
        ? 'null'
        : `{"id":"${order.id}","total_order":${order.total},"data_collection_order":${order.ofTable}}`;
    const old = before === null ? 'null' : this.#row(before);
    const row = after === null ? 'null' : this.#row(after);
    return `{"before":${old},"after":${row}${this.#source},"op":"${op}","ts_ms":${place.nowMs},"transaction":${block}}`;
  }

  #sourceOf({ commitMs, isSnapshot, xid, lsn }: ChangePlace): string {
    return (
      `${this.#sourceBegin}${commitMs},"snapshot":"${isSnapshot ? 'incremental' : 'false'}",${this.#sourceMiddle}` +
      `${isSnapshot ? 'null' : xid},"lsn":${lsn},"xmin":null}`
    );
  }

  #row(values: Tuple): string {
    let json = '{';
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) {
      const { prefix, encode } = fields[i]!;
      const value = values[i];
      json += prefix;
      json += value === undefined ? `"${unavailableValue}"` : value === null ? 'null' : encode(value);
    }
    return `${json}}`;
  }
}
