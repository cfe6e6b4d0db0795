/**
 * Records as JSON lines, for `consume --json` and, the other way, `produce --json`:
 *
 *     {"topic":"orders","partition":0,"offset":17,"timestamp":1769850000000,
 *      "key":"a","value":"b","headers":[{"key":"h","value":"1"}]}
 *
 * Key, value and header values are text where the bytes are valid UTF-8, else base64 under `keyBase64`, `valueBase64`;
 * null is null. Reading what was written gives the same bytes. Reading takes `headers` as an object too, and everything
 * but the value may be missing; `topic` and `offset` are not looked at.
 */
import { isUtf8 } from 'node:buffer';
import { MillraceError } from '@millrace/base';
import type { PrintedRecord, RecordSink } from './printed-record.ts';

/** A line of the input is not a record. */
export class RecordJsonError extends MillraceError {
  readonly code = 'not_a_record';
}

export type FieldContent = string | Uint8Array | null;

/** A record as a JSON line tells it. Text stands for its UTF-8. */
export interface JsonRecord {
  readonly key: FieldContent;
  readonly value: FieldContent;
  readonly headers: readonly (readonly [key: string, value: FieldContent])[];
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
}

/** Prints one record as a line. */
export function printRecordJson(record: PrintedRecord, sink: RecordSink): void {
  const { topic, partition, offset, timestamp, keyBytes, valueBytes, headers } = record;
  sink.text(
    `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset},"timestamp":${timestamp},` +
      `${member('key', keyBytes)},${member('value', valueBytes)},"headers":${headersJson(headers)}}\n`,
  );
}

/** Reads one line. @throws RecordJsonError that says what is wrong with it. */
export function parseRecordJson(line: Uint8Array): JsonRecord {
  const fields = parseObject(line);
  return {
    key: content(fields, 'key') ?? null,
    value: required(content(fields, 'value')),
    headers: headersOf(fields['headers']),
    partition: wholeNumber(fields, 'partition', 2 ** 31 - 1),
    timestamp: timestampOf(fields),
  };
}

function headersJson(headers: PrintedRecord['headers']): string {
  if (headers.length === 0) return '[]';
  return `[${headers.map(({ key, value }) => `{"key":${JSON.stringify(key)},${member('value', value)}}`).join(',')}]`;
}

function member(name: string, bytes: Uint8Array | null): string {
  if (bytes === null) return `"${name}":null`;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Unlike TextDecoder this keeps a byte order mark.
  if (isUtf8(buffer)) return `"${name}":${JSON.stringify(buffer.toString('utf8'))}`;
  return `"${name}Base64":"${buffer.toString('base64')}"`;
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(line: Uint8Array): Fields {
  const buffer = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  if (!isUtf8(buffer)) throw new RecordJsonError('it is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(buffer.toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RecordJsonError(`it is not JSON: ${error.message}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordJsonError(
      'it is not a JSON object with "value", and if wanted "key", "headers", "partition" and "timestamp"',
    );
  }
  return value as Fields;
}

/** The content of `name` or `nameBase64`; undefined when neither is there. */
function content(fields: Fields, name: string): FieldContent | undefined {
  const text = fields[name];
  const base64 = fields[`${name}Base64`];
  if (base64 === undefined) {
    if (text === undefined || text === null) return text;
    if (typeof text === 'string') return wellFormed(text, name);
    throw new RecordJsonError(`"${name}" is neither text nor null; put an object or a number in quotes, as text`);
  }
  if (text !== undefined) throw new RecordJsonError(`it has both "${name}" and "${name}Base64"`);
  if (typeof base64 !== 'string') throw new RecordJsonError(`"${name}Base64" is not text`);
  const bytes = Buffer.from(base64, 'base64');
  // Buffer.from passes over what is not base64, and over a missing end.
  const stripped = base64.replace(/=+$/, '');
  if (bytes.toString('base64').replace(/=+$/, '') !== stripped)
    throw new RecordJsonError(`"${name}Base64" is not base64`);
  return bytes;
}

function wellFormed(text: string, name: string): string {
  if (text.isWellFormed()) return text;
  throw new RecordJsonError(`"${name}" holds half of a surrogate pair, which no UTF-8 has`);
}

function required(value: FieldContent | undefined): FieldContent {
  if (value !== undefined) return value;
  throw new RecordJsonError('it has neither "value" nor "valueBase64"; a tombstone has "value":null');
}

function headersOf(value: unknown): JsonRecord['headers'] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map(headerOf);
  if (typeof value !== 'object') throw new RecordJsonError('"headers" is neither an array nor an object');
  return Object.keys(value).map((key) => [key, content(value as Fields, key) ?? null]);
}

function headerOf(header: unknown): readonly [string, FieldContent] {
  const fields = (typeof header === 'object' && header !== null ? header : {}) as Fields;
  const key = fields['key'];
  if (typeof key !== 'string') throw new RecordJsonError('a header is not an object with "key" and "value"');
  return [wellFormed(key, 'key'), content(fields, 'value') ?? null];
}

function wholeNumber(fields: Fields, name: string, max: number): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RecordJsonError(`"${name}" is not a whole number from 0 to ${max}`);
}

function timestampOf(fields: Fields): number | undefined {
  // What a consumer prints for a record without a time.
  return fields['timestamp'] === -1 ? undefined : wholeNumber(fields, 'timestamp', Number.MAX_SAFE_INTEGER);
}
