/**
 * Moves replicas between log directories of a broker.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  dirs: {
    type: 'array',
    of: {
      path: { type: 'string' },
      topics: {
        type: 'array',
        of: {
          name: { type: 'string' },
          partitions: { type: 'array', of: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      topicName: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
        },
      },
    },
  },
} as const satisfies Fields;

export const alterReplicaLogDirs = {
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: '1-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface AlterReplicaLogDirsRequest extends Message<typeof request> {}
export interface AlterReplicaLogDirsResponse extends Message<typeof response> {}
