import { MillraceError } from '@millrace/base';

/** A record that can't join a batch; the batch is as it was before. */
export class RecordBuildError extends MillraceError {
  readonly code: 'record_too_large' | 'invalid_timestamp';

  constructor(code: RecordBuildError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
