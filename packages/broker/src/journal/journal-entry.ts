/**
 * The bytes of a journal: a header line, then entries. An entry is
 *
 *     0xff | payload length, uint32 | CRC-32C of length and payload, uint32 | payload: JSON text of [section, entry]
 *
 * all big-endian. The marker byte 0xff occurs nowhere in UTF-8 text, so no payload can contain something that reads as
 * an entry.
 */
import { crc32c } from '@millrace/wire';
import { JournalEntryTooLargeError } from './journal-error.ts';

/** The first bytes of every journal. The number is the format's version. */
export const journalHeader: Uint8Array = Buffer.from('millrace journal 1\n');

/** Longest payload, in bytes. */
const payloadBytesMax = 64 * 1024 * 1024;

const marker = 0xff;

/** How every entry begins. */
export const entryStart: Uint8Array = Uint8Array.of(marker);
const prefixLength = 9;

/** An entry as it lies in a journal, and where it ends. */
export interface FoundEntry {
  /** Undefined when the payload is not what an entry holds: whoever wrote it knew how to make checksums. */
  readonly content: { readonly section: string; readonly entry: unknown } | undefined;
  /** Position of the byte after it. */
  readonly end: number;
}

/** Encodes an entry of a section; `entry` must survive JSON. Throws `JournalEntryTooLargeError`. */
export function encodeEntry(section: string, entry: unknown): Uint8Array {
  const text = JSON.stringify([section, entry]);
  const length = Buffer.byteLength(text);
  if (length > payloadBytesMax) throw new JournalEntryTooLargeError(section, length, payloadBytesMax);
  const bytes = Buffer.allocUnsafe(prefixLength + length);
  bytes[0] = marker;
  bytes.writeUInt32BE(length, 1);
  bytes.write(text, prefixLength);
  bytes.writeUInt32BE(checksum(bytes, 0, bytes.length), 5);
  return bytes;
}

/** The entry that begins exactly at `position`, or undefined when there is no whole and sound one. */
export function entryAt(bytes: Buffer, position: number): FoundEntry | undefined {
  const payload = position + prefixLength;
  if (payload > bytes.length || bytes[position] !== marker) return undefined;
  const end = payload + bytes.readUInt32BE(position + 1);
  if (end > bytes.length) return undefined;
  // No payload holds a marker. To see that first makes the search for an entry linear, whatever lengths are claimed.
  const next = bytes.indexOf(marker, payload);
  if (next !== -1 && next < end) return undefined;
  if (bytes.readUInt32BE(position + 5) !== checksum(bytes, position, end)) return undefined;
  return { content: contentOf(bytes.toString('utf8', payload, end)), end };
}

function contentOf(text: string): FoundEntry['content'] {
  try {
    const [section, entry, ...rest] = JSON.parse(text);
    return typeof section === 'string' && rest.length === 0 ? { section, entry } : undefined;
  } catch (error) {
    // No JSON, or no array.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The position of the first sound entry at or after `from`, or undefined. */
export function findEntry(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(marker, from); at !== -1; at = bytes.indexOf(marker, at + 1)) {
    if (entryAt(bytes, at) !== undefined) return at;
  }
  return undefined;
}

function checksum(bytes: Uint8Array, position: number, end: number): number {
  return crc32c(bytes, crc32c(bytes, 0, position + 1, position + 5), position + prefixLength, end);
}
