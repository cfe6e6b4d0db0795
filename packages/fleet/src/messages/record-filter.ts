/** Which records are finds: texts in key, value and headers here, an expression in a thread of its own. */
import type { MessageSearch } from '@millrace/api/fleet';
import type { RecordHeader } from '@millrace/client';
import { ExpressionThread } from './expression-thread.ts';

/** A record as a filter sees it; its bytes are read before `judge` resolves. */
export interface Candidate {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export interface RecordFilter extends AsyncDisposable {
  /** Whether the texts that are wanted are all there. */
  hasTexts(record: Candidate): boolean;
  /** Whether the expression holds, for each in order; undefined: there is none, so that it does. */
  readonly expression: ExpressionThread | undefined;
}

type Wish = Pick<MessageSearch, 'key' | 'value' | 'header' | 'filter'>;

/** @throws ProblemError `invalid_request` for an expression that can't be read */
export async function openRecordFilter(wish: Wish, signal: AbortSignal): Promise<RecordFilter> {
  const key = wish.key === undefined ? undefined : Buffer.from(wish.key);
  const value = wish.value === undefined ? undefined : Buffer.from(wish.value);
  const header = wish.header === undefined ? undefined : headerWish(wish.header);
  const expression = wish.filter === undefined ? undefined : await ExpressionThread.start(wish.filter, signal);
  return {
    expression,
    hasTexts(record) {
      if (key !== undefined && !holds(record.keyBytes, key)) return false;
      if (value !== undefined && !holds(record.valueBytes, value)) return false;
      return header === undefined || header(record.headers);
    },
    async [Symbol.asyncDispose]() {
      await expression?.close();
    },
  };
}

function holds(bytes: Uint8Array | null, wanted: Buffer): boolean {
  return bytes !== null && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted);
}

function headerWish(text: string): (headers: readonly RecordHeader[]) => boolean {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? undefined : Buffer.from(text.slice(equals + 1));
  return (headers) =>
    headers.some((header) => {
      if (header.key !== name) return false;
      return value === undefined || (header.value !== null && value.equals(header.value));
    });
}
