/**
 * How Kafka's messages are described: one plain `as const` literal per request and response, in which versions are
 * data. The TypeScript type of a message is derived from its literal (`Message<typeof request>`), so no code is
 * generated into files.
 *
 * A schema object lists fields in wire order. One value represents every version of a message: a field that a version
 * lacks holds its default after decoding; encoding a value other than the default into such a version fails for a
 * request, unless the field is `ignorable`, and drops the value for a response. Source of the rules: "Kafka message
 * definitions" (apache/kafka, common/message/README.md).
 */

/** A range of versions: `3+`, `0-2`, `5`. */
export type Versions = `${number}+` | `${number}-${number}` | `${number}`;

/**
 * Wire types without parts. `int64` is a `number` (the README says within which bounds); `uuid` is text in Kafka's
 * 22-character base64url form; `records` is a run of record batches, which are never copied: decoding yields a view,
 * encoding passes chunks through.
 */
export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';

interface FieldBase {
  /** Versions that carry the field; all when absent. */
  readonly versions?: Versions;
  /** Versions in which the field may be null; none when absent. */
  readonly nullable?: Versions;
  /** The value in versions without the field; when absent 0, '', false, empty, or a struct of defaults. */
  readonly default?: string | number | boolean | null;
  /** A value other than the default is dropped without an error in versions that lack the field. */
  readonly ignorable?: true;
  /** The tag of a tagged field. */
  readonly tag?: number;
  /** Versions in which the field is tagged; goes with `tag`. */
  readonly tagged?: Versions;
}

export interface PrimitiveField extends FieldBase {
  readonly type: Primitive;
}

export interface StructField extends FieldBase {
  readonly type: 'struct';
  readonly fields: Fields;
}

export interface ArrayField extends FieldBase {
  readonly type: 'array';
  readonly of: Primitive | Fields;
}

export type Field = PrimitiveField | StructField | ArrayField;

/** Field name to field, in wire order. */
export interface Fields {
  readonly [name: string]: Field;
}

/** What the broker and the client agree on for one Kafka API: its key, its versions, and its two messages. */
export interface Api<Request extends Fields = Fields, Response extends Fields = Fields> {
  readonly key: number;
  readonly name: string;
  /** Versions the schemas describe. */
  readonly versions: Versions;
  /** Versions with compact lengths and tagged fields (KIP-482); none when absent. */
  readonly flexible?: Versions;
  readonly request: Request;
  readonly response: Response;
}

/** Bytes of record batches: one view, or the chunks that make it up, in order. */
export type RecordBytes = Uint8Array | readonly Uint8Array[];

interface Values {
  bool: boolean;
  int8: number;
  int16: number;
  uint16: number;
  int32: number;
  uint32: number;
  int64: number;
  float64: number;
  uuid: string;
  string: string;
  bytes: Uint8Array;
  records: Uint8Array;
}

type ElementOf<Of extends Primitive | Fields> = Of extends Primitive
  ? Values[Of]
  : Of extends Fields
    ? Message<Of>
    : never;

type BareValue<F extends Field> = F extends { type: 'array'; of: infer Of extends Primitive | Fields }
  ? ElementOf<Of>[]
  : F extends { type: 'struct'; fields: infer S extends Fields }
    ? Message<S>
    : F extends { type: infer P extends Primitive }
      ? Values[P]
      : never;

type OrNull<F extends Field, V> = F extends { nullable: Versions }
  ? V | null
  : F extends { default: null }
    ? V | null
    : V;

/**
 * The value of a message or struct as decoding yields it: every field present. Views (`bytes`, `records`) pin their
 * frame.
 */
export type Message<S extends Fields> = { -readonly [Name in keyof S]: OrNull<S[Name], BareValue<S[Name]>> };

type DraftElement<Of extends Primitive | Fields> = Of extends 'records'
  ? RecordBytes
  : Of extends Primitive
    ? Values[Of]
    : Of extends Fields
      ? Draft<Of>
      : never;

type BareDraft<F extends Field> = F extends { type: 'array'; of: infer Of extends Primitive | Fields }
  ? readonly DraftElement<Of>[]
  : F extends { type: 'struct'; fields: infer S extends Fields }
    ? Draft<S>
    : F extends { type: infer P extends Primitive }
      ? P extends 'records'
        ? RecordBytes
        : Values[P]
      : never;

type OptionalNames<S extends Fields> = {
  [Name in keyof S]: S[Name] extends { versions: Versions } | { default: unknown } | { tag: number } ? Name : never;
}[keyof S];

/** A message as encoding takes it: fields with a default, or that not every version has, may be left out. */
export type Draft<S extends Fields> = {
  readonly [Name in Exclude<keyof S, OptionalNames<S>>]: OrNull<S[Name], BareDraft<S[Name]>>;
} & { readonly [Name in OptionalNames<S>]?: OrNull<S[Name], BareDraft<S[Name]>> | undefined };

export type RequestOf<A extends Api> = Message<A['request']>;
export type ResponseOf<A extends Api> = Message<A['response']>;
export type RequestDraft<A extends Api> = Draft<A['request']>;
export type ResponseDraft<A extends Api> = Draft<A['response']>;
