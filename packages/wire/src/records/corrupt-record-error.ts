import { MillraceError } from '@millrace/base';

/**
 * Bytes that should be record batches and are not. `corrupt_record`: a length, count or checksum contradicts the bytes.
 * `unsupported_record_format`: a message set from before Kafka 0.11 (magic 0 or 1) or from a future format. Not retriable by
 * itself: whoever fetched the bytes may fetch them again, from another replica if need be.
 */
export class CorruptRecordError extends MillraceError {
  readonly code: 'corrupt_record' | 'unsupported_record_format';
  /** Where in the bytes given to the reader the contradiction was found; inside decompressed records, where in those. */
  readonly position: number;

  constructor(message: string, position: number, options: { code?: CorruptRecordError['code']; cause?: unknown } = {}) {
    super(`${message} (at byte ${position})`, { cause: options.cause });
    this.code = options.code ?? 'corrupt_record';
    this.position = position;
  }
}
