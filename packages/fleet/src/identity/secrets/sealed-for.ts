/**
 * Secrets that one receiver can read: JWE in its compact form (RFC 7516). The receiver is an application with its
 * public key, or a request that waits for its answer with a key of its own, which is in that request's memory alone.
 *
 * So whichever process makes a secret, and wherever the text lies meanwhile, nobody but the receiver reads it.
 */
import { createPublicKey } from 'node:crypto';
import { ProblemError } from '@millrace/api';
import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { type Static, Type } from 'typebox';

/** For whom something is sealed: a public key, which is no secret. */
export const Receiver = Type.Object(
  {
    who: Type.Union([Type.Literal('application'), Type.Literal('request')]),
    algorithm: Type.Union([Type.Literal('RSA-OAEP-256'), Type.Literal('ECDH-ES+A256KW')]),
    jwk: Type.Record(Type.String(), Type.String()),
  },
  { additionalProperties: false, description: 'Whose key it is, how it is used, and the public key as a JWK' },
);
export type Receiver = Static<typeof Receiver>;

const rsaBitsMin = 2048;

/** Encrypts to a receiver, by AES-256-GCM under a key of its own. */
export async function sealFor(receiver: Receiver, secret: object): Promise<string> {
  const key = await importJWK(receiver.jwk as JWK, receiver.algorithm);
  return await new CompactEncrypt(Buffer.from(JSON.stringify(secret)))
    .setProtectedHeader({ alg: receiver.algorithm, enc: 'A256GCM' })
    .encrypt(key);
}

/** An application's key as it is declared. Throws a `ProblemError` for what is no such key. */
export function applicationReceiver(application: string, pem: string): Receiver {
  const refuse = (why: string): never => {
    throw new ProblemError('invalid_request', `the public key of application ${application} ${why}; declare another`);
  };
  const key = publicKeyOf(pem) ?? refuse('is not PEM (SPKI)');
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa') refuse(`is of type ${key.asymmetricKeyType}, not RSA`);
  if (modulusLength < rsaBitsMin) refuse(`has ${modulusLength} bits, and ${rsaBitsMin} are the fewest`);
  const { kty, n, e } = key.export({ format: 'jwk' });
  return { who: 'application', algorithm: 'RSA-OAEP-256', jwk: { kty: kty ?? '', n: n ?? '', e: e ?? '' } };
}

/** A receiver for one answer, and how that opens what comes. */
export interface WaitingRequest {
  readonly receiver: Receiver;
  open(sealed: string): Promise<unknown>;
}

export async function waitingRequest(): Promise<WaitingRequest> {
  const algorithm = 'ECDH-ES+A256KW';
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { crv: 'P-256' });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const jwk = { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' };
  return {
    receiver: { who: 'request', algorithm, jwk },
    open: async (sealed) => JSON.parse(new TextDecoder().decode((await compactDecrypt(sealed, privateKey)).plaintext)),
  };
}

function publicKeyOf(pem: string): ReturnType<typeof createPublicKey> | undefined {
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) return undefined;
  try {
    return createPublicKey(pem);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return undefined;
  }
}
