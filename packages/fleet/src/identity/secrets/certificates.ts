/**
 * The fleet's certificate authority: certificates by which applications log in over TLS, either for a key of the
 * application's own (a request in PKCS#10) or with a key that is made here. Its own key lies sealed in the database.
 *
 * The name in a certificate is ours, whatever a request asks for. Two that are valid at once have the same name, so
 * clusters take them for one principal. A single one can't be taken back through Kafka's protocol: who is shut out is
 * the principal, and what is issued after that has another name.
 */
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import { ProblemError } from '@millrace/api';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  type PublicKey,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Kysely } from 'kysely';
import type { Schema } from '../../database/schema.ts';
import type { SealingKey } from './sealing-key.ts';

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** Hexadecimal. */
  readonly serial: string;
  readonly expiresAt: Date;
  /** PEM (PKCS#8), where the key was made here; kept nowhere. */
  readonly key?: string | undefined;
}

export interface Authority {
  /** PEM: what clusters are to trust. */
  readonly certificate: string;
  readonly expiresAt: Date;
  /** Signs a certificate of a name for some days, never beyond the authority's own end. */
  issue(subject: string, days: number, request?: string): Promise<IssuedCertificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
/** Clocks of clusters may be behind ours. */
const skewMs = 5 * 60 * 1000;
const rsaBitsMin = 2048;
const purpose = "the key of the fleet's certificate authority";

/** The authority, made at its first use. Of processes that make it at the same time all get the same. */
export async function openAuthority(db: Kysely<Schema>, sealingKey: SealingKey): Promise<Authority> {
  const known = await db.selectFrom('certificate_authority').selectAll().executeTakeFirst();
  if (known === undefined) {
    await db
      .insertInto('certificate_authority')
      .values({ ...(await newAuthority(sealingKey)), sealing_key: sealingKey.id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return await openAuthority(db, sealingKey);
  }
  const own = new X509Certificate(known.certificate);
  const key = await importedKey(sealingKey.open(known.sealed_key, purpose));
  return {
    certificate: own.toString('pem'),
    expiresAt: own.notAfter,
    issue: (subject, days, request) => issue(own, key, subject, days, request),
  };
}

/** The key that a request asks a certificate for. Throws a `ProblemError` for what can't be used. */
export async function keyOfRequest(pem: string): Promise<PublicKey> {
  const refuse = (why: string): never => {
    throw new ProblemError('invalid_request', `the certificate request ${why}; make another`);
  };
  const request = parsed(pem) ?? refuse('is not PKCS#10 in PEM');
  if (!(await isSigned(request))) refuse('is not signed by the key that it holds');
  const { name, modulusLength, namedCurve } = request.publicKey.algorithm as Partial<
    webcrypto.RsaHashedKeyAlgorithm & webcrypto.EcKeyAlgorithm
  >;
  const isRsa = name?.startsWith('RSA') ?? false;
  if (isRsa && (modulusLength ?? 0) < rsaBitsMin) {
    refuse(`has an RSA key of ${modulusLength} bits, and ${rsaBitsMin} are the fewest`);
  }
  const isCurve = name === 'ECDSA' && ['P-256', 'P-384', 'P-521'].includes(namedCurve ?? '');
  if (!isRsa && !isCurve) refuse('has a key that is neither RSA nor of the curves P-256, P-384 and P-521');
  return request.publicKey;
}

async function issue(
  own: X509Certificate,
  key: webcrypto.CryptoKey,
  subject: string,
  days: number,
  request: string | undefined,
): Promise<IssuedCertificate> {
  const keys = request === undefined ? await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) : undefined;
  const publicKey = request === undefined ? keys?.publicKey : await keyOfRequest(request);
  if (publicKey === undefined) throw new TypeError('a certificate needs a key');
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: own.subject,
    notBefore: new Date(Date.now() - skewMs),
    notAfter: new Date(Math.min(Date.now() + days * dayMs, own.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ],
  });
  return {
    certificate: certificate.toString('pem'),
    serial: certificate.serialNumber,
    expiresAt: certificate.notAfter,
    key: keys && (await exportedKey(keys.privateKey)),
  };
}

/**
 * A certificate that signs itself, and its key, sealed. The first one and another have different names, or clusters
 * that trust both would not know which of them has signed.
 */
export async function newAuthority(
  sealingKey: SealingKey,
  which: 'first' | 'another' = 'first',
): Promise<{ certificate: string; sealed_key: string }> {
  const name = "CN=Millrace's applications";
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: which === 'first' ? name : `${name} ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(Date.now() - skewMs),
    notAfter: new Date(Date.now() + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: certificate.toString('pem'),
    sealed_key: sealingKey.seal(await exportedKey(keys.privateKey), purpose),
  };
}

/** Positive, as RFC 5280 has it, and no zero first. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function parsed(pem: string): Pkcs10CertificateRequest | undefined {
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch {
    // Whatever is wrong with it, the sender has to make another.
    return undefined;
  }
}

async function isSigned(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A key or an algorithm that can't be used proves nothing.
    return false;
  }
}

async function exportedKey(key: webcrypto.CryptoKey): Promise<string> {
  const text = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${text.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

function importedKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  return crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
}
