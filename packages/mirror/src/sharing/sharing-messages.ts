/**
 * What the workers of a mirror tell each other through their group, as bytes: a byte for the version, then JSON. Where
 * it comes from is not trusted: what is not wholly of this form is refused.
 */
import { SharingMessageError } from './sharing-errors.ts';

export interface HeldShard {
  readonly shard: number;
  /** Bytes per second; undefined while it is not measured. */
  readonly load: number | undefined;
}

/** What a worker tells the one that assigns. */
export interface WorkerClaim {
  /** A name for people. */
  readonly worker: string;
  /** How many shards the mirror has, as this worker sees it. */
  readonly shardCount: number;
  /** The group's generation in which it got what it holds; -1 for none. */
  readonly generation: number;
  readonly held: readonly HeldShard[];
}

/** What a worker gets. */
export interface ShardAssignment {
  /** How many shards the mirror has, as they were assigned. */
  readonly shardCount: number;
  /** How many workers share them. */
  readonly workers: number;
  /** With what is known of their load from who had them before. */
  readonly shards: readonly HeldShard[];
}

const version = 1;
/** More partitions no topic has. */
const shardsMax = 1_000_000;
const bytesMax = 64 * 1024 * 1024;
const textMax = 200;

export function encodeClaim({ worker, shardCount, generation, held }: WorkerClaim): Uint8Array {
  return encode([worker.slice(0, textMax), shardCount, generation, held.map(pairOf)]);
}

/** Throws `SharingMessageError`. */
export function decodeClaim(bytes: Uint8Array): WorkerClaim {
  const [worker, shardCount, generation, held] = decode(bytes, 4);
  if (typeof worker !== 'string' || worker.length > textMax) throw new SharingMessageError('a worker has no name');
  const count = integerOf(shardCount, 1, shardsMax);
  return { worker, shardCount: count, generation: integerOf(generation, -1, 2 ** 31 - 1), held: shardsOf(held, count) };
}

export function encodeAssignment({ shardCount, workers, shards }: ShardAssignment): Uint8Array {
  return encode([shardCount, workers, shards.map(pairOf)]);
}

/** Throws `SharingMessageError`. */
export function decodeAssignment(bytes: Uint8Array): ShardAssignment {
  const [shardCount, workers, shards] = decode(bytes, 3);
  const count = integerOf(shardCount, 1, shardsMax);
  return { shardCount: count, workers: integerOf(workers, 1, 2 ** 31 - 1), shards: shardsOf(shards, count) };
}

function pairOf({ shard, load }: HeldShard): readonly (number | null)[] {
  return [shard, load === undefined ? null : Math.round(load)];
}

function encode(fields: readonly unknown[]): Uint8Array {
  return Buffer.concat([Buffer.from([version]), Buffer.from(JSON.stringify(fields))]);
}

function decode(bytes: Uint8Array, fieldCount: number): unknown[] {
  if (bytes.length === 0 || bytes.length > bytesMax) throw new SharingMessageError(`it has ${bytes.length} bytes`);
  if (bytes[0] !== version) throw new SharingMessageError(`its format has version ${bytes[0]}, known is ${version}`);
  const fields = parsed(bytes.subarray(1));
  if (!Array.isArray(fields) || fields.length !== fieldCount) throw new SharingMessageError('it has other fields');
  return fields;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SharingMessageError('it is no JSON', error);
  }
}

function shardsOf(value: unknown, shardCount: number): HeldShard[] {
  if (!Array.isArray(value)) throw new SharingMessageError('its shards are no list');
  const seen = new Set<number>();
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new SharingMessageError('a shard is no pair');
    const shard = integerOf(pair[0], 0, shardCount - 1);
    if (seen.has(shard)) throw new SharingMessageError(`shard ${shard} stands there twice`);
    seen.add(shard);
    return { shard, load: pair[1] === null ? undefined : integerOf(pair[1], 0, Number.MAX_SAFE_INTEGER) };
  });
}

function integerOf(value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SharingMessageError(`a number from ${min} to ${max} is wanted where something else stands`);
}
