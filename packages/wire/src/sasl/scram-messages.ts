/**
 * The four messages of SCRAM (RFC 5802 section 7), read strictly: every attribute in its place, numbers within bounds,
 * no channel binding. Unknown attributes at a message's end are extensions and ignored; a mandatory one (`m=`) is
 * refused. The parts that signatures cover come back as they were sent.
 */
import { malformedSasl, refusedSasl } from './sasl-error.ts';
import { decodeSaslName } from './sasl-name.ts';
import { saslText, strictBase64 } from './sasl-text.ts';
import type { ScramMechanism } from './scram-credential.ts';

/** No name, nonce and salt together come near. */
const messageBytesMax = 16 * 1024;
const saltBytesMax = 1024;

/** Printable ASCII but the comma. */
const nonceShape = /^[\x21-\x2b\x2d-\x7e]{1,1024}$/;
const integerShape = /^[1-9][0-9]{0,8}$/;

export interface ClientFirst {
  /** The GS2 header with its two commas. */
  readonly header: string;
  /** What follows the header: the part that is signed. */
  readonly bare: string;
  /** Empty when the client names none. */
  readonly authorizationId: string;
  readonly username: string;
  readonly nonce: string;
  /** Whether name and secret are a delegation token's (Kafka's extension `tokenauth=true`). */
  readonly delegationToken: boolean;
}

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

export interface ClientFinal {
  /** What the client says the GS2 header was, base64 decoded. */
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** The message up to the proof: the part that is signed. */
  readonly withoutProof: string;
}

export function decodeClientFirst(mechanism: ScramMechanism, message: Uint8Array): ClientFirst {
  const text = saslText(mechanism, message, messageBytesMax);
  const [flag, authorization, user, nonce, ...extensions] = text.split(',');
  if (flag?.startsWith('p=')) throw refusedSasl(mechanism, 'channel binding is not supported');
  if (flag !== 'n' && flag !== 'y') throw malformedSasl(mechanism, 'the first message does not begin with n, or y,');
  if (authorization === undefined || user === undefined || nonce === undefined) {
    throw malformedSasl(mechanism, 'the first message lacks name or nonce');
  }
  if (authorization !== '' && !authorization.startsWith('a=')) {
    throw malformedSasl(mechanism, 'the second part of the first message is no authorization id');
  }
  refuseMandatory(mechanism, user);
  const header = `${flag},${authorization},`;
  return {
    header,
    bare: text.slice(header.length),
    authorizationId: authorization === '' ? '' : decodeSaslName(mechanism, authorization.slice(2)),
    username: decodeSaslName(mechanism, attribute(mechanism, 'n', user)),
    nonce: checkedNonce(mechanism, attribute(mechanism, 'r', nonce)),
    delegationToken: extensions.includes('tokenauth=true'),
  };
}

export function decodeServerFirst(mechanism: ScramMechanism, message: Uint8Array): ServerFirst & { text: string } {
  const text = saslText(mechanism, message, messageBytesMax);
  const [nonce, salt, iterations] = text.split(',');
  refuseMandatory(mechanism, nonce);
  const saltBytes = base64(mechanism, 'salt', attribute(mechanism, 's', salt));
  if (saltBytes.length === 0 || saltBytes.length > saltBytesMax) {
    throw malformedSasl(mechanism, `a salt of ${saltBytes.length} bytes is not within 1 to ${saltBytesMax}`);
  }
  const count = attribute(mechanism, 'i', iterations);
  if (!integerShape.test(count)) throw malformedSasl(mechanism, 'the number of iterations is no number');
  return {
    text,
    nonce: checkedNonce(mechanism, attribute(mechanism, 'r', nonce)),
    salt: saltBytes,
    iterations: Number(count),
  };
}

export function encodeServerFirst(message: ServerFirst): string {
  return `r=${message.nonce},s=${Buffer.from(message.salt).toString('base64')},i=${message.iterations}`;
}

export function decodeClientFinal(mechanism: ScramMechanism, message: Uint8Array): ClientFinal {
  const text = saslText(mechanism, message, messageBytesMax);
  const proofAt = text.lastIndexOf(',p=');
  if (proofAt < 0) throw malformedSasl(mechanism, 'the last message has no proof');
  const withoutProof = text.slice(0, proofAt);
  const [binding, nonce] = withoutProof.split(',');
  const bindingBytes = base64(mechanism, 'channel binding', attribute(mechanism, 'c', binding));
  return {
    withoutProof,
    binding: saslText(mechanism, bindingBytes, messageBytesMax),
    nonce: checkedNonce(mechanism, attribute(mechanism, 'r', nonce)),
    proof: base64(mechanism, 'proof', text.slice(proofAt + 3)),
  };
}

/** The server's signature, or the error that it names instead. */
export function decodeServerFinal(
  mechanism: ScramMechanism,
  message: Uint8Array,
): { readonly signature: Uint8Array } | { readonly error: string } {
  const [first = ''] = saslText(mechanism, message, messageBytesMax).split(',');
  if (first.startsWith('e=')) return { error: first.slice(2) };
  return { signature: base64(mechanism, 'signature', attribute(mechanism, 'v', first)) };
}

function attribute(mechanism: ScramMechanism, letter: string, part: string | undefined): string {
  if (part?.startsWith(`${letter}=`)) return part.slice(2);
  throw malformedSasl(mechanism, `the attribute ${letter} is not where it belongs`);
}

function refuseMandatory(mechanism: ScramMechanism, part: string | undefined): void {
  if (part?.startsWith('m=')) throw refusedSasl(mechanism, 'a mandatory extension is not known here');
}

function checkedNonce(mechanism: ScramMechanism, nonce: string): string {
  if (!nonceShape.test(nonce)) throw malformedSasl(mechanism, 'the nonce is not 1 to 1024 printable characters');
  return nonce;
}

function base64(mechanism: ScramMechanism, what: string, text: string): Uint8Array {
  const bytes = strictBase64(text);
  if (bytes === undefined) throw malformedSasl(mechanism, `the ${what} is not base64`);
  return bytes;
}
