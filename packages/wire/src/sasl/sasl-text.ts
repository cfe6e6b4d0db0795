/**
 * Bytes of SASL messages as text and back. What comes from a peer is bounded before it is read, and UTF-8 is strict:
 * two byte strings never become the same name.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { malformedSasl } from './sasl-error.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const base64Shape = /^[A-Za-z0-9+/]*={0,2}$/;

/** The text of a peer's message of at most `bytesMax` bytes. Throws `SaslError`. */
export function saslText(mechanism: string, message: Uint8Array, bytesMax: number): string {
  if (message.length > bytesMax) {
    throw malformedSasl(mechanism, `a message of ${message.length} bytes is longer than the allowed ${bytesMax}`);
  }
  try {
    return decoder.decode(message);
  } catch (error) {
    throw malformedSasl(mechanism, 'the message is not UTF-8', error);
  }
}

/** Text that we shall send. Throws `SaslError` for lone surrogates, which UTF-8 has no bytes for. */
export function saslBytes(mechanism: string, text: string): Uint8Array {
  if (!text.isWellFormed())
    throw malformedSasl(mechanism, 'the text to send holds half a character (a lone surrogate)');
  return Buffer.from(text, 'utf8');
}

/** The bytes of canonical base64, or undefined when `text` is none. */
export function strictBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !base64Shape.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Whether two secrets are the same, in a time that says nothing of where they differ nor of their lengths. */
export function sameSecret(left: string | Uint8Array, right: string | Uint8Array): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}
