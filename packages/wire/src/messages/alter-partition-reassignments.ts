/**
 * Changes the replicas of partitions, or cancels such a change.
 * Version 1 may forbid a change of the replication factor (KIP-860).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  timeoutMs: { type: 'int32', default: 60000 },
  allowReplicationFactorChange: { type: 'bool', versions: '1+', default: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          replicas: { type: 'array', nullable: '0+', default: null, of: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  allowReplicationFactorChange: { type: 'bool', versions: '1+', default: true, ignorable: true },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  responses: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
          errorMessage: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

export const alterPartitionReassignments = {
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface AlterPartitionReassignmentsRequest extends Message<typeof request> {}
export interface AlterPartitionReassignmentsResponse extends Message<typeof response> {}
