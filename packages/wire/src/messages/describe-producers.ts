/**
 * Describes the active producers of partitions.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitionIndexes: { type: 'array', of: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
          errorMessage: { type: 'string', nullable: '0+', default: null },
          activeProducers: {
            type: 'array',
            of: {
              producerId: { type: 'int64' },
              producerEpoch: { type: 'int32' },
              lastSequence: { type: 'int32', default: -1 },
              lastTimestamp: { type: 'int64', default: -1 },
              coordinatorEpoch: { type: 'int32' },
              currentTxnStartOffset: { type: 'int64', default: -1 },
            },
          },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeProducers = {
  key: 61,
  name: 'DescribeProducers',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeProducersRequest extends Message<typeof request> {}
export interface DescribeProducersResponse extends Message<typeof response> {}
