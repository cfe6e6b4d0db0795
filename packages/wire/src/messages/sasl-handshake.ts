/**
 * Chooses a SASL mechanism.
 * After version 0 bare SASL tokens follow on the connection; after version 1 SaslAuthenticate carries them.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  mechanism: { type: 'string' },
} as const satisfies Fields;

const response = {
  errorCode: { type: 'int16' },
  mechanisms: { type: 'array', of: 'string' },
} as const satisfies Fields;

export const saslHandshake = {
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  request,
  response,
} as const satisfies Api;

export interface SaslHandshakeRequest extends Message<typeof request> {}
export interface SaslHandshakeResponse extends Message<typeof response> {}
