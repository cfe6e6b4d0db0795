import { MillraceError } from '@millrace/base';

/** What a cluster knows of the mirrors that write to it can't be understood. */
export class OriginRecordError extends MillraceError {
  readonly code = 'origin_record_invalid';
  readonly key: string;

  constructor(key: string, problem: string, cause?: unknown) {
    super(`record "${key}" of millrace.origins can't be read: ${problem}; use the version that wrote it`, { cause });
    this.key = key;
  }
}
