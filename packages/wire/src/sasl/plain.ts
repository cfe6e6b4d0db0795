/**
 * PLAIN (RFC 4616): one message, authorization id, user name and password in clear. Fit for TLS only. Passwords are
 * compared as UTF-8 as they are: like Kafka, neither side prepares them (SASLprep).
 */
import { malformedSasl } from './sasl-error.ts';
import { saslBytes, saslText } from './sasl-text.ts';

export const plainMechanism = 'PLAIN';

/** Kafka's `sasl.server.max.receive.size` is larger, but no name and password are. */
const messageBytesMax = 64 * 1024;

export interface PlainCredentials {
  readonly username: string;
  readonly password: string;
  /** On whose behalf; empty for the user's own. Kafka's brokers refuse any but the user's name. */
  readonly authorizationId: string;
}

/** The message that proves who we are. Throws `SaslError` for what it has no place for: NUL, an empty name. */
export function encodePlain(credentials: Omit<PlainCredentials, 'authorizationId'>, authorizationId = ''): Uint8Array {
  const { username, password } = credentials;
  for (const [what, text] of [
    ['user name', username],
    ['password', password],
  ] as const) {
    if (text === '') throw malformedSasl(plainMechanism, `the ${what} is empty; set one`);
  }
  const text = [authorizationId, username, password];
  if (text.some((part) => part.includes('\0'))) {
    throw malformedSasl(plainMechanism, 'name and password must not hold the character NUL');
  }
  return saslBytes(plainMechanism, text.join('\0'));
}

/** What a client's message says; nothing of it is verified. Throws `SaslError`. */
export function decodePlain(message: Uint8Array): PlainCredentials {
  const parts = saslText(plainMechanism, message, messageBytesMax).split('\0');
  const [authorizationId, username, password] = parts;
  if (parts.length !== 3 || authorizationId === undefined || username === undefined || password === undefined) {
    throw malformedSasl(plainMechanism, `the message has ${parts.length} parts where 3 are expected`);
  }
  if (username === '') throw malformedSasl(plainMechanism, 'the user name is empty');
  if (password === '') throw malformedSasl(plainMechanism, 'the password is empty');
  return { authorizationId, username, password };
}
