/**
 * The key pair of an instance of an application, and what is sealed to it: JWE (RFC 7516, compact) by ECDH-ES over
 * X25519 (RFC 8037) and A256GCM. The service seals a credential to the public key that the instance sent with its
 * question; the private key never leaves the instance.
 */
import { MillraceError, messageOf } from '@millrace/base/millrace-error';
import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { type Static, Type } from 'typebox';
import { compileChecker } from '../checker.ts';

/** A public key as it travels: 32 bytes. */
export const InstanceKey = Type.String({
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'The public key of X25519, 32 bytes in base64url',
});

export const InstanceKeyPair = Type.Object(
  { publicKey: InstanceKey, privateKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) },
  { description: 'Of one instance; whoever keeps it keeps it to themselves' },
);
export type InstanceKeyPair = Static<typeof InstanceKeyPair>;

export const CredentialSecret = Type.Union([
  Type.Object({ username: Type.String(), password: Type.String() }),
  Type.Object({ certificate: Type.String({ description: 'PEM' }), key: Type.String({ description: 'PEM' }) }),
]);
/** What a credential of an answer opens to. */
export type CredentialSecret = Static<typeof CredentialSecret>;

/** A credential can't be opened with the key of this instance. */
export class SealedCredentialError extends MillraceError {
  readonly code = 'credential_unreadable';

  constructor(reason: string, cause?: unknown) {
    super(`the credential can't be opened with the key of this instance: ${reason}; ask the service again`, { cause });
  }
}

const algorithm = 'ECDH-ES';
const curve = 'X25519';

export async function newInstanceKey(): Promise<InstanceKeyPair> {
  const pair = await generateKeyPair(algorithm, { crv: curve, extractable: true });
  const { x = '', d = '' } = await exportJWK(pair.privateKey);
  return { publicKey: x, privateKey: d };
}

/**
 * As a service may do it; that of Millrace seals by Node's own functions, which take less time.
 *
 * @param publicKey as `InstanceKey` says
 */
export async function sealCredential(secret: CredentialSecret, publicKey: string): Promise<string> {
  const key = await importJWK({ kty: 'OKP', crv: curve, x: publicKey } satisfies JWK, algorithm);
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secret)))
    .setProtectedHeader({ alg: algorithm, enc: 'A256GCM' })
    .encrypt(key);
}

/** @throws SealedCredentialError */
export async function openCredential(
  sealed: string,
  { publicKey, privateKey }: InstanceKeyPair,
): Promise<CredentialSecret> {
  let value: unknown;
  try {
    const jwk = { kty: 'OKP', crv: curve, x: publicKey, d: privateKey } satisfies JWK;
    const key = await importJWK(jwk, algorithm);
    const options = { keyManagementAlgorithms: [algorithm], contentEncryptionAlgorithms: ['A256GCM'] };
    const { plaintext } = await compactDecrypt(sealed, key, options);
    value = JSON.parse(new TextDecoder().decode(plaintext));
  } catch (error) {
    throw new SealedCredentialError(messageOf(error), error);
  }
  if (!secretChecker.check(value)) throw new SealedCredentialError('it has neither a password nor a certificate');
  return value;
}

const secretChecker = compileChecker(CredentialSecret);
