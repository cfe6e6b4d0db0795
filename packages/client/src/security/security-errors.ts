/** What can go wrong when a client proves who it is. */
import { MillraceError } from '@millrace/base';

export interface AuthenticationFacts {
  /** `host:port`. */
  readonly broker: string;
  readonly mechanism: string;
  /** Undefined for tokens, which name their subject themselves. */
  readonly username: string | undefined;
}

/**
 * A broker refused the login, or could not prove itself. The same credentials fail again, so nothing tries again by
 * itself, but each new call does, after a growing pause.
 */
export class AuthenticationError extends MillraceError {
  readonly code = 'authentication_failed';
  readonly broker: string;
  readonly mechanism: string;
  readonly username: string | undefined;

  /** `reason` is what the broker or the mechanism said; `advice` what to check. */
  constructor(facts: AuthenticationFacts, reason: string, advice: string, cause?: unknown) {
    const who = facts.username === undefined ? '' : ` as ${facts.username}`;
    super(`could not log in to broker ${facts.broker} by ${facts.mechanism}${who}: ${reason}; ${advice}`, { cause });
    this.broker = facts.broker;
    this.mechanism = facts.mechanism;
    this.username = facts.username;
  }
}

/** The function that gives the password or the token failed. Its own error is the `cause`. */
export class CredentialsUnavailableError extends MillraceError {
  readonly code = 'credentials_unavailable';
  override readonly retriable = true;
  readonly mechanism: string;

  constructor(mechanism: string, reason: string, cause?: unknown) {
    super(`no credentials for ${mechanism}: ${reason}; look at the function given as security.sasl`, { cause });
    this.mechanism = mechanism;
  }
}
