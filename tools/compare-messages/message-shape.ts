/**
 * The form in which two descriptions of a message are compared: what a reader of the bytes and a user of the decoded
 * value can tell apart, each range of versions cut to the versions in which its field exists.
 */

/** An inclusive range of versions; undefined is none. */
export type Range = readonly [first: number, last: number] | undefined;

/** One field of a message or struct. */
export interface FieldShape {
  readonly name: string;
  /** A primitive's name, `struct`, or either with `[]` before it. */
  readonly type: string;
  readonly versions: Range;
  readonly nullable: Range;
  readonly tagged: Range;
  readonly tag: number | undefined;
  /** The default as text; `''` for an empty string, `none` for arrays and structs that can't have another. */
  readonly default: string;
  readonly ignorable: boolean;
  readonly fields: readonly FieldShape[];
}

/** A request or response. */
export interface MessageShape {
  readonly versions: Range;
  readonly flexible: Range;
  readonly fields: readonly FieldShape[];
}

/** Reads `3+`, `0-2`, `5`, `none`; undefined is no version. */
export function rangeOf(text: string | undefined): Range {
  if (text === undefined || text === 'none') return undefined;
  const [first, last] = text.split('-');
  if (text.endsWith('+')) return [Number.parseInt(text, 10), Number.POSITIVE_INFINITY];
  return [Number(first), Number(last ?? first)];
}

/** The versions that both ranges have. */
export function intersection(left: Range, right: Range): Range {
  if (left === undefined || right === undefined) return undefined;
  const first = Math.max(left[0], right[0]);
  const last = Math.min(left[1], right[1]);
  return first <= last ? [first, last] : undefined;
}

/** The range as a person reads it. */
export function rangeText(range: Range): string {
  if (range === undefined) return 'none';
  return range[0] === range[1] ? `${range[0]}` : `${range[0]}-${range[1]}`;
}

/** The default that a type has where none is named. */
export function implicitDefault(type: string): string {
  if (type.startsWith('[]') || type === 'struct') return 'none';
  if (type === 'string' || type === 'bytes' || type === 'records') return "''";
  if (type === 'bool') return 'false';
  return '0';
}
