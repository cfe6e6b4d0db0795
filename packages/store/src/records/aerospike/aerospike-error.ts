/** What the server's and the client's result codes mean (Aerospike documentation, "Error codes"). */
import { RecordError, type RecordErrorCode } from '../record-error.ts';

const CODES: Readonly<Record<number, RecordErrorCode>> = {
  [-16]: 'unavailable',
  [-10]: 'unavailable',
  [-8]: 'unavailable',
  [-3]: 'unavailable',
  2: 'not_found',
  3: 'generation',
  4: 'invalid_operation',
  5: 'exists',
  8: 'unavailable',
  9: 'timeout',
  11: 'unavailable',
  12: 'bin_type',
  13: 'too_large',
  14: 'overloaded',
  18: 'overloaded',
  20: 'invalid_key',
  21: 'invalid_key',
  22: 'forbidden',
  23: 'not_found',
  24: 'exists',
  26: 'not_applicable',
  200: 'index_exists',
  201: 'index_not_found',
};

/** The result code of what the client threw; undefined for anything else. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** The refusal of an operation on `what`. */
export function recordError(what: string, cause: unknown): RecordError {
  const code = resultCode(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  const kind = code === undefined ? 'failed' : (CODES[code] ?? 'failed');
  return new RecordError(kind, `${what}: ${said}${code === undefined ? '' : ` (Aerospike's code ${code})`}`, { cause });
}
