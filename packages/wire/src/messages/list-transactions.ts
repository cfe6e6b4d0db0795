/**
 * Lists the transactions that a broker coordinates.
 * Version 1 filters by duration, 2 by a pattern of transactional ids.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  stateFilters: { type: 'array', of: 'string' },
  producerIdFilters: { type: 'array', of: 'int64' },
  durationFilter: { type: 'int64', versions: '1+', default: -1 },
  transactionalIdPattern: { type: 'string', versions: '2+', nullable: '2+', default: null },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  unknownStateFilters: { type: 'array', of: 'string' },
  transactionStates: {
    type: 'array',
    of: {
      transactionalId: { type: 'string' },
      producerId: { type: 'int64' },
      transactionState: { type: 'string' },
    },
  },
} as const satisfies Fields;

export const listTransactions = {
  key: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface ListTransactionsRequest extends Message<typeof request> {}
export interface ListTransactionsResponse extends Message<typeof response> {}
