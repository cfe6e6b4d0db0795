import { MillraceError } from '@millrace/base';

/** A file that was to be imported is no access log, or can't be read. Nothing was written. */
export class AccessLogError extends MillraceError {
  readonly code: 'log_unreadable' | 'log_empty' | 'not_an_access_log';
  readonly file: string;

  constructor(code: AccessLogError['code'], file: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.file = file;
  }
}
