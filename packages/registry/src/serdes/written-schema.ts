/** The schema of a value that somebody else wrote, from what the registry has read: reading waits for nothing. */
import type { Registry } from '../registry.ts';
import type { SchemaText, SchemaType } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** @throws TypeError when the id is not known, or stands for a schema of another type. */
export function writtenSchema(
  { known }: Registry,
  id: number,
  schemaType: SchemaType,
): { readonly state: RegistryState; readonly text: SchemaText } {
  const [found] = known?.withId(id) ?? [];
  if (found === undefined || known === undefined) {
    throw new TypeError(`schema ${id} is not known to the registry (yet): was it written with another one?`);
  }
  if (found.schemaType !== schemaType) {
    throw new TypeError(`schema ${id} is not of type ${schemaType}, but ${found.schemaType}`);
  }
  return { state: known, text: found };
}

export interface SchemaSerdeOptions {
  /** Usually `<topic>-value` or `<topic>-key`. */
  readonly subject: string;
  /** Its text: JSON for Avro and JSON Schema, the text of a `.proto` file for Protobuf. */
  readonly schema: string;
  readonly references?: SchemaText['references'] | undefined;
}

/** Registers the schema, unless it is there, and answers its id with the state that has it. */
export async function registered(
  registry: Registry,
  schemaType: SchemaType,
  { subject, schema, references = [] }: SchemaSerdeOptions,
): Promise<{ readonly id: number; readonly state: RegistryState; readonly text: SchemaText }> {
  const text = { schemaType, schema, references, normalize: false };
  const { id } = await registry.register(subject, text);
  return { id, state: await registry.state(), text };
}

/** @throws TypeError */
export function refuseNull(): never {
  throw new TypeError('it is null; wrap the serde in nullable() if null is allowed here');
}
