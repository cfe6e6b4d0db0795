/** What a schema is to the registry: text of one of three types, with references to schemas that it builds on. */

export const schemaTypes = ['AVRO', 'JSON', 'PROTOBUF'] as const;
export type SchemaType = (typeof schemaTypes)[number];

/** Names another schema: `name` is how the text calls it (a full name, a URL or a path). */
export interface SchemaReference {
  readonly name: string;
  /** Qualified with its context. */
  readonly subject: string;
  readonly version: number;
}

/** A schema's text and what it refers to. */
export interface SchemaText {
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** The text of a reference, and of those that it refers to itself, by the names under which schemas call them. */
export interface ResolvedReference {
  readonly name: string;
  readonly schema: string;
}

/** Why one schema can't read what another wrote. */
export interface Incompatibility {
  /** Upper case with underscores: Apache Avro's names for Avro, those of Confluent's checks for the others. */
  readonly errorType: string;
  /** A sentence, given how the reading and the writing schema are called: `new` and `old`, or the other way. */
  readonly describe: (reader: string, writer: string) => string;
}

/** A schema that was read. */
export interface ParsedSchema {
  readonly schemaType: SchemaType;
  /** The text that is stored: what the format says that is no matter of meaning (space, order) made regular. */
  readonly canonical: string;
  /** The text after everything was made regular that may be without a change of meaning (`normalize=true`). */
  readonly normalized: string;
  /** Why data written with `writer` can't be read with this one; empty when it can. */
  reads(writer: ParsedSchema): Incompatibility[];
  /** The schema in another form; undefined when the type has no such form. */
  formatted?(format: string): string | undefined;
}

/** Reads texts of one type. */
export interface SchemaFormat {
  readonly schemaType: SchemaType;
  /** `references` lie in the order in which each builds on those before it. @throws RegistryError `invalid_schema` */
  parse(schema: string, references: readonly ResolvedReference[]): ParsedSchema;
}
