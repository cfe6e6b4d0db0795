import { MillraceError } from '@millrace/base';

/**
 * Bytes that should be record batches and are not. `corrupt_record`: a length, count or checksum contradicts the bytes.
 * `unsupported_record_format`: a message set from before Kafka 0.11 (magic 0 or 1) or a future format. The same bytes
 * fail again, but fetching them again, from another replica if need be, may help.
 */
export class CorruptRecordError extends MillraceError {
  readonly code: 'corrupt_record' | 'unsupported_record_format';
  /**
   * Where in the bytes given to the reader the contradiction was found; within decompressed records, where in those.
   */
  readonly position: number;

  constructor(what: string, position: number, code: CorruptRecordError['code'] = 'corrupt_record') {
    const advice = code === 'corrupt_record' ? '; fetch the records again, or check the log they came from' : '';
    super(`${what} (at byte ${position})${advice}`);
    this.code = code;
    this.position = position;
  }
}
