/**
 * Answers of the config service as they travel and lie on disks: JWS (RFC 7515, compact) with Ed25519 (RFC 8037).
 *
 * Who reads one trusts a set of keys, begins with those that it was given with its enrolment, and goes on to a newer
 * set when that is signed by a key of the one before: so keys can be changed without touching any application. A set's
 * version, as an answer's, never goes back.
 */
import { MillraceError, messageOf } from '@millrace/base/millrace-error';
import { base64url, CompactSign, type CryptoKey, compactVerify, importJWK, type JWK } from 'jose';
import { type Static, Type } from 'typebox';
import { compileChecker } from '../checker.ts';
import { ConfigAnswer } from './answer.ts';

export const ConfigKey = Type.Object({
  kid: Type.String({ minLength: 1 }),
  x: Type.String({ description: 'The public key of Ed25519, 32 bytes in base64url' }),
});
export type ConfigKey = Static<typeof ConfigKey>;

export const ConfigKeySet = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'Grows with each change, and never goes back' }),
    keys: Type.Array(ConfigKey, { minItems: 1, description: 'Any of them may have signed' }),
  },
  { description: 'Whose signatures are trusted' },
);
export type ConfigKeySet = Static<typeof ConfigKeySet>;

/** An answer or a set of keys is not what it claims to be, and must not be used. */
export class UntrustedConfigError extends MillraceError {
  readonly code = 'config_untrusted';
  /**
   * `malformed`: nothing that this version can read. `unknown_key`: signed by nobody who is trusted. `bad_signature`:
   * changed since it was signed. `expired`: too old to begin with. `older`: one of a greater version was seen before.
   * `not_ours`: for another application, topic or role.
   */
  readonly reason: 'malformed' | 'unknown_key' | 'bad_signature' | 'expired' | 'older' | 'not_ours';

  constructor(reason: UntrustedConfigError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

const kinds = { answer: 'millrace-config+jws', keys: 'millrace-config-keys+jws' } as const;

export function signAnswer(answer: ConfigAnswer, key: SigningKey): Promise<string> {
  return sign(kinds.answer, answer, key);
}

/** The protected header of answers (RFC 7515, section 4), as JSON: for who signs by other means. */
export function answerHeader(kid: string): string {
  return JSON.stringify({ alg: 'EdDSA', kid, typ: kinds.answer });
}

export function signKeySet(keys: ConfigKeySet, key: SigningKey): Promise<string> {
  return sign(kinds.keys, keys, key);
}

async function sign(typ: string, value: unknown, { kid, key }: SigningKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(value));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', kid, typ }).sign(key);
}

/** What an answer has to be for whoever asked. */
export interface ExpectedAnswer {
  readonly application: string;
  readonly topic: string;
  readonly role: ConfigAnswer['role'];
  /** The greatest version that was seen; 0 when none was. */
  readonly seenVersion: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** @throws UntrustedConfigError */
export async function verifyAnswer(
  signed: string,
  trusted: ConfigKeySet,
  expected: ExpectedAnswer,
): Promise<ConfigAnswer> {
  const value = await verify(kinds.answer, signed, trusted);
  if (!answerChecker.check(value)) throw malformed('an answer', answerChecker.issues(value)[0]?.field);
  const { application, topic, role, version, expiresAt } = value;
  if (application !== expected.application || topic !== expected.topic || role !== expected.role) {
    const what = `${role} ${topic} of application ${application}`;
    throw new UntrustedConfigError('not_ours', `the answer is for ${what}, which was not asked for`);
  }
  if (version < expected.seenVersion) {
    const seen = `one of version ${expected.seenVersion} was seen before`;
    throw new UntrustedConfigError('older', `the answer for topic ${topic} has version ${version}, and ${seen}`);
  }
  if (expiresAt <= expected.now) {
    const when = new Date(expiresAt).toISOString();
    throw new UntrustedConfigError(
      'expired',
      `the answer for topic ${topic} held until ${when}: ask the service again`,
    );
  }
  return value;
}

/** The newer set, once it is signed by a key of the one that is trusted. @throws UntrustedConfigError */
export async function verifyKeySet(signed: string, trusted: ConfigKeySet): Promise<ConfigKeySet> {
  const value = await verify(kinds.keys, signed, trusted);
  if (!keysChecker.check(value)) throw malformed('a set of keys', keysChecker.issues(value)[0]?.field);
  if (value.version < trusted.version) {
    const seen = `${trusted.version} is trusted already`;
    throw new UntrustedConfigError('older', `the set of keys has version ${value.version}, and ${seen}`);
  }
  return value;
}

/**
 * The newest of a chain of sets, each signed by a key of one before it, ascending: so who was away for several changes
 * of keys comes along. Sets that are no newer than what is trusted are passed over.
 *
 * @throws UntrustedConfigError when a newer one is signed by nobody who is trusted by then
 */
export async function followKeySets(chain: readonly string[], trusted: ConfigKeySet): Promise<ConfigKeySet> {
  let newest = trusted;
  for (const signed of chain) {
    if (versionOf(signed) > newest.version) newest = await verifyKeySet(signed, newest);
  }
  return newest;
}

/** Of a set whose signature nobody has looked at yet. */
function versionOf(signed: string): number {
  const set: unknown = readUnverified(signed);
  if (!keysChecker.check(set)) throw malformed('a set of keys', keysChecker.issues(set)[0]?.field);
  return set.version;
}

function readUnverified(signed: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(base64url.decode(signed.split('.')[1] ?? '')));
  } catch (error) {
    throw new UntrustedConfigError('malformed', `it is no JWS with JSON in it: ${messageOf(error)}`, error);
  }
}

async function verify(typ: string, signed: string, { keys }: ConfigKeySet): Promise<unknown> {
  try {
    const { payload, protectedHeader } = await compactVerify(
      signed,
      async ({ kid }) => {
        const key = keys.find((each) => each.kid === kid);
        if (key !== undefined) return await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key.x } satisfies JWK, 'EdDSA');
        const message = `it is signed by key ${JSON.stringify(kid)}, which is not among those that are trusted`;
        throw new UntrustedConfigError('unknown_key', message);
      },
      { algorithms: ['EdDSA'] },
    );
    if (protectedHeader.typ !== typ) throw new UntrustedConfigError('malformed', `it is no ${typ}`);
    return JSON.parse(new TextDecoder().decode(payload));
  } catch (error) {
    if (error instanceof UntrustedConfigError) throw error;
    throw new UntrustedConfigError('bad_signature', `its signature does not hold: ${messageOf(error)}`, error);
  }
}

function malformed(what: string, field = ''): UntrustedConfigError {
  return new UntrustedConfigError('malformed', `this version can't read ${what} of that form (${field || 'whole'})`);
}

const answerChecker = compileChecker(ConfigAnswer);
const keysChecker = compileChecker(ConfigKeySet);
