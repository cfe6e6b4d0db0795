/** Reading of version ranges in schemas. */
import { assert } from '@millrace/base';
import type { Api, Versions } from './schema.ts';

/** An inclusive range of versions; `last` may be Infinity. */
export interface VersionRange {
  readonly first: number;
  readonly last: number;
}

const none: VersionRange = { first: 1, last: 0 };
const parsed = new Map<string, VersionRange>();

/** The range a schema's text means; absent means none. */
export function versionRange(text: Versions | undefined): VersionRange {
  if (text === undefined) return none;
  let range = parsed.get(text);
  if (range === undefined) {
    range = parse(text);
    parsed.set(text, range);
  }
  return range;
}

/** Whether a version lies in the range that a schema's text means. */
export function hasVersion(text: Versions | undefined, version: number): boolean {
  const range = versionRange(text);
  return version >= range.first && version <= range.last;
}

/** The highest version that both the schema and a peer's advertised range have, or undefined when they share none. */
export function highestCommonVersion(api: Api, peer: VersionRange): number | undefined {
  const own = versionRange(api.versions);
  const version = Math.min(own.last, peer.last);
  return version >= Math.max(own.first, peer.first) ? version : undefined;
}

function parse(text: string): VersionRange {
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text);
  assert(match !== null, `malformed version range ${text} in a schema`);
  const first = Number(match[1]);
  if (match[2] === '+') return { first, last: Number.POSITIVE_INFINITY };
  return { first, last: match[3] === undefined ? first : Number(match[3]) };
}
