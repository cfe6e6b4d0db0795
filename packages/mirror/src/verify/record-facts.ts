/** Records compared by what readers see of them: key, value, headers in their order, and time. */
import type { Record, RecordHeader } from '@millrace/wire';
import { ContentDigest } from './content-digest.ts';
import type { RecordField } from './verification.ts';

const excerptBytes = 40;

/** Whether readers see the same record; offsets do not count. */
export function isSameRecord(left: Record, right: Record): boolean {
  return (
    left.timestamp === right.timestamp &&
    left.keyLength === right.keyLength &&
    left.valueLength === right.valueLength &&
    (left.keyLength <= 0 || isSame(left.key, right.key)) &&
    (left.valueLength <= 0 || isSame(left.value, right.value)) &&
    haveSameHeaders(left, right)
  );
}

/** What differs between two records; nothing when they are the same to readers. */
export function differingFields(left: Record, right: Record): RecordField[] {
  const fields: RecordField[] = [];
  if (!isSame(left.key, right.key)) fields.push('key');
  if (!isSame(left.value, right.value)) fields.push('value');
  if (!haveSameHeaders(left, right)) fields.push('headers');
  if (left.timestamp !== right.timestamp) fields.push('timestamp');
  return fields;
}

/** Adds all that counts of a record but its key. */
export function addContent(digest: ContentDigest, record: Record): void {
  digest.addNumber(record.timestamp);
  digest.add(record.value);
  if (record.headerCount === 0) return;
  for (const { key, value } of record.headers) {
    digest.add(Buffer.from(key));
    digest.add(value);
  }
}

const digest = new ContentDigest();

/** The digest of all that counts, as a text to be compared. */
export function digestOf(record: Record): string {
  digest.begin();
  digest.add(record.key);
  addContent(digest, record);
  digest.end();
  return digest.words.join();
}

/** How the fields of two records differ, for a person: sizes, and excerpts from around the first differing byte. */
export function describeFields(source: Record, target: Record, fields: readonly RecordField[]): string {
  return fields.map((field) => `${field} (${describeField(source, target, field)})`).join(' and ');
}

/** A record's key, or else value, and time, for a person. */
export function describeRecord(record: Record): string {
  const { key, value, timestamp } = record;
  const at = timestamp < 0 ? '' : `, time ${timeText(timestamp)}`;
  return `${key === null ? 'no key' : `key ${bytesText(key)}`}, value ${bytesText(value)}${at}`;
}

function describeField(source: Record, target: Record, field: RecordField): string {
  if (field === 'timestamp')
    return `${timeText(source.timestamp)} in the source, ${timeText(target.timestamp)} in the target`;
  if (field === 'headers') return describeHeaders(source.headers, target.headers);
  const at = firstDifferingByte(source[field], target[field]);
  return `${bytesText(source[field], at)} in the source, ${bytesText(target[field], at)} in the target`;
}

function describeHeaders(source: readonly RecordHeader[], target: readonly RecordHeader[]): string {
  if (source.length !== target.length) return `${source.length} in the source, ${target.length} in the target`;
  const index = source.findIndex((header, place) => !isSameHeader(header, target[place]));
  const [left, right] = [source[index], target[index]];
  if (left === undefined || right === undefined) return 'their order';
  const at = firstDifferingByte(left.value, right.value);
  return (
    `number ${index + 1}: ${left.key} with ${bytesText(left.value, at)} in the source, ` +
    `${right.key} with ${bytesText(right.value, at)} in the target`
  );
}

/** Size and an excerpt that shows the byte at `around`: text where the bytes are printable, else hex. */
function bytesText(bytes: Uint8Array | null, around = 0): string {
  if (bytes === null) return 'null';
  const start = bytes.length <= excerptBytes ? 0 : Math.max(0, Math.min(around - 8, bytes.length - excerptBytes));
  const part = Buffer.from(bytes.subarray(start, start + excerptBytes));
  const isText = part.every((byte) => byte >= 0x20 && byte < 0x7f);
  const shown = isText ? JSON.stringify(part.toString('latin1')) : `0x${part.toString('hex')}`;
  const cut = start > 0 ? ` from byte ${start}` : '';
  return bytes.length === 0
    ? '0 bytes'
    : `${bytes.length} bytes${cut} ${shown}${start + part.length < bytes.length ? '...' : ''}`;
}

function timeText(timestamp: number): string {
  const isDate = Math.abs(timestamp) <= 8.64e15;
  return isDate ? `${timestamp} (${new Date(timestamp).toISOString()})` : String(timestamp);
}

function firstDifferingByte(left: Uint8Array | null, right: Uint8Array | null): number {
  if (left === null || right === null) return 0;
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left[at] === right[at]) at++;
  return at;
}

function haveSameHeaders(left: Record, right: Record): boolean {
  const count = left.headerCount;
  if (count !== right.headerCount) return false;
  if (count === 0) return true;
  const others = right.headers;
  return left.headers.every((header, index) => isSameHeader(header, others[index]));
}

function isSameHeader(left: RecordHeader, right: RecordHeader | undefined): boolean {
  return right !== undefined && left.key === right.key && isSame(left.value, right.value);
}

function isSame(left: Uint8Array | null, right: Uint8Array | null): boolean {
  if (left === null || right === null) return left === right;
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
