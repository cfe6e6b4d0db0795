/** One SASL exchange with a client, whatever the mechanism. */

/** What a client has proved. */
export interface ProvenUser {
  readonly name: string;
  /** When what it showed expires, by the wall clock; undefined for never. */
  readonly expiresAtMs?: number | undefined;
}

export interface SaslStep {
  /** What goes to the client. */
  readonly reply: Uint8Array;
  /** Set with the last step. */
  readonly user?: ProvenUser | undefined;
}

export interface SaslExchange {
  /** Takes the client's next token. Rejects with `SaslError`, which ends the exchange. */
  next(token: Uint8Array): Promise<SaslStep>;
}

/** Begins an exchange of one mechanism. */
export type SaslMechanism = () => SaslExchange;
