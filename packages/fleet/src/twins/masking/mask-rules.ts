/**
 * From rules to what becomes of records. Of several rules that reach a leaf the nearest decides: a pointer before the
 * name of a field, an exact pointer before one with `*`, a longer before a shorter one, a later before an earlier one.
 *
 * What no rule reaches is kept where the topic is public or internal. Where it is confidential, restricted or nobody
 * has said, it is not: leaves are redacted, the key is hashed whole, headers are left out.
 */
import type { MaskRule } from '@millrace/api/fleet';
import { type Mask, maskedText, maskJson, maskValue } from './mask-json.ts';

/** What reads values that are no JSON, and writes them again: `schemaValues` of `@millrace/registry`. */
export interface SchemaValues {
  read(bytes: Uint8Array): { readonly value: unknown; write(value: unknown): Uint8Array | undefined } | undefined;
}

export interface Maskable {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export interface MaskedRecord {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: readonly (readonly [key: string, value: Uint8Array | string | null])[];
}

/** Undefined: its value, or key, has no parts while the rules are for parts, so that it can't be masked. */
export type MaskRecord = (record: Maskable) => MaskedRecord | undefined;

interface Leaf {
  readonly path?: readonly string[] | undefined;
  readonly field?: string | undefined;
  readonly mask: Mask;
}

type MaskBytes = (bytes: Uint8Array) => Uint8Array | string | undefined;

/** Whether a name is one of these, where `*` stands for any text. */
export function matches(patterns: readonly string[] | undefined, name: string): boolean {
  return (
    patterns === undefined ||
    patterns.some((pattern) => {
      const [first = '', ...rest] = pattern.split('*');
      if (rest.length === 0) return pattern === name;
      const last = rest.pop() ?? '';
      if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
      let at = first.length;
      for (const part of rest) {
        at = name.indexOf(part, at) + part.length;
        if (at < part.length) return false;
      }
      return at <= name.length - last.length;
    })
  );
}

/** Rules for one topic, in words why they are none: whole and in parts at the same time. */
export function ruleProblem(rules: readonly MaskRule[], topic: string): string | undefined {
  for (const part of ['key', 'value'] as const) {
    const own = rules.filter((rule) => rule.part === part && matches(rule.topics, topic));
    const whole = own.filter(({ pointer, field }) => pointer === undefined && field === undefined);
    if (whole.length > 0 && whole.length < own.length) {
      const sentence = `the ${part} of ${topic} has a rule for the whole and rules for its parts`;
      return `${sentence}; the rest of the parts is pointer ""`;
    }
  }
  const invalid = rules.find(({ pointer }) => pointer !== undefined && pointer !== '' && !pointer.startsWith('/'));
  return invalid && `${JSON.stringify(invalid.pointer)} is no JSON Pointer: it begins with a slash, or is empty`;
}

/** Whether a topic that has to be masked has rules for its values. */
export function hasValueRules(rules: readonly MaskRule[], topic: string): boolean {
  return rules.some(({ part, topics }) => part === 'value' && matches(topics, topic));
}

export function maskRecords(
  rules: readonly MaskRule[],
  { topic, isSensitive }: { readonly topic: string; readonly isSensitive: boolean },
  key: Uint8Array,
  schemas?: SchemaValues | undefined,
): MaskRecord {
  const own = rules.filter(({ topics }) => matches(topics, topic));
  const ofPart = (part: MaskRule['part']): MaskRule[] => own.filter((rule) => rule.part === part);
  const maskKey = maskPart(ofPart('key'), isSensitive, isSensitive ? 'hash' : 'keep', key, schemas);
  const maskValue = maskPart(ofPart('value'), isSensitive, isSensitive ? 'redact' : 'keep', key, schemas);
  const headerRules = ofPart('headers');
  const headerMask = (name: string): Mask | undefined =>
    (headerRules.findLast(({ field }) => field === name) ?? headerRules.findLast(({ field }) => field === undefined))
      ?.mask ?? (isSensitive ? undefined : 'keep');
  return (record) => {
    const masked = record.value === null ? null : maskValue(record.value);
    const maskedKey = record.key === null ? null : maskKey(record.key);
    if (masked === undefined || maskedKey === undefined) return undefined;
    const headers = record.headers.flatMap(({ key: name, value }) => {
      const mask = headerMask(name);
      if (mask === undefined) return [];
      return [[name, value === null ? null : maskWhole(value, key, mask)] as const];
    });
    return { key: maskedKey, value: masked, headers };
  };
}

function maskPart(
  rules: readonly MaskRule[],
  isSensitive: boolean,
  otherwise: Mask,
  key: Uint8Array,
  schemas: SchemaValues | undefined,
): MaskBytes {
  const whole = rules.findLast(({ pointer, field }) => pointer === undefined && field === undefined);
  if (whole !== undefined || rules.length === 0) return (bytes) => maskWhole(bytes, key, whole?.mask ?? otherwise);
  const leaves: readonly Leaf[] = rules.map(({ pointer, field, mask }) => ({ path: pathOf(pointer), field, mask }));
  const rest: Mask = isSensitive ? 'redact' : 'keep';
  const maskOf = (path: readonly string[]): Mask => nearest(leaves, path)?.mask ?? rest;
  return (bytes) => {
    const read = schemas?.read(bytes);
    if (read !== undefined) return read.write(maskValue(read.value, key, maskOf));
    const { header, text } = splitHeader(bytes);
    const masked = text === undefined ? undefined : maskJson(text, key, maskOf);
    return masked === undefined || header === undefined ? masked : Buffer.concat([header, Buffer.from(masked)]);
  };
}

function maskWhole(bytes: Uint8Array, key: Uint8Array, mask: Mask): Uint8Array | string {
  if (mask === 'keep') return bytes;
  // What is no text is hashed as it is; its form can't be kept.
  const text = textOf(bytes);
  if (text !== undefined) return maskedText(text, key, mask);
  return maskedText(Buffer.from(bytes).toString('latin1'), key, mask === 'format' ? 'hash' : mask);
}

/** JSON may stand behind a zero and the id of its schema, as serializers with a registry write it. */
function splitHeader(bytes: Uint8Array): { readonly header?: Uint8Array; readonly text: string | undefined } {
  if (bytes[0] !== 0 || bytes.length < 5) return { text: textOf(bytes) };
  return { header: bytes.subarray(0, 5), text: textOf(bytes.subarray(5)) };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function pathOf(pointer: string | undefined): readonly string[] | undefined {
  if (pointer === undefined || pointer === '') return pointer === undefined ? undefined : [];
  const tokens = pointer.slice(1).split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function nearest(leaves: readonly Leaf[], path: readonly string[]): Leaf | undefined {
  let best: { readonly leaf: Leaf; readonly rank: readonly number[] } | undefined;
  for (const leaf of leaves) {
    const rank = rankOf(leaf, path);
    if (rank !== undefined && (best === undefined || !isBefore(rank, best.rank))) best = { leaf, rank };
  }
  return best?.leaf;
}

/** The greater the nearer; undefined when it does not reach the leaf. */
function rankOf({ path: wanted, field }: Leaf, path: readonly string[]): readonly number[] | undefined {
  if (wanted !== undefined) {
    if (!wanted.every((token, index) => index < path.length && (token === '*' || token === path[index])))
      return undefined;
    const exact = wanted.filter((token) => token !== '*').length;
    // The empty pointer is the rest, which even the name of a field goes before.
    return wanted.length === 0 ? [0] : [2, exact === wanted.length ? 1 : 0, wanted.length, exact];
  }
  const at = field === undefined ? -1 : path.lastIndexOf(field);
  return at < 0 ? undefined : [1, at];
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = (one[index] ?? -1) - (other[index] ?? -1);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
