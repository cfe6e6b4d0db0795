/**
 * Gives a producer its id and epoch.
 * Version 3 lets a producer bump its epoch (KIP-360), 6 prepares for two-phase commit.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalId: { type: 'string', nullable: '0+' },
  transactionTimeoutMs: { type: 'int32' },
  producerId: { type: 'int64', versions: '3+', default: -1 },
  producerEpoch: { type: 'int16', versions: '3+', default: -1 },
  enable2Pc: { type: 'bool', versions: '6+' },
  keepPreparedTxn: { type: 'bool', versions: '6+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, ignorable: true },
  errorCode: { type: 'int16' },
  producerId: { type: 'int64', default: -1 },
  producerEpoch: { type: 'int16' },
  ongoingTxnProducerId: { type: 'int64', versions: '6+', default: -1 },
  ongoingTxnProducerEpoch: { type: 'int16', versions: '6+', default: -1 },
} as const satisfies Fields;

export const initProducerId = {
  key: 22,
  name: 'InitProducerId',
  versions: '0-5',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface InitProducerIdRequest extends Message<typeof request> {}
export interface InitProducerIdResponse extends Message<typeof response> {}
