/**
 * Decides what a bearer token is worth: a JWT, signed with a key of the configured set, for the expected audience, of
 * the expected issuer, within its time. Claims must hold a time of expiry, a time of issue and a principal, as Apache
 * Kafka's validator asks.
 *
 * Keys are read from a file or URL when they are first wanted, and again when a token names one that is not there, but
 * not more often than `refreshMsMin`.
 */

import { createPublicKey } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Clock, type Disk, MillraceError, messageOf } from '@millrace/base';
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose';
import { ConfigurationError } from '../../configuration/definition.ts';
import { jose } from '../../on-demand.ts';
import type { ProvenUser } from './sasl-exchange.ts';

/** Resolves with whom a token is for. Rejects with `TokenRefused`. */
export type TokenValidator = (token: string) => Promise<ProvenUser>;

/** A token that proves nothing, and why. */
export class TokenRefused extends MillraceError {
  readonly code = 'token_refused';
}

export interface TokenRules {
  /** Of a JWKS, or a file with a JWKS or with PEM public keys or certificates. */
  readonly keysUrl: string;
  readonly audience: readonly string[];
  readonly issuer: string;
  readonly clockSkewSeconds: number;
  /** The claim that names the principal. */
  readonly subjectClaim: string;
}

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const refreshMsMin = 10_000;
const tokenBytesMax = 32 * 1024;

/** A validator of signed tokens. Throws `ConfigurationError` when there is no usable address of keys. */
export function signedTokens(
  rules: TokenRules,
  platform: { readonly clock: Clock; readonly disk: Disk },
): TokenValidator {
  const { clock } = platform;
  const keys = keySource(rules.keysUrl, platform);
  return async (token) => {
    if (token.length > tokenBytesMax) throw new TokenRefused('the token is too long');
    try {
      const { payload } = await jose().jwtVerify(token, keys, {
        algorithms,
        currentDate: new Date(clock.now()),
        clockTolerance: rules.clockSkewSeconds,
        requiredClaims: ['exp', 'iat', rules.subjectClaim],
        ...(rules.audience.length > 0 && { audience: [...rules.audience] }),
        ...(rules.issuer !== '' && { issuer: rules.issuer }),
      });
      return provenUser(payload, rules.subjectClaim);
    } catch (error) {
      if (error instanceof jose().errors.JOSEError) throw new TokenRefused(error.message, { cause: error });
      // So `jose` says that a key is too short, of another kind than the token's algorithm asks for, or no key.
      if (error instanceof TypeError || error instanceof DOMException) {
        throw new TokenRefused(`its key can't check it: ${error.message}`, { cause: error });
      }
      throw error;
    }
  };
}

/** A validator of tokens without signature: whoever reaches the listener is whom it says. For development. */
export function unsecuredTokens(
  rules: Omit<TokenRules, 'keysUrl' | 'audience' | 'issuer'>,
  clock: Clock,
): TokenValidator {
  return async (token) => {
    const payload = unsignedPayload(token);
    const now = clock.now() / 1000;
    const { clockSkewSeconds: skew } = rules;
    if (typeof payload.exp !== 'number') throw new TokenRefused('the token has no time of expiry');
    if (payload.exp + skew <= now) throw new TokenRefused('the token has expired');
    if (typeof payload.nbf === 'number' && payload.nbf - skew > now)
      throw new TokenRefused('the token is not valid yet');
    if (typeof payload.iat === 'number' && payload.iat - skew > now)
      throw new TokenRefused('the token is of the future');
    return provenUser(payload, rules.subjectClaim);
  };
}

function unsignedPayload(token: string): JWTPayload {
  try {
    if (jose().decodeProtectedHeader(token).alg !== 'none' || !token.endsWith('.')) {
      throw new TokenRefused('the token is signed, which only a validator with keys can check');
    }
    return jose().decodeJwt(token);
  } catch (error) {
    if (error instanceof TokenRefused) throw error;
    throw new TokenRefused(`the token is no JWT: ${messageOf(error)}`, { cause: error });
  }
}

function provenUser(payload: JWTPayload, subjectClaim: string): ProvenUser {
  const name = payload[subjectClaim];
  if (typeof name !== 'string' || name.trim() === '') throw new TokenRefused(`the claim ${subjectClaim} is empty`);
  // Whatever a token says, the time can be told to the client.
  return { name, expiresAtMs: Math.min(Math.floor((payload.exp ?? 0) * 1000), Number.MAX_SAFE_INTEGER) };
}

function keySource(text: string, platform: { readonly clock: Clock; readonly disk: Disk }): JWTVerifyGetKey {
  const option = 'sasl.oauthbearer.jwks.endpoint.url';
  if (text === '') {
    throw new ConfigurationError(option, `OAUTHBEARER is enabled, but ${option} does not say where keys for it lie`);
  }
  const url = URL.parse(text);
  if (url?.protocol === 'file:') return new KeyFile(fileURLToPath(url), platform).get;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return jose().createRemoteJWKSet(url);
  throw new ConfigurationError(option, `${option}: ${text} is no URL that begins with https: or file:`);
}

/** Keys in a file. */
class KeyFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #disk: Disk;
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #readAt = 0;

  constructor(path: string, { clock, disk }: { readonly clock: Clock; readonly disk: Disk }) {
    this.#path = path;
    this.#clock = clock;
    this.#disk = disk;
  }

  readonly get: JWTVerifyGetKey = async (header, token) => {
    this.#keys ??= this.#readOnce();
    try {
      return await (await this.#keys)(header, token);
    } catch (error) {
      const stale = this.#clock.monotonic() - this.#readAt >= refreshMsMin;
      if (!stale || !(error instanceof jose().errors.JOSEError)) throw error;
      this.#keys = this.#readOnce();
      return (await this.#keys)(header, token);
    }
  };

  /** Keys that can't be read are asked for again by the next token. */
  #readOnce(): Promise<JWTVerifyGetKey> {
    return this.#read().catch((error: unknown) => {
      this.#keys = undefined;
      throw new (jose().errors.JWKSInvalid)(`the keys in ${this.#path} can't be read: ${messageOf(error)}`);
    });
  }

  async #read(): Promise<JWTVerifyGetKey> {
    this.#readAt = this.#clock.monotonic();
    const bytes = await this.#disk.readFile(this.#path);
    if (bytes === undefined) throw new (jose().errors.JWKSInvalid)(`there is no file ${this.#path} with keys`);
    const text = Buffer.from(bytes).toString('utf8');
    return text.includes('-----BEGIN') ? pemKeys(text) : jose().createLocalJWKSet(parsedKeys(text, this.#path));
  }
}

function parsedKeys(text: string, path: string): JSONWebKeySet {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new (jose().errors.JWKSInvalid)(`${path} is neither JSON nor PEM: ${messageOf(error)}`);
  }
}

/** The first key of a PEM file that fits a token's algorithm, since PEM gives keys no ids. */
function pemKeys(text: string): JWTVerifyGetKey {
  const blocks = text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  const keys = blocks.map((block) => createPublicKey(block));
  return async ({ alg = '' }) => {
    const fitting = keys.find((key) => fits(key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve, alg));
    if (fitting === undefined) throw new (jose().errors.JWKSNoMatchingKey)();
    return jose().importSPKI(fitting.export({ type: 'spki', format: 'pem' }).toString(), alg);
  };
}

const curves: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

function fits(type: string | undefined, curve: string | undefined, algorithm: string): boolean {
  if (algorithm.startsWith('ES')) return type === 'ec' && curve === curves[algorithm];
  if (algorithm === 'EdDSA') return type === 'ed25519';
  return type === 'rsa' && /^[RP]S/.test(algorithm);
}
