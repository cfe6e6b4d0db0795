/**
 * What the registry's topic holds: facts, each the latest of its key, so that the topic can be compacted. Keys and
 * values are JSON. A record without a value takes a fact back.
 *
 * The `ids` fact goes with every schema that gets a new id: it keeps the highest id that was ever given, which the
 * schemas themselves do not once they are deleted and compacted away.
 */
import { compileChecker } from '@millrace/api';
import { type Static, Type } from 'typebox';
import { compatibilityLevels } from '../compatibility-level.ts';
import { schemaTypes } from '../schema.ts';

export const modes = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT', 'FORWARD'] as const;
export type Mode = (typeof modes)[number];

const subject = Type.String();
const position = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

const FactKey = Type.Union([
  Type.Object({ kind: Type.Literal('schema'), subject, version: position }),
  Type.Object({ kind: Type.Literal('config'), subject }),
  Type.Object({ kind: Type.Literal('mode'), subject }),
  Type.Object({ kind: Type.Literal('ids') }),
]);

const StoredSchema = Type.Object({
  id: position,
  schemaType: Type.Enum([...schemaTypes]),
  schema: Type.String(),
  references: Type.Array(Type.Object({ name: Type.String(), subject, version: position })),
  /** Softly: it is found by id, and hidden elsewhere unless asked for. */
  deleted: Type.Boolean(),
});
export type StoredSchema = Static<typeof StoredSchema>;

const StoredConfig = Type.Object({
  compatibility: Type.Optional(Type.Enum([...compatibilityLevels])),
  normalize: Type.Optional(Type.Boolean()),
});
export type StoredConfig = Static<typeof StoredConfig>;

const StoredMode = Type.Object({ mode: Type.Enum([...modes]) });
const StoredIds = Type.Object({ highest: position });

/** A fact with its value, or null in its place. */
export type Fact =
  | { readonly kind: 'schema'; readonly subject: string; readonly version: number; readonly value: StoredSchema | null }
  | { readonly kind: 'config'; readonly subject: string; readonly value: StoredConfig | null }
  | { readonly kind: 'mode'; readonly subject: string; readonly value: { readonly mode: Mode } | null }
  | { readonly kind: 'ids'; readonly value: { readonly highest: number } | null };

const keys = compileChecker(FactKey);
const values = {
  schema: compileChecker(StoredSchema),
  config: compileChecker(StoredConfig),
  mode: compileChecker(StoredMode),
  ids: compileChecker(StoredIds),
} as const;

/** Key and value of the record that holds the fact. */
export function encodeFact({ value, ...key }: Fact): { readonly key: string; readonly value: string | null } {
  return { key: JSON.stringify(key), value: value === null ? null : JSON.stringify(value) };
}

/** The fact in a record; a string says why it holds none. */
export function decodeFact(key: Uint8Array | null, value: Uint8Array | null): Fact | string {
  if (key === null) return 'it has no key';
  const parsedKey = parse(key);
  if (typeof parsedKey === 'string' || !keys.check(parsedKey)) return 'its key is none of the registry';
  if (value === null) return { ...parsedKey, value: null };
  const parsed = parse(value);
  if (!values[parsedKey.kind].check(parsed)) return `its value is none of a ${parsedKey.kind}`;
  return { ...parsedKey, value: parsed } as Fact;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return 'no JSON';
    throw error;
  }
}
