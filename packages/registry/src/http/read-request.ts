/** From what a request says of a schema to what the registry takes. */
import type { RegisterRequest } from '../registrations.ts';
import { invalidSchema } from '../registry-error.ts';
import type { SchemaReference, SchemaType } from '../schema.ts';
import { schemaTypes } from '../schema.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { qualified, qualifiedIn, subjectName } from '../subject-name.ts';
import type { SchemaRequest } from './message.ts';

/** The subject that a path names. */
export function subjectOf(params: { readonly subject: string }): string {
  return qualified(subjectName(params.subject));
}

/** @throws RegistryError `invalid_schema` for a type or a part that is not known here. */
export function registerRequest(
  state: RegistryState,
  subject: string,
  body: SchemaRequest,
  normalize = false,
): RegisterRequest {
  const schemaType = (body.schemaType || 'AVRO') as SchemaType;
  if (!schemaTypes.includes(schemaType)) throw invalidSchema(`Invalid schema type ${schemaType}`);
  for (const part of ['metadata', 'ruleSet'] as const) {
    if (!isEmpty(body[part])) {
      throw invalidSchema(`${part} is not kept by this registry; register the schema without it`);
    }
  }
  const { context } = subjectName(subject);
  const references = (body.references ?? []).map((reference): SchemaReference => {
    const of = qualifiedIn(context, reference.subject);
    const version = reference.version > 0 ? reference.version : (state.versions(of).at(-1)?.version ?? 1);
    return { name: reference.name, subject: of, version };
  });
  const id = positive(body.id);
  const version = positive(body.version);
  return { schemaType, schema: body.schema, references, normalize, id, version };
}

function positive(value: number | null | undefined): number | undefined {
  return value === null || value === undefined || value <= 0 ? undefined : value;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isEmpty);
}
