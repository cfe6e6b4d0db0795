/** How a client secures its connections and proves who it is; apart from how that is done. */
import type { ConnectTls } from '@millrace/base';

export interface SecurityOptions {
  /** Speak TLS: `true` for the authorities that Node trusts, or with what is given, as PEM. Default false. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Log in by SASL. Without it the broker knows the client by its certificate, or not at all. */
  readonly sasl?: SaslOptions | undefined;
}

/** Authorities to trust, the client's own certificate, and the name that the broker's must have. */
export interface TlsOptions extends ConnectTls {}

export type SaslOptions = PasswordOptions | TokenOptions;

/** PLAIN sends the password, so only over TLS or where nobody listens; SCRAM proves it without sending it. */
export interface PasswordOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  /**
   * Or where it comes from: asked for each time a connection logs in, so that it may change; within `requestTimeoutMs`.
   */
  readonly password: string | (() => Promise<string>);
}

export interface TokenOptions {
  readonly mechanism: 'OAUTHBEARER';
  /**
   * Fetches a token; called by one connection at a time, and again before the token expires or when it was refused.
   * When it rejects, a token that is still good is used on. The signal aborts when its time (`requestTimeoutMs`) is
   * over.
   */
  readonly token: (signal: AbortSignal) => Promise<BearerToken>;
}

export interface BearerToken {
  /** Without `Bearer`. */
  readonly value: string;
  /** Milliseconds since 1970; a token that has none is used until it is refused. */
  readonly expiresAtMs?: number | undefined;
  /** Kafka's SASL extensions (KIP-342), for example a Confluent logical cluster. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}
