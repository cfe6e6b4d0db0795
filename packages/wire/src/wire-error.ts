import { MillraceError } from '@millrace/base';

/**
 * Bytes that are no valid message, or a value that can't be put on the wire. Never retriable: the same bytes fail
 * again.
 */
export class WireError extends MillraceError {
  readonly code: 'malformed_message' | 'message_too_large' | 'unsupported_version' | 'unencodable_value';

  constructor(code: WireError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
