/**
 * The client's side of SCRAM (RFC 5802, RFC 7677): proves that it knows the password without sending it, and has the
 * server prove that it knows it too. No message is accepted twice or out of turn.
 */
import type { Randomness } from '@millrace/base';
import { malformedSasl, refusedSasl } from './sasl-error.ts';
import { encodeSaslName } from './sasl-name.ts';
import { sameSecret, saslBytes } from './sasl-text.ts';
import {
  clientKeyOf,
  exclusiveOr,
  type ScramMechanism,
  saltedPassword,
  scramHash,
  scramHmac,
  scramIterationsMin,
  serverKeyOf,
} from './scram-credential.ts';
import { decodeServerFinal, decodeServerFirst } from './scram-messages.ts';

/** A hostile server may ask for no more work than this: about 50 ms of another thread. Kafka's own limit is 16,384. */
export const scramClientIterationsMax = 100_000;

const nonceBytes = 24;
const header = 'n,,';

export interface ScramClientOptions {
  readonly mechanism: ScramMechanism;
  readonly username: string;
  readonly password: string;
  readonly randomness: Pick<Randomness, 'bytes'>;
}

export class ScramClient {
  readonly mechanism: ScramMechanism;
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  #expects: 'server-first' | 'server-final' | 'nothing' = 'server-first';
  #serverSignature: Uint8Array = new Uint8Array();

  constructor(options: ScramClientOptions) {
    const { mechanism, username, password, randomness } = options;
    if (username === '' || username.includes('\0')) {
      throw malformedSasl(mechanism, 'the user name is empty or holds the character NUL; set another');
    }
    this.mechanism = mechanism;
    this.#password = password;
    this.#nonce = Buffer.from(randomness.bytes(nonceBytes)).toString('base64');
    this.#firstBare = `n=${encodeSaslName(username)},r=${this.#nonce}`;
  }

  /** The first message. */
  start(): Uint8Array {
    return saslBytes(this.mechanism, `${header}${this.#firstBare}`);
  }

  /**
   * The answer to a server's message; undefined when that was the last one, and the server has proved itself. Rejects
   * with `SaslError`: the exchange is over then.
   */
  async next(message: Uint8Array): Promise<Uint8Array | undefined> {
    const expected = this.#expects;
    this.#expects = 'nothing';
    if (expected === 'nothing') throw malformedSasl(this.mechanism, 'the server goes on after the last message');
    if (expected === 'server-first') {
      const answer = await this.#prove(message);
      this.#expects = 'server-final';
      return answer;
    }
    this.#verify(message);
    return undefined;
  }

  async #prove(message: Uint8Array): Promise<Uint8Array> {
    const { mechanism } = this;
    const { text, nonce, salt, iterations } = decodeServerFirst(mechanism, message);
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw refusedSasl(mechanism, "the server's nonce does not continue ours: someone may stand in between");
    }
    if (iterations < scramIterationsMin || iterations > scramClientIterationsMax) {
      const allowed = `${scramIterationsMin} to ${scramClientIterationsMax}`;
      throw refusedSasl(mechanism, `the server asks for ${iterations} iterations, and only ${allowed} are allowed`);
    }
    const salted = await saltedPassword(mechanism, this.#password, salt, iterations);
    const clientKey = clientKeyOf(mechanism, salted);
    const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
    const signed = `${this.#firstBare},${text},${withoutProof}`;
    const signature = scramHmac(mechanism, scramHash(mechanism, clientKey), signed);
    this.#serverSignature = scramHmac(mechanism, serverKeyOf(mechanism, salted), signed);
    const proof = Buffer.from(exclusiveOr(clientKey, signature)).toString('base64');
    return saslBytes(mechanism, `${withoutProof},p=${proof}`);
  }

  #verify(message: Uint8Array): void {
    const final = decodeServerFinal(this.mechanism, message);
    if ('error' in final) throw refusedSasl(this.mechanism, 'the server refused the proof: check name and password');
    if (!sameSecret(final.signature, this.#serverSignature)) {
      throw refusedSasl(this.mechanism, 'the server could not prove that it knows the password: it may be a false one');
    }
  }
}
