/** What a client proves itself with, and one exchange of it with a broker. */
import { messageOf, type Platform } from '@millrace/base';
import {
  decodeOauthBearerFailure,
  encodeOauthBearer,
  encodePlain,
  oauthBearerAcknowledgement,
  ScramClient,
} from '@millrace/wire';
import type { PasswordOptions, SaslOptions } from '../security.ts';
import { inTime } from './in-time.ts';
import { CredentialsUnavailableError } from './security-errors.ts';
import { TokenSource } from './token-source.ts';

/** The client's side of one exchange. Both throw or reject with `SaslError` when it can't go on. */
export interface SaslExchange {
  /** The first message. */
  start(): Uint8Array;
  /** The answer to a broker's message; undefined when nothing is left to say. */
  next(challenge: Uint8Array): Promise<Uint8Array | undefined>;
  /** Told when the broker refused it in the end. */
  refused?(): void;
}

export interface SaslCredentials {
  readonly mechanism: SaslOptions['mechanism'];
  readonly username: string | undefined;
  /** Rejects with `CredentialsUnavailableError`, or `SaslError` for credentials that can't be sent. */
  begin(): Promise<SaslExchange>;
}

export function saslCredentials(options: SaslOptions, platform: Platform, timeoutMs: number): SaslCredentials {
  const { mechanism } = options;
  if (mechanism !== 'OAUTHBEARER') {
    return { mechanism, username: options.username, begin: () => beginWithPassword(options, platform, timeoutMs) };
  }
  const source = new TokenSource(options.token, platform, timeoutMs);
  return { mechanism, username: undefined, begin: () => beginWithToken(source) };
}

async function beginWithPassword(
  options: PasswordOptions,
  platform: Platform,
  timeoutMs: number,
): Promise<SaslExchange> {
  const { mechanism, username } = options;
  const password = await passwordOf(options, platform, timeoutMs);
  if (mechanism !== 'PLAIN') {
    return new ScramClient({ mechanism, username, password, randomness: platform.randomness });
  }
  return { start: () => encodePlain({ username, password }), next: () => Promise.resolve(undefined) };
}

async function passwordOf(
  { mechanism, password }: PasswordOptions,
  platform: Platform,
  timeoutMs: number,
): Promise<string> {
  if (typeof password === 'string') return password;
  try {
    return await inTime(platform, timeoutMs, 'password', password);
  } catch (error) {
    throw new CredentialsUnavailableError(mechanism, messageOf(error), error);
  }
}

async function beginWithToken(source: TokenSource): Promise<SaslExchange> {
  const token = await source.current();
  return {
    start: () => encodeOauthBearer({ token: token.value, extensions: token.extensions ?? {} }),
    // What the broker says against the token comes again with its error, once this is acknowledged.
    next: async (challenge) =>
      decodeOauthBearerFailure(challenge) === undefined ? undefined : oauthBearerAcknowledgement,
    refused: () => source.refused(token),
  };
}
