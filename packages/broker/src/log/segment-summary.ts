/**
 * The file beside a segment (`<base offset>.index`) that says what its first `sizeBytes` bytes hold: its index, its
 * bounds and the producers' state at their end. It is written once those bytes are synced, so at the next start they
 * need not be read again, and only what lies behind them is checked batch by batch. A missing or damaged file costs a
 * longer start, never data.
 */
import { crc32c } from '@millrace/wire';
import type { AbortedTransaction } from './aborted-transaction.ts';
import type { Hole } from './damage.ts';
import type { EpochStart } from './leader-epochs.ts';
import type { ProducerSnapshot } from './producer-states.ts';
import { SegmentIndex } from './segment-index.ts';

export interface SegmentSummary {
  /** Bytes of the segment that this describes. */
  readonly sizeBytes: number;
  /** Offset after the last record in them. */
  readonly nextOffset: number;
  /** Timestamp of the first batch; -1 when empty. */
  readonly firstTimestamp: number;
  /** Largest timestamp; -1 when empty. */
  readonly maxTimestamp: number;
  /** Base offset of the batch with that timestamp. */
  readonly maxTimestampBatch: number;
  readonly producers: readonly ProducerSnapshot[];
  /** Transactions whose abort marker lies in them; files from before transactions lack it. */
  readonly aborted?: readonly AbortedTransaction[];
  /** Leader epochs that begin in them; files from before elections lack it. */
  readonly epochs?: readonly EpochStart[];
  /** Damaged parts of them; files from before they were noted lack it. */
  readonly holes?: readonly Hole[];
}

const formatMark = 0x4d52_5331;
const prefixBytes = 12;

export function encodeSegmentSummary(summary: SegmentSummary, index: SegmentIndex): Uint8Array {
  const text = Buffer.from(JSON.stringify(summary));
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(formatMark, 0);
  prefix.writeUInt32BE(text.length, 8);
  const bytes = Buffer.concat([prefix, text, index.encode()]);
  bytes.writeUInt32BE(crc32c(bytes.subarray(8)), 4);
  return bytes;
}

/** The content of such a file, or undefined when it is damaged or of another format. */
export function decodeSegmentSummary(
  baseOffset: number,
  content: Uint8Array,
): { readonly summary: SegmentSummary; readonly index: SegmentIndex } | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (bytes.length < prefixBytes || bytes.readUInt32BE(0) !== formatMark) return undefined;
  if (crc32c(bytes.subarray(8)) !== bytes.readUInt32BE(4)) return undefined;
  const textEnd = prefixBytes + bytes.readUInt32BE(8);
  const summary = parsed(bytes.toString('utf8', prefixBytes, textEnd));
  if (!isSummary(summary) || summary.nextOffset < baseOffset) return undefined;
  const index = SegmentIndex.decode(baseOffset, bytes.subarray(textEnd));
  return index.isWithin(summary.sizeBytes) ? { summary, index } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A fitting checksum says that somebody wrote this, not that it was this program. */
function isSummary(value: unknown): value is SegmentSummary {
  const bounds = ['sizeBytes', 'nextOffset', 'firstTimestamp', 'maxTimestamp', 'maxTimestampBatch'] as const;
  if (!holdsNumbers<SegmentSummary>(value, bounds)) return false;
  const { sizeBytes, producers, aborted, epochs, holes } = value;
  return (
    sizeBytes >= 0 &&
    isListOf(producers ?? null, isProducer) &&
    isListOf(aborted, (each) => {
      return holdsNumbers(each, ['producerId', 'firstOffset', 'lastOffset', 'lastStableOffset']);
    }) &&
    isListOf(epochs, (each) => holdsNumbers(each, ['epoch', 'startOffset'])) &&
    isListOf(holes, (each) => {
      if (!holdsNumbers<Hole>(each, ['position', 'end', 'offset', 'nextOffset'])) return false;
      return each.position >= 0 && each.position < each.end && each.end <= sizeBytes;
    })
  );
}

function isProducer(value: unknown): boolean {
  if (!holdsNumbers<ProducerSnapshot>(value, ['producerId', 'epoch', 'timestamp'])) return false;
  const { batches, transactionStart = -1, coordinatorEpoch = -1 } = value;
  return (
    Number.isSafeInteger(transactionStart) &&
    Number.isSafeInteger(coordinatorEpoch) &&
    isListOf(batches ?? null, (each) => holdsNumbers(each, ['baseSequence', 'lastSequence', 'baseOffset']))
  );
}

function holdsNumbers<T extends object>(value: unknown, names: readonly (keyof T & string)[]): value is T {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<string, unknown>>;
  return names.every((name) => Number.isSafeInteger(record[name]));
}

/** Also for what is absent. */
function isListOf(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isOne));
}
