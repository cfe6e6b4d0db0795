/**
 * The server's side of SCRAM (RFC 5802, RFC 7677). A user that does not exist is treated to the end like one whose
 * password is wrong: salt and iterations are made up, the same each time the name is asked for, and every step is
 * computed. So neither answers nor times tell which names exist.
 */
import type { Randomness } from '@millrace/base';
import { malformedSasl, refusedSasl } from './sasl-error.ts';
import { sameSecret, saslBytes } from './sasl-text.ts';
import {
  exclusiveOr,
  type ScramCredential,
  type ScramMechanism,
  scramHash,
  scramHashBytes,
  scramHmac,
  scramIterationsMin,
} from './scram-credential.ts';
import { type ClientFirst, decodeClientFinal, decodeClientFirst, encodeServerFirst } from './scram-messages.ts';

const nonceBytes = 24;
const saltBytes = 16;

export interface ScramServerOptions {
  readonly mechanism: ScramMechanism;
  readonly randomness: Pick<Randomness, 'bytes'>;
  /** The credential of a user, if there is such a user. Called once. */
  readonly credentialOf: (username: string) => ScramCredential | undefined;
  /** Makes up the salts of users that don't exist; the same for a server's whole life, and known to it alone. */
  readonly secret: Uint8Array;
}

export class ScramServer {
  readonly mechanism: ScramMechanism;
  readonly #options: ScramServerOptions;
  #expects: 'client-first' | 'client-final' | 'nothing' = 'client-first';
  #first: ClientFirst | undefined;
  #firstReply = '';
  #nonce = '';
  #credential: ScramCredential | undefined;
  #exists = false;
  #username: string | undefined;

  constructor(options: ScramServerOptions) {
    this.mechanism = options.mechanism;
    this.#options = options;
  }

  /** Whom the exchange has proved the client to be; undefined before its end and after a failure. */
  get username(): string | undefined {
    return this.#username;
  }

  /** The answer to a client's message. Throws `SaslError`, always the same for an unknown user and a wrong password. */
  next(message: Uint8Array): Uint8Array {
    const expected = this.#expects;
    this.#expects = 'nothing';
    if (expected === 'nothing') throw malformedSasl(this.mechanism, 'the client goes on after the last message');
    return saslBytes(this.mechanism, expected === 'client-first' ? this.#begin(message) : this.#verify(message));
  }

  #begin(message: Uint8Array): string {
    const { mechanism, randomness, credentialOf } = this.#options;
    const first = decodeClientFirst(mechanism, message);
    if (first.delegationToken) throw refusedSasl(mechanism, 'delegation tokens are not supported');
    if (first.authorizationId !== '' && first.authorizationId !== first.username) {
      throw refusedSasl(mechanism, 'the client may act for no other user than its own');
    }
    const madeUp = this.#madeUpCredential(first.username);
    const known = credentialOf(first.username);
    this.#first = first;
    this.#exists = known !== undefined;
    this.#credential = known ?? madeUp;
    this.#nonce = first.nonce + Buffer.from(randomness.bytes(nonceBytes)).toString('base64');
    this.#firstReply = encodeServerFirst({ ...this.#credential, nonce: this.#nonce });
    this.#expects = 'client-final';
    return this.#firstReply;
  }

  #verify(message: Uint8Array): string {
    const { mechanism } = this;
    const first = this.#first as ClientFirst;
    const credential = this.#credential as ScramCredential;
    const final = decodeClientFinal(mechanism, message);
    if (final.nonce !== this.#nonce) throw refusedSasl(mechanism, "the nonce of the last message is not the server's");
    if (final.binding !== first.header) throw refusedSasl(mechanism, 'the channel binding is not that of the start');
    if (final.proof.length !== scramHashBytes(mechanism))
      throw malformedSasl(mechanism, 'the proof has a wrong length');
    const signed = `${first.bare},${this.#firstReply},${final.withoutProof}`;
    const clientKey = exclusiveOr(final.proof, scramHmac(mechanism, credential.storedKey, signed));
    const proved = sameSecret(scramHash(mechanism, clientKey), credential.storedKey);
    const signature = scramHmac(mechanism, credential.serverKey, signed);
    if (!proved || !this.#exists) throw refusedSasl(mechanism, 'the credentials are not valid');
    this.#username = first.username;
    return `v=${Buffer.from(signature).toString('base64')}`;
  }

  #madeUpCredential(username: string): ScramCredential {
    const { mechanism, secret } = this.#options;
    const of = (what: string): Uint8Array => scramHmac(mechanism, secret, `${what}\0${username}`);
    return {
      salt: of('salt').subarray(0, saltBytes),
      iterations: scramIterationsMin,
      storedKey: of('stored key'),
      serverKey: of('server key'),
    };
  }
}
