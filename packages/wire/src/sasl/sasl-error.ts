import { MillraceError } from '@millrace/base';

/**
 * A SASL exchange that can't go on: `malformed_sasl`, the peer sent something that is no message of the mechanism, or
 * what we shall send can't be put into one; `sasl_refused`, the message is well formed but proves nothing, or asks for
 * what is not given. Never retriable: the same credentials fail again.
 */
export class SaslError extends MillraceError {
  readonly code: 'malformed_sasl' | 'sasl_refused';
  readonly mechanism: string;

  constructor(code: SaslError['code'], mechanism: string, message: string, options: { cause?: unknown } = {}) {
    super(`${mechanism}: ${message}`, options);
    this.code = code;
    this.mechanism = mechanism;
  }
}

/** The peer's bytes are no message of the mechanism. Holds nothing that the peer sent, since that may be a secret. */
export function malformedSasl(mechanism: string, what: string, cause?: unknown): SaslError {
  return new SaslError('malformed_sasl', mechanism, what, { cause });
}

/** The peer's message is well formed, and refused. */
export function refusedSasl(mechanism: string, what: string): SaslError {
  return new SaslError('sasl_refused', mechanism, what);
}
