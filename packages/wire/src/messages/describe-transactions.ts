/**
 * Describes transactions by their transactional ids.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalIds: { type: 'array', of: 'string' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  transactionStates: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      transactionalId: { type: 'string' },
      transactionState: { type: 'string' },
      transactionTimeoutMs: { type: 'int32' },
      transactionStartTimeMs: { type: 'int64' },
      producerId: { type: 'int64' },
      producerEpoch: { type: 'int16' },
      topics: {
        type: 'array',
        of: {
          topic: { type: 'string' },
          partitions: { type: 'array', of: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeTransactions = {
  key: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeTransactionsRequest extends Message<typeof request> {}
export interface DescribeTransactionsResponse extends Message<typeof response> {}
