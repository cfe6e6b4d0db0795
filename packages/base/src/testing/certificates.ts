/** Authorities and certificates for tests, made when they are wanted. */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type Extension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsIdentity } from '../network.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;

export interface CertificateSubject {
  /** RFC 2253 or the like: `CN=alice,O=Data`. */
  readonly name: string;
  /** Hosts and addresses that a server's certificate is good for. */
  readonly hosts?: readonly string[];
  /** Already over. */
  readonly expired?: boolean;
}

/** An authority that signs certificates. */
export class CertificateAuthority {
  /** Its own certificate, as PEM: what those who trust it give as `ca`. */
  readonly ca: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  #serial = 1;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, ca: string) {
    this.#name = name;
    this.#keys = keys;
    this.ca = ca;
  }

  static async create(name = 'CN=Authority of tests'): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new CertificateAuthority(name, keys, certificate.toString('pem'));
  }

  /** A certificate and its key. */
  async issue({ name, hosts = [], expired = false }: CertificateSubject): Promise<TlsIdentity> {
    const keys = await generateKeys();
    this.#serial += 1;
    const extensions: Extension[] = [new BasicConstraintsExtension(false)];
    if (hosts.length > 0) {
      const names = hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const);
      extensions.push(new SubjectAlternativeNameExtension(names));
    }
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject: name,
      issuer: this.#name,
      notBefore: new Date(Date.now() - 2 * dayMs),
      notAfter: new Date(Date.now() + (expired ? -dayMs : dayMs)),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions,
    });
    return { cert: certificate.toString('pem'), key: await privatePem(keys) };
  }
}

/** A request for a certificate (PKCS#10), and the key that it is for; both PEM. */
export async function certificateRequest(name: string): Promise<{ readonly request: string; readonly key: string }> {
  const keys = await generateKeys();
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  return { request: request.toString('pem'), key: await privatePem(keys) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privatePem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}
