/**
 * Commits or aborts a transaction.
 * Version 5 bumps the producer epoch with each transaction and answers the new one (KIP-890).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalId: { type: 'string' },
  producerId: { type: 'int64' },
  producerEpoch: { type: 'int16' },
  committed: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  producerId: { type: 'int64', versions: '5+', default: -1, ignorable: true },
  producerEpoch: { type: 'int16', versions: '5+', default: -1, ignorable: true },
} as const satisfies Fields;

export const endTxn = {
  key: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface EndTxnRequest extends Message<typeof request> {}
export interface EndTxnResponse extends Message<typeof response> {}
