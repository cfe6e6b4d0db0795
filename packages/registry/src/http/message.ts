/** Requests and answers of the dialect, as schemas. */
import { type Static, Type } from 'typebox';
import type { RegisteredSchema } from '../state/registry-state.ts';

const absent = Type.Null();

const Reference = Type.Object({
  name: Type.String({ description: 'How the schema calls the other one: a full name, a URL or a path' }),
  subject: Type.String({ minLength: 1 }),
  version: Type.Integer({ minimum: -1, description: '-1: the latest' }),
});

export const SchemaRequest = Type.Object({
  schema: Type.String(),
  schemaType: Type.Optional(Type.Union([Type.String(), absent], { description: 'AVRO (default), JSON or PROTOBUF' })),
  references: Type.Optional(Type.Union([Type.Array(Reference), absent])),
  id: Type.Optional(Type.Union([Type.Integer(), absent], { description: 'In mode IMPORT alone' })),
  version: Type.Optional(Type.Union([Type.Integer(), absent])),
  metadata: Type.Optional(Type.Unknown({ description: 'Refused unless empty' })),
  ruleSet: Type.Optional(Type.Unknown({ description: 'Refused unless empty' })),
});
export type SchemaRequest = Static<typeof SchemaRequest>;

/** A schema in an answer; the type is left out where it is AVRO, references where there are none. */
export const SchemaAnswer = Type.Object({
  schemaType: Type.Optional(Type.String()),
  schema: Type.String(),
  references: Type.Optional(Type.Array(Reference)),
  maxId: Type.Optional(Type.Integer()),
});
export type SchemaAnswer = Static<typeof SchemaAnswer>;

export const VersionAnswer = Type.Object({
  subject: Type.String(),
  version: Type.Integer(),
  id: Type.Integer(),
  ...SchemaAnswer.properties,
});

export function schemaAnswer({ schemaType, schema, references }: RegisteredSchema, text = schema): SchemaAnswer {
  return {
    ...(schemaType !== 'AVRO' && { schemaType }),
    ...(references.length > 0 && { references: [...references] }),
    schema: text,
  };
}

export function versionAnswer(registered: RegisteredSchema, text?: string) {
  const { subject, version, id } = registered;
  return { subject, version, id, ...schemaAnswer(registered, text) };
}

export const SubjectPath = Type.Object({ subject: Type.String() });
export const VersionPath = Type.Object({ subject: Type.String(), version: Type.String() });
export const IdPath = Type.Object({ id: Type.Integer() });

const flag = Type.Optional(Type.Boolean());
export const Flags = Type.Object({
  normalize: flag,
  deleted: flag,
  deletedOnly: flag,
  permanent: flag,
  verbose: flag,
  defaultToGlobal: flag,
  force: flag,
  fetchMaxId: flag,
  latestOnly: flag,
  format: Type.Optional(Type.String({ description: '`serialized`: a Protobuf schema as a descriptor in base64' })),
  subject: Type.Optional(Type.String()),
  subjectPrefix: Type.Optional(Type.String({ description: 'Default `:*:`: subjects of all contexts' })),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ description: 'Negative (default): all' })),
});
export type Flags = Static<typeof Flags>;

/** Which versions a request wants. */
export function visibilityOf({ deleted, deletedOnly }: Flags): 'present' | 'all' | 'deleted' {
  if (deletedOnly === true) return 'deleted';
  return deleted === true ? 'all' : 'present';
}

/** The part of a list that a request wants. */
export function pageOf<Item>(items: readonly Item[], { offset = 0, limit = -1 }: Flags): Item[] {
  return items.slice(offset, limit < 0 ? undefined : offset + limit);
}
