/**
 * Adds the offsets of a group to a transaction.
 * Version 4 may answer TRANSACTION_ABORTABLE (KIP-890).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalId: { type: 'string' },
  producerId: { type: 'int64' },
  producerEpoch: { type: 'int16' },
  groupId: { type: 'string' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
} as const satisfies Fields;

export const addOffsetsToTxn = {
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: '0-4',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface AddOffsetsToTxnRequest extends Message<typeof request> {}
export interface AddOffsetsToTxnResponse extends Message<typeof response> {}
