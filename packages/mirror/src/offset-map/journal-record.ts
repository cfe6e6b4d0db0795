/**
 * The records of a mirror's journal: keys name a piece ("chunk") of a source partition's offset map, values hold it.
 * Numbers are unsigned varints unless said otherwise; every record begins with a byte for the version of its format.
 *
 * Key: length of the topic's name in UTF-8, the name, partition, chunk.
 * Chunk: producer id + 1, epoch + 1, what is confirmed (source offset, target offset, sequence), 16 bytes of topic id,
 * from version 2 on the number of the source's leader epochs and of each epoch + 1 and its first offset, from version 3
 * on what was lost as `losses.ts` says, in version 4 why it stands still as `standstill.ts` says, then runs to the end:
 * source and target offset of the first, and each as `run-deltas.ts` says. A chunk is written as the first version that
 * has what it tells. From version 1 on a list of names stands before the runs, as their count and each by length and
 * UTF-8. It is empty unless runs have routes: then it is the target topic and the routes, and the number of its route
 * stands before each run, 0 for none, the first is 1.
 *
 * Bytes per million records (the tests measure it): dense, none beyond the 36 to 70 of the chunk, however long it is;
 * one transaction's marker after every 100 records, 30 kB; every 10th record missing, 222 kB.
 */
import { assert } from '@millrace/base';
import { type Losses, lossesBytesMax, readLosses, writeLosses } from './losses.ts';
import { JournalRecordError } from './offset-map-error.ts';
import type { OffsetRun } from './offset-run.ts';
import { RunReader, runBytesMax, runBytesMin, writeRun } from './run-deltas.ts';
import type { SourceEpoch } from './source-epoch.ts';
import { readStandstill, type Standstill, standstillBytesMax, writeStandstill } from './standstill.ts';
import { UnsignedVarintReader, unsignedVarintBytesMax, writeUnsignedVarint } from './unsigned-varint.ts';

/** Keys name the same piece in all versions. */
const keyVersion = 0;
const chunkVersion = 4;
/** The first with names of routes, with epochs, with losses, and with why it stands still. */
const routedVersion = 1;
const epochsVersion = 2;
const lossesVersion = 3;
const standstillVersion = 4;
const topicIdBytes = 16;

/** Names a chunk of the offset map of one partition; chunks count up from 0, the newest is the head. */
export interface JournalKey {
  /** The source topic's name. */
  readonly topic: string;
  readonly partition: number;
  readonly chunk: number;
}

export interface JournalChunk {
  /** Whose data the chunk announces; -1 for nobody's. */
  readonly producerId: number;
  readonly epoch: number;
  /** All records before are in the target: the next offset of each side and the next sequence number. */
  readonly confirmed: { readonly source: number; readonly target: number; readonly sequence: number };
  /** The source topic's id in the wire's form (base64url, 22 characters), to notice a topic that was made anew. */
  readonly topicId: string;
  /**
   * The leader epochs of the source under which the records were written, starts ascending, as far as they are known:
   * always for what lies behind what is confirmed. Absent in what earlier versions wrote.
   */
  readonly sourceEpochs?: readonly SourceEpoch[] | undefined;
  /** What of the partition was never copied, up to what is confirmed or a bit farther; absent where nothing was. */
  readonly losses?: Losses | undefined;
  /** Why nothing behind what is confirmed is copied; absent while it goes on, or nothing is known of it. */
  readonly standstill?: Standstill | undefined;
  /** Ascending on both sides. In the newest chunk the last one is open-ended: its count is what is confirmed, or 0. */
  readonly runs: readonly OffsetRun[];
  /** The target topic's name; told where runs have routes. */
  readonly targetTopic?: string | undefined;
}

/** What stands where nothing was lost, and something comes behind that. */
const noLosses: Losses = { offsets: 0, ranges: [] };

/** Announced for nobody: what lies in the target behind what is confirmed is not told by the journal. */
export const nobody = { producerId: -1, epoch: -1 } as const;

/** The key's bytes, the caller's own. */
export function encodeJournalKey(key: JournalKey): Uint8Array {
  const topic = Buffer.from(key.topic);
  const bytes = new Uint8Array(1 + 3 * unsignedVarintBytesMax + topic.length);
  bytes[0] = keyVersion;
  let at = writeUnsignedVarint(bytes, 1, topic.length);
  bytes.set(topic, at);
  at = writeUnsignedVarint(bytes, at + topic.length, natural(key.partition));
  at = writeUnsignedVarint(bytes, at, natural(key.chunk));
  return bytes.slice(0, at);
}

/** Throws `JournalRecordError` at bytes that are no key. */
export function decodeJournalKey(bytes: Uint8Array): JournalKey {
  const numbers = opened(bytes, keyVersion);
  const start = numbers.position;
  const name = numbers.take(numbers.number());
  const topic = Buffer.from(name).toString();
  if (Buffer.compare(Buffer.from(topic), name) !== 0) throw new JournalRecordError('a name is no UTF-8', start);
  const key = { topic, partition: numbers.number(), chunk: numbers.number() };
  if (numbers.remaining > 0) throw new JournalRecordError('bytes are left over', numbers.position);
  return key;
}

/**
 * The chunk's bytes, the caller's own. A chunk whose runs do not ascend on both sides, or have routes without a target
 * topic, is a bug.
 */
export function encodeJournalChunk(chunk: JournalChunk): Uint8Array {
  const { confirmed, sourceEpochs = [], standstill, runs } = chunk;
  const losses = chunk.losses ?? (standstill && noLosses);
  const topicId = Buffer.from(chunk.topicId, 'base64url');
  assert(topicId.length === topicIdBytes, `"${chunk.topicId}" is no topic id`);
  const routes = [...new Set(runs.map(({ via }) => via))].filter((via) => via !== undefined);
  const names = routes.length === 0 ? [] : [chunk.targetTopic, ...routes].map(encodeName);
  const namesBytes = names.reduce((sum, { length }) => sum + length + unsignedVarintBytesMax, 0);
  const fixed = 1 + topicIdBytes + (9 + 2 * sourceEpochs.length) * unsignedVarintBytesMax + namesBytes;
  const lossesBytes = losses === undefined ? 0 : lossesBytesMax(losses);
  const known = fixed + lossesBytes + standstillBytesMax;
  const bytes = new Uint8Array(known + runs.length * (runBytesMax + unsignedVarintBytesMax));
  bytes[0] = standstill !== undefined ? standstillVersion : losses === undefined ? epochsVersion : lossesVersion;
  let at = 1;
  for (const value of [chunk.producerId + 1, chunk.epoch + 1, confirmed.source, confirmed.target, confirmed.sequence]) {
    at = writeUnsignedVarint(bytes, at, natural(value));
  }
  bytes.set(topicId, at);
  at = writeUnsignedVarint(bytes, at + topicIdBytes, sourceEpochs.length);
  for (const { epoch, start } of sourceEpochs) {
    at = writeUnsignedVarint(bytes, at, natural(epoch + 1));
    at = writeUnsignedVarint(bytes, at, natural(start));
  }
  if (losses !== undefined) at = writeLosses(bytes, at, losses);
  if (standstill !== undefined) at = writeStandstill(bytes, at, standstill);
  at = writeUnsignedVarint(bytes, at, names.length);
  for (const name of names) {
    at = writeUnsignedVarint(bytes, at, name.length);
    bytes.set(name, at);
    at += name.length;
  }
  return bytes.slice(0, writeRuns(bytes, at, runs, routes));
}

function encodeName(name: string | undefined): Uint8Array {
  assert(name !== undefined, 'runs have routes, and their target topic is not told');
  return Buffer.from(name);
}

function writeRuns(bytes: Uint8Array, start: number, runs: readonly OffsetRun[], routes: readonly string[]): number {
  let at = start;
  let endSource = runs[0]?.source ?? 0;
  let endTarget = runs[0]?.target ?? 0;
  if (runs.length > 0) {
    at = writeUnsignedVarint(bytes, at, natural(endSource));
    at = writeUnsignedVarint(bytes, at, natural(endTarget));
  }
  for (const { source, target, count, via } of runs) {
    if (routes.length > 0) at = writeUnsignedVarint(bytes, at, via === undefined ? 0 : 1 + routes.indexOf(via));
    at = writeRun(bytes, at, natural(source - endSource), natural(target - endTarget), natural(count));
    endSource = natural(source + count);
    endTarget = natural(target + count);
  }
  return at;
}

/** Throws `JournalRecordError` at bytes that are no chunk. */
export function decodeJournalChunk(bytes: Uint8Array): JournalChunk {
  const numbers = opened(bytes, chunkVersion);
  const version = bytes[0] as number;
  const producerId = numbers.number() - 1;
  const epoch = numbers.number() - 1;
  const confirmed = { source: numbers.number(), target: numbers.number(), sequence: numbers.number() };
  const topicId = Buffer.from(numbers.take(topicIdBytes)).toString('base64url');
  const sourceEpochs = version < epochsVersion ? [] : decodeEpochs(numbers);
  const losses = version < lossesVersion ? undefined : readLosses(numbers);
  const head = {
    producerId,
    epoch,
    confirmed,
    topicId,
    ...(sourceEpochs.length > 0 && { sourceEpochs }),
    ...(losses !== undefined && losses.offsets > 0 && { losses }),
    ...(version >= standstillVersion && { standstill: readStandstill(numbers) }),
  };
  const [targetTopic, ...routes] = version < routedVersion ? [] : decodeNames(numbers);
  if (targetTopic === undefined) return { ...head, runs: decodeRuns(numbers) };
  return { ...head, targetTopic, runs: decodeRuns(numbers, routes) };
}

function decodeEpochs(numbers: UnsignedVarintReader): SourceEpoch[] {
  const epochs: SourceEpoch[] = [];
  for (let left = numbers.number(); left > 0; left--) {
    epochs.push({ epoch: numbers.number() - 1, start: numbers.number() });
  }
  return epochs;
}

function decodeNames(numbers: UnsignedVarintReader): string[] {
  const names: string[] = [];
  for (let left = numbers.number(); left > 0; left--) {
    names.push(Buffer.from(numbers.take(numbers.number())).toString());
  }
  return names;
}

function decodeRuns(numbers: UnsignedVarintReader, routes?: readonly string[]): OffsetRun[] {
  const runs: OffsetRun[] = [];
  if (numbers.remaining === 0) return runs;
  const reader = new RunReader(numbers, numbers.number(), numbers.number());
  if (numbers.remaining < runBytesMin) throw new JournalRecordError('it ends before its first run', numbers.position);
  while (!reader.atEnd) {
    const route = routes === undefined ? 0 : numbers.number();
    reader.next();
    const { source, target, count } = reader;
    if (route === 0) runs.push({ source, target, count });
    else {
      const via = routes?.[route - 1];
      if (via === undefined) throw new JournalRecordError(`its route ${route} is missing`, numbers.position);
      runs.push({ source, target, count, via });
    }
  }
  return runs;
}

function opened(bytes: Uint8Array, versionMax: number): UnsignedVarintReader {
  const numbers = new UnsignedVarintReader(bytes);
  const found = numbers.byte();
  if (found > versionMax) throw new JournalRecordError(`its format has version ${found}, known is ${versionMax}`, 0);
  return numbers;
}

function natural(value: number): number {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is no offset, count or distance of a journal's record`);
  return value;
}
