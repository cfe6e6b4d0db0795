/**
 * Logs a connection in, or in anew: SaslHandshake names the mechanism, SaslAuthenticate carries its messages
 * (KIP-152, KIP-368). How to send a request is the connection's to know.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import {
  type Api,
  errorCodes,
  errorRow,
  type RequestDraft,
  type ResponseOf,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import type { SaslCredentials, SaslExchange } from './sasl-credentials.ts';
import { AuthenticationError } from './security-errors.ts';

/** Sends one request of the login and answers the response. */
export type Ask = <A extends Api>(api: A, draft: RequestDraft<A>) => Promise<ResponseOf<A>>;

/** A broker that goes on and on is no broker. No mechanism needs as many messages. */
const roundsMax = 8;

const advice = {
  PLAIN: 'check user name and password',
  'SCRAM-SHA-256': 'check user name and password, and that the user has a credential for SCRAM-SHA-256',
  'SCRAM-SHA-512': 'check user name and password, and that the user has a credential for SCRAM-SHA-512',
  OAUTHBEARER: "check the token's issuer, audience, scope and lifetime",
} as const;

/**
 * Resolves with the ms that the broker lets the session live; 0 when it sets no bound. Rejects with
 * `AuthenticationError`, `CredentialsUnavailableError`, or what `ask` rejects with.
 */
export async function authenticate(broker: string, credentials: SaslCredentials, ask: Ask): Promise<number> {
  const { mechanism, username } = credentials;
  const refuse = (reason: string, what: string, cause?: unknown): never => {
    throw new AuthenticationError({ broker, mechanism, username }, reason, what, cause);
  };
  const { errorCode, mechanisms } = await ask(saslHandshake, { mechanism });
  if (errorCode === errorCodes.UNSUPPORTED_SASL_MECHANISM) {
    refuse(`the broker offers only ${mechanisms.join(', ') || 'none'}`, 'set security.sasl.mechanism to one of these');
  }
  if (errorCode === errorCodes.ILLEGAL_SASL_STATE) {
    refuse('the broker asks for no login on this port', 'leave out security.sasl, or use the port of a SASL listener');
  }
  if (errorCode !== 0) refuse(errorRow(errorCode).description, advice[mechanism]);
  let exchange: SaslExchange | undefined;
  try {
    exchange = await credentials.begin();
    return await converse(exchange, ask, (reason) => refuse(reason, advice[mechanism]));
  } catch (error) {
    if (error instanceof AuthenticationError) exchange?.refused?.();
    if (isMillraceError(error, 'sasl_refused') || isMillraceError(error, 'malformed_sasl')) {
      return refuse(messageOf(error), advice[mechanism], error);
    }
    throw error;
  }
}

async function converse(exchange: SaslExchange, ask: Ask, refuse: (reason: string) => never): Promise<number> {
  let message: Uint8Array | undefined = exchange.start();
  let lifetimeMs = 0;
  for (let round = 0; message !== undefined; round++) {
    if (round === roundsMax) refuse(`the broker is not done after ${roundsMax} messages`);
    const response: ResponseOf<typeof saslAuthenticate> = await ask(saslAuthenticate, { authBytes: message });
    if (response.errorCode !== 0) refuse(response.errorMessage || errorRow(response.errorCode).description);
    lifetimeMs = response.sessionLifetimeMs;
    message = await exchange.next(response.authBytes);
  }
  return lifetimeMs;
}
