/**
 * What a connection has proved of its peer, and which requests it may therefore send. A connection asks it before it
 * begins a request; the handlers of SaslHandshake and SaslAuthenticate move it on.
 */
import { MillraceError } from '@millrace/base';
import type { ResponseDraft, saslAuthenticate, saslHandshake } from '@millrace/wire';
import type { Principal } from './principal.ts';

export interface Authentication {
  /** Whom requests are made for. */
  readonly principal: Principal;
  /** Requests may be as long as configuration says; until then as `sasl.server.max.receive.size` does. */
  readonly isOpen: boolean;
  /** A token is being examined: no other request is begun. */
  readonly isBusy: boolean;
  /** It failed: what is due is sent, then the connection ends. */
  readonly isOver: boolean;
  /** The next frame is a bare SASL token, as after version 0 of SaslHandshake. */
  readonly takesTokens: boolean;
  /** Throws `NotAuthenticatedError` unless a request of this API may be begun now. */
  admit(apiKey: number): void;
  handshake(mechanism: string, version: number): Promise<ResponseDraft<typeof saslHandshake>>;
  authenticate(token: Uint8Array): Promise<ResponseDraft<typeof saslAuthenticate>>;
  /** The answer to a bare token; undefined when it failed. */
  token(token: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether the peer has had time enough to authenticate. */
  isLate(): boolean;
}

/** A request came that may not come before authentication, or after its end. */
export class NotAuthenticatedError extends MillraceError {
  readonly code = 'not_authenticated';
}
