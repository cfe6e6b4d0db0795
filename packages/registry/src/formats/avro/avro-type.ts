/** An Avro schema as a graph of types: names resolved, so that a recursive type leads back to itself. */

export const primitiveNames = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type PrimitiveName = (typeof primitiveNames)[number];

/** Attributes that Avro gives no meaning to, or leaves to others (`logicalType`, `doc` and the like aside). */
export type Properties = readonly (readonly [name: string, value: unknown])[];

interface Attributed {
  readonly properties: Properties;
}

interface Named extends Attributed {
  /** With its namespace. */
  readonly fullName: string;
  readonly doc: unknown;
  /** Full names; undefined when none were given. */
  readonly aliases: readonly string[] | undefined;
}

export interface AvroField extends Attributed {
  readonly name: string;
  readonly type: AvroType;
  readonly doc: unknown;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly order: unknown;
  readonly aliases: readonly string[] | undefined;
}

export interface AvroRecord extends Named {
  readonly kind: 'record' | 'error';
  /** Filled once its own name is known to its fields. */
  fields: readonly AvroField[];
}

export interface AvroEnum extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface AvroFixed extends Named {
  readonly kind: 'fixed';
  readonly size: number;
}

export interface AvroPrimitive extends Attributed {
  readonly kind: PrimitiveName;
}

export interface AvroArray extends Attributed {
  readonly kind: 'array';
  readonly items: AvroType;
}

export interface AvroMap extends Attributed {
  readonly kind: 'map';
  readonly values: AvroType;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
export type AvroType = AvroNamed | AvroPrimitive | AvroArray | AvroMap | AvroUnion;

export function isNamed(type: AvroType): type is AvroNamed {
  return 'fullName' in type;
}

/** The last part of a full name. */
export function shortName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** What stands before it; empty without a namespace. */
export function namespaceOf(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf('.')));
}
