/** Avro schemas, as the registry reads them. */
import type { ParsedSchema, ResolvedReference, SchemaFormat } from '../../schema.ts';
import { avroIncompatibilities } from './avro-compatibility.ts';
import type { AvroType } from './avro-type.ts';
import { type AvroNames, parseAvro } from './parse-avro.ts';
import { printAvro } from './print-avro.ts';

class AvroSchema implements ParsedSchema {
  readonly schemaType = 'AVRO';
  readonly canonical: string;
  readonly #type: AvroType;
  readonly #referenced: readonly string[];

  constructor(type: AvroType, referenced: readonly string[]) {
    this.#type = type;
    this.#referenced = referenced;
    this.canonical = printAvro(type, referenced, { sortsProperties: false });
  }

  get normalized(): string {
    return printAvro(this.#type, this.#referenced, { sortsProperties: true });
  }

  reads(writer: ParsedSchema) {
    if (writer instanceof AvroSchema) return avroIncompatibilities(this.#type, writer.#type);
    throw new TypeError(`an Avro schema is not compared with one of type ${writer.schemaType}`);
  }
}

export const avroFormat: SchemaFormat = {
  schemaType: 'AVRO',
  parse(schema: string, references: readonly ResolvedReference[]): ParsedSchema {
    const names: AvroNames = new Map();
    for (const reference of references) parseAvro(reference.schema, names);
    const referenced = [...names.keys()];
    return new AvroSchema(parseAvro(schema, names), referenced);
  },
};
