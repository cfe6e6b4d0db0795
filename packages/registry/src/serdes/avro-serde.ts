/**
 * Avro values of a topic: written with one registered schema, read with it from whatever schema they were written with.
 * Schemas of others are taken from what the registry has read, so that reading waits for nothing.
 */
import type { Serde } from '@millrace/client';
import avsc from 'avsc';
import { resolveReferences } from '../read-schema.ts';
import type { Registry } from '../registry.ts';
import type { SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { splitSchemaId, withSchemaId } from './wire-format.ts';
import { refuseNull, registered, type SchemaSerdeOptions, writtenSchema } from './written-schema.ts';

/** Registers the schema, unless it is there, and answers the serde. Rejects as `Registry.register` does. */
export async function avro<T>(registry: Registry, options: SchemaSerdeOptions): Promise<Serde<T>> {
  const { id, state, text } = await registered(registry, 'AVRO', options);
  const type = avroType(state, text);
  const readers = new Map<number, (bytes: Buffer) => T>([[id, (bytes) => type.fromBuffer(bytes) as T]]);
  const readerOf = (written: number): ((bytes: Buffer) => T) => {
    const writer = writtenSchema(registry, written, 'AVRO');
    const resolver = type.createResolver(avroType(writer.state, writer.text));
    return (bytes) => type.fromBuffer(bytes, resolver) as T;
  };
  return {
    serialize: (value) => withSchemaId(id, type.toBuffer(value)),
    deserialize(bytes) {
      const { id: written, value } = splitSchemaId(bytes ?? refuseNull());
      const read = readers.get(written) ?? readerOf(written);
      readers.set(written, read);
      return read(value);
    },
  };
}

/** The type of a schema, with those that it refers to. */
export function avroType(state: RegistryState, text: SchemaText): avsc.Type {
  const registry: Record<string, avsc.Type> = {};
  for (const { schema } of resolveReferences(state, text)) {
    avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { registry });
  }
  return avsc.Type.forSchema(JSON.parse(text.schema) as avsc.Schema, { registry });
}
