/**
 * Avro values of a topic: written with one registered schema, read with it from whatever schema they were written with.
 * Schemas of others are taken from what the registry has read, so that reading waits for nothing.
 */
import type { Serde } from '@millrace/client';
import avsc from 'avsc';
import { resolveReferences } from '../read-schema.ts';
import type { Registry } from '../registry.ts';
import type { SchemaReference, SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { splitSchemaId, withSchemaId } from './wire-format.ts';

export interface AvroSerdeOptions {
  /** Usually `<topic>-value` or `<topic>-key`. */
  readonly subject: string;
  /** The schema as JSON. */
  readonly schema: string;
  readonly references?: readonly SchemaReference[] | undefined;
}

/** Registers the schema, unless it is there, and answers the serde. Rejects as `Registry.register` does. */
export async function avro<T>(registry: Registry, options: AvroSerdeOptions): Promise<Serde<T>> {
  const { subject, schema, references = [] } = options;
  const text = { schemaType: 'AVRO', schema, references, normalize: false } as const;
  const { id } = await registry.register(subject, text);
  const type = typeOf(await registry.state(), text);
  const readers = new Map<number, (bytes: Buffer) => T>([[id, (bytes) => type.fromBuffer(bytes) as T]]);
  const readerOf = (written: number): ((bytes: Buffer) => T) => {
    const [found] = registry.known?.withId(written) ?? [];
    if (found === undefined || registry.known === undefined) {
      throw new TypeError(`schema ${written} is not known to the registry (yet): was it written with another one?`);
    }
    if (found.schemaType !== 'AVRO') throw new TypeError(`schema ${written} is not Avro, but ${found.schemaType}`);
    const resolver = type.createResolver(typeOf(registry.known, found));
    return (bytes) => type.fromBuffer(bytes, resolver) as T;
  };
  return {
    serialize: (value) => withSchemaId(id, type.toBuffer(value)),
    deserialize(bytes) {
      if (bytes === null) throw new TypeError('it is null; wrap the serde in nullable() if null is allowed here');
      const { id: written, value } = splitSchemaId(bytes);
      const read = readers.get(written) ?? readerOf(written);
      readers.set(written, read);
      return read(value);
    },
  };
}

function typeOf(state: RegistryState, text: SchemaText): avsc.Type {
  const registry: Record<string, avsc.Type> = {};
  for (const { schema } of resolveReferences(state, text)) {
    avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { registry });
  }
  return avsc.Type.forSchema(JSON.parse(text.schema) as avsc.Schema, { registry });
}
