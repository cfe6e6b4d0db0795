/**
 * JSON values of a topic with a registered JSON Schema. What is written has to be valid by it, and what is read too,
 * whichever version it was written with: that versions are compatible is what the registry sees to.
 */
import type { Serde } from '@millrace/client';
import { Compile, type Validator, type XSchema } from 'typebox/schema';
import { resolveReferences } from '../read-schema.ts';
import type { Registry } from '../registry.ts';
import type { SchemaText } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { splitSchemaId, withSchemaId } from './wire-format.ts';
import { refuseNull, registered, type SchemaSerdeOptions } from './written-schema.ts';

/** How many mistakes an error tells. */
const toldMax = 5;

/** Registers the schema, unless it is there, and answers the serde. Rejects as `Registry.register` does. */
export async function jsonSchema<T>(registry: Registry, options: SchemaSerdeOptions): Promise<Serde<T>> {
  const { id, state, text } = await registered(registry, 'JSON', options);
  const validator = validatorOf(state, text);
  const check = (value: unknown): T => {
    if (validator.Check(value)) return value as T;
    throw new TypeError(`it is not valid by schema ${id}: ${mistakes(validator, value)}`);
  };
  return {
    // Checked as others read it: members that are undefined, or have a toJSON, are no JSON yet.
    serialize(value) {
      const written = JSON.stringify(value);
      if (written === undefined) throw new TypeError('undefined and functions have no JSON form');
      check(JSON.parse(written));
      return withSchemaId(id, Buffer.from(written));
    },
    deserialize: (bytes) => check(JSON.parse(splitSchemaId(bytes ?? refuseNull()).value.toString('utf8'))),
  };
}

/** One thing that is wrong with a value; `path` is a JSON Pointer to it. */
export interface JsonSchemaMistake {
  readonly path: string;
  readonly message: string;
}

/** Compiles a registered JSON Schema; what it answers tells up to five mistakes of a value, none when it is valid. */
export function jsonSchemaChecker(state: RegistryState, text: SchemaText): (value: unknown) => JsonSchemaMistake[] {
  const validator = validatorOf(state, text);
  return (value) => {
    if (validator.Check(value)) return [];
    const [, errors] = validator.Errors(value);
    return errors.slice(0, toldMax).map(({ instancePath, message }) => ({ path: instancePath, message }));
  };
}

function validatorOf(state: RegistryState, text: SchemaText): Validator {
  const references = resolveReferences(state, text).map(({ name, schema }) => [name, JSON.parse(schema)] as const);
  return Compile(Object.fromEntries(references) as Record<string, XSchema>, JSON.parse(text.schema) as XSchema);
}

function mistakes(validator: Validator, value: unknown): string {
  const [, errors] = validator.Errors(value);
  const told = errors.slice(0, toldMax).map(({ instancePath, message }) => `${instancePath} ${message}`.trim());
  return `${told.join('; ')}${errors.length > toldMax ? `; and ${errors.length - toldMax} more` : ''}`;
}
