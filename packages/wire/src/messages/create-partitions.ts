/**
 * Adds partitions to topics.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      count: { type: 'int32' },
      assignments: {
        type: 'array',
        nullable: '0+',
        of: {
          brokerIds: { type: 'array', of: 'int32' },
        },
      },
    },
  },
  timeoutMs: { type: 'int32' },
  validateOnly: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      name: { type: 'string' },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+', default: null },
    },
  },
} as const satisfies Fields;

export const createPartitions = {
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface CreatePartitionsRequest extends Message<typeof request> {}
export interface CreatePartitionsResponse extends Message<typeof response> {}
