/**
 * Lists the reassignments under way.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  timeoutMs: { type: 'int32', default: 60000 },
  topics: {
    type: 'array',
    nullable: '0+',
    default: null,
    of: {
      name: { type: 'string' },
      partitionIndexes: { type: 'array', of: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          replicas: { type: 'array', of: 'int32' },
          addingReplicas: { type: 'array', of: 'int32' },
          removingReplicas: { type: 'array', of: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

export const listPartitionReassignments = {
  key: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface ListPartitionReassignmentsRequest extends Message<typeof request> {}
export interface ListPartitionReassignmentsResponse extends Message<typeof response> {}
