/**
 * Messages as Kafka kept them before 0.11 (magic 0 and 1), which brokers up to 3.x may still have in topics of an old
 * `message.format.version`. A message is an offset and a size, a CRC-32 of all that follows it, magic, attributes, with
 * magic 1 a timestamp, then key and value, each behind its length. A compressed one is a wrapper: its value holds
 * messages. Those of magic 1 count offsets from the wrapper's first one, and the wrapper has the offset of its last.
 */
import { crc32 } from 'node:zlib';
import { CorruptRecordError, compressionOfId, decompress } from '@millrace/wire';

/** A message of its own, not a wrapper. Key and value are views. */
export interface OldMessage {
  readonly offset: number;
  /** Milliseconds since 1970; -1 for none, as always with magic 0. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** A message as it lies in bytes, maybe a wrapper. */
export interface OldEntry extends OldMessage {
  readonly magic: 0 | 1;
  /** 0 unless it is a wrapper. */
  readonly compressionId: number;
  readonly isStamped: boolean;
  /** Where it ends. */
  readonly end: number;
}

const compressionBits = 0x07;
const logAppendTimeBit = 0x08;
/** Offset and size, which the size does not count. */
const prefixBytes = 12;
const magicAt = 16;
/** What a message takes without key and value, from the checksum on. */
const sizeMin = [14, 22] as const;

/** Whether the bytes at `position` are, by their magic, an old message. */
export function isOldMessage(bytes: Uint8Array, position: number): boolean {
  const magic = bytes[position + magicAt];
  return magic === 0 || magic === 1;
}

/** The message at `position`, undefined when it is cut off. Throws `CorruptRecordError`, also for a wrong checksum. */
export function readOldEntry(bytes: Uint8Array, position: number): OldEntry | undefined {
  if (position + magicAt >= bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes[position + magicAt];
  const size = view.getInt32(position + 8);
  if ((magic !== 0 && magic !== 1) || size < sizeMin[magic]) {
    throw new CorruptRecordError(`a message of magic ${magic} claims ${size} bytes`, position);
  }
  const end = position + prefixBytes + size;
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(position + magicAt, end)) !== view.getUint32(position + prefixBytes)) {
    throw new CorruptRecordError('a message of an old format does not fit its checksum', position);
  }
  const attributes = bytes[position + magicAt + 1] as number;
  const keyAt = position + magicAt + 2 + (magic === 1 ? 8 : 0);
  const key = fieldAt(bytes, view, keyAt, end);
  const valueAt = keyAt + 4 + (key?.length ?? 0);
  const value = fieldAt(bytes, view, valueAt, end);
  if (valueAt + 4 + (value?.length ?? 0) !== end) {
    throw new CorruptRecordError('key and value do not fill a message of an old format', position);
  }
  return {
    offset: integerAt(view, position),
    timestamp: magic === 1 ? integerAt(view, position + magicAt + 2) : -1,
    key,
    value,
    magic,
    compressionId: attributes & compressionBits,
    isStamped: magic === 1 && (attributes & logAppendTimeBit) !== 0,
    end,
  };
}

/**
 * The messages in a wrapper, ascending. Rejects with `CorruptRecordError` or `CompressionError`, as for a wrapper in a
 * wrapper.
 */
export async function unwrapped(wrapper: OldEntry, decompressedBytesMax: number): Promise<OldMessage[]> {
  if (wrapper.value === null) throw new CorruptRecordError('a compressed message has no value', 0);
  const type = compressionOfId(wrapper.compressionId);
  const content = type === 'lz4' && wrapper.magic === 0 ? withRightHeaderChecksum(wrapper.value) : wrapper.value;
  const bytes = await decompress(type, content, decompressedBytesMax);
  const entries: OldEntry[] = [];
  for (let position = 0; position < bytes.length; ) {
    const entry = readOldEntry(bytes, position);
    if (entry === undefined || entry.compressionId !== 0 || entry.magic !== wrapper.magic) {
      throw new CorruptRecordError('a compressed message holds what it can not', position);
    }
    if (entry.offset <= (entries.at(-1)?.offset ?? -1)) {
      throw new CorruptRecordError(`offset ${entry.offset} does not ascend in a compressed message`, position);
    }
    entries.push(entry);
    position = entry.end;
  }
  const last = entries.at(-1);
  if (last === undefined) throw new CorruptRecordError('a compressed message is empty', 0);
  const base = wrapper.magic === 1 ? wrapper.offset - last.offset : 0;
  return entries.map(({ offset, timestamp, key, value }) => ({
    offset: base + offset,
    timestamp: wrapper.isStamped ? wrapper.timestamp : timestamp,
    key,
    value,
  }));
}

/**
 * Kafka's clients of magic 0 included the frame's magic number in the checksum of an LZ4 frame's header, which no
 * decoder takes. These are the right ones of the headers that they wrote, by block size.
 */
function withRightHeaderChecksum(frame: Uint8Array): Uint8Array {
  const rightChecksums: Readonly<Record<number, number>> = { 64: 0x82, 80: 0xfb, 96: 0x51, 112: 0x73 };
  const right = frame[4] === 0x60 ? rightChecksums[frame[5] ?? 0] : undefined;
  if (right === undefined || frame.length < 7) return frame;
  const copy = Uint8Array.from(frame);
  copy[6] = right;
  return copy;
}

function fieldAt(bytes: Uint8Array, view: DataView, at: number, end: number): Uint8Array | null {
  if (at + 4 > end) throw new CorruptRecordError('a message of an old format ends within its key', at);
  const length = view.getInt32(at);
  if (length === -1) return null;
  if (length < 0 || at + 4 + length > end) {
    throw new CorruptRecordError(`a message of an old format claims a field of ${length} bytes`, at);
  }
  return bytes.subarray(at + 4, at + 4 + length);
}

function integerAt(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at));
  if (!Number.isSafeInteger(value)) throw new CorruptRecordError('an offset or time is beyond 2^53 - 1', at);
  return value;
}
