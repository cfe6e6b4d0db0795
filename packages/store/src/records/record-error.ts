/** What a single operation on a record is refused for, the same on every implementation. */
import { MillraceError } from '@millrace/base';

const kinds = {
  /** The record has another generation than was expected: read it again and decide anew. */
  generation: { retriable: false },
  /** The record exists, and was to be created. */
  exists: { retriable: false },
  /** There is no such record. */
  not_found: { retriable: false },
  /** The record would be larger than the store takes. */
  too_large: { retriable: false },
  /** The bin holds another type than the operation works on. */
  bin_type: { retriable: false },
  /** The operation does not fit what the bin holds, as an insertion into an ordered list. */
  not_applicable: { retriable: false },
  /** Namespace, set, key or name of a bin that no store takes. */
  invalid_key: { retriable: false },
  invalid_value: { retriable: false },
  /** Arguments that make no sense together. */
  invalid_operation: { retriable: false },
  index_exists: { retriable: false },
  index_not_found: { retriable: false },
  /** The store has more to do than it can: slow down, and try again. */
  overloaded: { retriable: true },
  /** No answer in time: whether the operation took effect is not known. */
  timeout: { retriable: true },
  /** The store can't be reached, or is not ready. */
  unavailable: { retriable: true },
  /** The store's configuration forbids it. */
  forbidden: { retriable: false },
  failed: { retriable: false },
} as const;

export type RecordErrorCode = keyof typeof kinds;

/** An operation on a record was refused or failed. */
export class RecordError extends MillraceError {
  readonly code: RecordErrorCode;
  override readonly retriable: boolean;

  constructor(code: RecordErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.retriable = kinds[code].retriable;
  }
}
