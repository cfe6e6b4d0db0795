/**
 * Seals a credential to the public key of an instance: JWE (RFC 7516, compact) by ECDH-ES over X25519 (RFC 8037) and
 * A256GCM, which `openCredential` of `@millrace/api/config` opens. By Node's own functions, all on one thread: through
 * Web Crypto a new password was with ten thousand instances after more than twice the time.
 */
import {
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { ProblemError } from '@millrace/api';
import type { CredentialSecret } from '@millrace/api/config';

const encryption = 'A256GCM';
const nonceBytes = 12;
const keyBits = 256;
/** What the key is derived for besides what both sides agreed on: RFC 7518, section 4.6.2, with nobody named. */
const derivedFor = Buffer.concat([
  uint32(encryption.length),
  Buffer.from(encryption),
  uint32(0),
  uint32(0),
  uint32(keyBits),
]);

/**
 * @param publicKey as `InstanceKey` says: 32 bytes in base64url
 * @throws ProblemError `invalid_request` for one of the few keys that agree on nothing secret
 */
export function sealCredential(secret: CredentialSecret, publicKey: string): string {
  const recipient = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: publicKey } });
  const own = generateKeyPairSync('x25519');
  const header = JSON.stringify({ alg: 'ECDH-ES', enc: encryption, epk: publicPart(own.publicKey) });
  const protectedHeader = Buffer.from(header).toString('base64url');
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(agreed(own.privateKey, recipient)), nonce);
  cipher.setAAD(Buffer.from(protectedHeader));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secret)), cipher.final()]);
  const parts = [nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  // Between the header and these there is no key that is encrypted itself.
  return [protectedHeader, '', ...parts].join('.');
}

function agreed(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw new ProblemError('invalid_request', 'nothing can be sealed to the key of this instance; make another one', {
      cause,
    });
  }
}

/** One round of the key derivation of NIST SP 800-56A gives all bits. */
function keyOf(agreed: Buffer): Buffer {
  return createHash('sha256').update(uint32(1)).update(agreed).update(derivedFor).digest();
}

function publicPart(key: KeyObject): { readonly kty: string; readonly crv: string; readonly x: string } {
  const { x = '' } = key.export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'X25519', x };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
