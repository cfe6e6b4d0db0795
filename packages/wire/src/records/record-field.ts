/**
 * A field of a record: its length as a varint (-1 for null), then its bytes. Text is written as UTF-8 in place in one
 * pass: its length is first taken to be that of ASCII, and corrected afterwards, which moves the bytes only when the
 * corrected length takes more bytes itself. Unpaired surrogates become U+FFFD, in length and in bytes alike.
 *
 * Up to a dozen bytes or twenty characters a loop beats the calls into the engine that win for everything longer.
 */
import { varintSize, writeVarint } from './varint.ts';

const loopBytesMax = 12;
const loopTextMax = 20;
/** Longer text is measured instead of making room for the worst case. */
const worstCaseRoomMax = 4096;

/** Bytes the field takes, its length included. Exact. */
export function fieldSize(field: Uint8Array | string | null): number {
  if (field === null) return 1;
  const length = typeof field === 'string' ? Buffer.byteLength(field) : field.length;
  return varintSize(length) + length;
}

/** Bytes that `writeField` may touch: at least `fieldSize`. */
export function fieldRoom(field: Uint8Array | string | null): number {
  if (field === null) return 5;
  if (typeof field !== 'string') return 5 + field.length;
  return 5 + (field.length <= worstCaseRoomMax ? field.length * 3 : Buffer.byteLength(field));
}

/** Writes the field; answers the position after it. `fieldRoom` bytes must be there. */
export function writeField(buffer: Buffer, position: number, field: Uint8Array | string | null): number {
  if (field === null) {
    buffer[position] = 1;
    return position + 1;
  }
  const { length } = field;
  if (typeof field === 'string') {
    return length > loopTextMax ? writeText(buffer, position, field) : writeShortText(buffer, position, field);
  }
  const at = writeVarint(buffer, position, length);
  if (length > loopBytesMax) buffer.set(field, at);
  else for (let i = 0; i < length; i++) buffer[at + i] = field[i]!;
  return at + length;
}

function writeShortText(buffer: Buffer, position: number, text: string): number {
  const { length } = text;
  // Even at three bytes a character the length stays below 64, so it is a varint of one byte.
  const start = position + 1;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      const written = buffer.write(text, start);
      buffer[position] = written << 1;
      return start + written;
    }
    buffer[start + i] = unit;
  }
  buffer[position] = length << 1;
  return start + length;
}

function writeText(buffer: Buffer, position: number, text: string): number {
  const widthGuessed = varintSize(text.length);
  const written = buffer.write(text, position + widthGuessed);
  if (written !== text.length) {
    const width = varintSize(written);
    if (width !== widthGuessed) {
      buffer.copyWithin(position + width, position + widthGuessed, position + widthGuessed + written);
    }
  }
  return writeVarint(buffer, position, written) + written;
}
