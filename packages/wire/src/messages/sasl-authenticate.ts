/**
 * Carries one SASL token each way.
 * Version 1 answers how long the session lives (KIP-368).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  authBytes: { type: 'bytes' },
} as const satisfies Fields;

const response = {
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  authBytes: { type: 'bytes' },
  sessionLifetimeMs: { type: 'int64', versions: '1+', ignorable: true },
} as const satisfies Fields;

export const saslAuthenticate = {
  key: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface SaslAuthenticateRequest extends Message<typeof request> {}
export interface SaslAuthenticateResponse extends Message<typeof response> {}
