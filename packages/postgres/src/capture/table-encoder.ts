/**
 * Rows of a table as Debezium's change events, in JSON without schemas. One is made for each shape that a table has,
 * and does nothing for a row but put texts together.
 */
import { unavailableValue } from '../change-events/change-event.ts';
import type { RelationMessage, Tuple } from '../replication/pgoutput/message.ts';
import { type Encoder, type EncodingOptions, encoderOf } from '../replication/values/encoder.ts';
import type { SourceTypes } from '../replication/values/source-types.ts';

export class TableEncoder {
  readonly schema: string;
  readonly table: string;
  readonly keyColumns: readonly number[];
  readonly #fields: readonly { readonly prefix: string; readonly encode: Encoder }[];

  /** `keys`: names of the columns that tell rows apart: those of the replica identity, or of the primary key. */
  constructor(
    { schema, table, columns }: Pick<RelationMessage, 'schema' | 'table' | 'columns'>,
    { keys, ...encoding }: EncodingOptions & { readonly types: SourceTypes; readonly keys: readonly string[] },
  ) {
    this.schema = schema;
    this.table = table;
    this.keyColumns = keys.map((key) => columns.findIndex(({ name }) => name === key)).filter((index) => index >= 0);
    this.#fields = columns.map(({ name, typeOid, modifier }, index) => ({
      prefix: `${index === 0 ? '' : ','}${JSON.stringify(name)}:`,
      encode: encoderOf(typeOid, modifier, encoding),
    }));
  }

  /** The row; values that were not sent are taken from `before` where it has them. */
  row(values: Tuple, before?: Tuple): string {
    let json = '{';
    for (let i = 0; i < this.#fields.length; i++) {
      const { prefix, encode } = this.#fields[i]!;
      const value = values[i] === undefined ? before?.[i] : values[i];
      json += prefix;
      json += value === undefined ? `"${unavailableValue}"` : value === null ? 'null' : encode(value);
    }
    return `${json}}`;
  }

  /** Undefined of a table whose rows nothing tells apart. */
  key(values: Tuple): string | undefined {
    if (this.keyColumns.length === 0) return undefined;
    let json = '{';
    for (const [index, column] of this.keyColumns.entries()) {
      const { prefix, encode } = this.#fields[column]!;
      const value = values[column];
      const name = prefix.startsWith(',') ? prefix.slice(1) : prefix;
      json += `${index === 0 ? '' : ','}${name}${value === undefined || value === null ? 'null' : encode(value)}`;
    }
    return `${json}}`;
  }
}
