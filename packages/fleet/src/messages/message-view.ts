/** Records as the API shows them: texts where the bytes are UTF-8, base64 elsewhere, cut where they are long. */
import { isUtf8 } from 'node:buffer';
import type { FoundMessage } from '@millrace/api/fleet';
import type { ExpressionRecord } from './expression-worker.ts';
import type { Candidate } from './record-filter.ts';

/** Owns its bytes: the record may go afterwards. */
export function messageView(record: Candidate, bytesMax: number): FoundMessage {
  const { partition, offset, timestamp, keyBytes, valueBytes, headers } = record;
  return {
    type: 'message',
    partition,
    offset,
    timestamp,
    ...named('key', keyBytes, bytesMax),
    ...named('value', valueBytes, bytesMax),
    keyBytes: keyBytes?.length ?? 0,
    valueBytes: valueBytes?.length ?? 0,
    headers: headers.map(({ key, value }) => ({ key, ...named('value', value, bytesMax) })),
  };
}

/** A record for an expression, likewise. */
export function expressionRecord(record: Candidate): ExpressionRecord {
  const { partition, offset, timestamp, keyBytes, valueBytes, headers } = record;
  // Names come from producers; without a prototype none means anything.
  const byName: Record<string, string | null> = Object.create(null);
  for (const { key, value } of headers) byName[key] = textOf(value);
  return { partition, offset, timestamp, key: textOf(keyBytes), value: textOf(valueBytes), headers: byName };
}

function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const buffer = bufferOf(bytes);
  return isUtf8(buffer) ? buffer.toString('utf8') : null;
}

function named<Name extends string>(
  name: Name,
  bytes: Uint8Array | null,
  bytesMax: number,
): { readonly [N in Name | `${Name}Base64`]?: string } {
  if (bytes === null) return { [name]: null } as never;
  const whole = bufferOf(bytes);
  if (!isUtf8(whole)) return { [`${name}Base64`]: whole.subarray(0, bytesMax).toString('base64') } as never;
  return { [name]: cutText(whole, bytesMax) } as never;
}

/** Whole characters only. */
function cutText(text: Buffer, bytesMax: number): string {
  if (text.length <= bytesMax) return text.toString('utf8');
  let end = bytesMax;
  while (end > 0 && ((text[end] as number) & 0xc0) === 0x80) end--;
  return text.toString('utf8', 0, end);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
