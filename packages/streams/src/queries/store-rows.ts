/**
 * The rows of one store in one task, as queries read them: from disk, where there is nothing that is not committed, of
 * a task that runs here and of a standby alike.
 */
import { rowTag, type StateSpace } from '../state/state-space.ts';
import type { KeyValueDefinition, StoreDefinition, WindowDefinition } from '../state/store-definition.ts';
import { StoredBuckets } from '../state/stored-buckets.ts';
import { StateCodec } from '../state/value-codec.ts';

export interface KeyRange {
  /** Both in the order of the keys' bytes; `from` itself is in it unless `isAfter`, `to` is not. */
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly isAfter: boolean;
  readonly limit: number;
}

export interface TimeRange {
  /** In ms since 1970, both in it; of windows their starts, of sessions the times of their last records. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

/** Undefined where there is none. Throws `StateSerdeError`. */
export function readKey(definition: KeyValueDefinition, space: StateSpace, key: Uint8Array): unknown {
  const row = space.get(rowKeyOf(key));
  return row === undefined ? undefined : codecOf(definition).readValue(row);
}

/** Rows in the order of the bytes of their keys. Throws `StateSerdeError`. */
export function readKeys(
  definition: KeyValueDefinition,
  space: StateSpace,
  { from, to, isAfter, limit }: KeyRange,
): { readonly key: unknown; readonly value: unknown }[] {
  const codec = codecOf(definition);
  const first = rowKeyOf(from ?? new Uint8Array());
  const range = {
    from: isAfter ? Buffer.concat([first, Uint8Array.of(0)]) : first,
    to: to === undefined ? Uint8Array.of(rowTag + 1) : rowKeyOf(to),
    limit,
  };
  return Array.from(space.range(range), ({ key, value }) => ({
    key: codec.readKey(Uint8Array.from(key.subarray(1))),
    value: codec.readValue(value),
  }));
}

/** What a key has by time, ascending. Throws `StateSerdeError`. */
export function readWindows(
  definition: WindowDefinition,
  space: StateSpace,
  key: Uint8Array,
  { from, to, limit }: TimeRange,
): unknown[] {
  const codec = codecOf(definition);
  const stored = new StoredBuckets(space);
  const { bucketMs, show = showRow } = definition;
  const found: unknown[] = [];
  for (const number of stored.numbers(Math.floor(from / bucketMs), Math.floor(to / bucketMs) + 1)) {
    for (const { time, value } of stored.ofKey(number, key)) {
      if (time < from || time > to) continue;
      if (found.length === limit) return found;
      found.push(show(time, codec.readValue(value)));
    }
  }
  return found;
}

function showRow(time: number, value: unknown): unknown {
  return { time, value };
}

function rowKeyOf(key: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(rowTag), key]);
}

function codecOf({ name, key, value }: StoreDefinition): StateCodec {
  return new StateCodec(name, key, value);
}
