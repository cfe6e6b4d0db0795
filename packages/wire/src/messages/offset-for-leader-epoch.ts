/**
 * Tells where a leader epoch ends in the log.
 * Version 3 carries the replica id.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  replicaId: { type: 'int32', versions: '3+', default: -2, ignorable: true },
  topics: {
    type: 'array',
    of: {
      topic: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partition: { type: 'int32' },
          currentLeaderEpoch: { type: 'int32', versions: '2+', default: -1, ignorable: true },
          leaderEpoch: { type: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '2+', ignorable: true },
  topics: {
    type: 'array',
    of: {
      topic: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          errorCode: { type: 'int16' },
          partition: { type: 'int32' },
          leaderEpoch: { type: 'int32', versions: '1+', default: -1, ignorable: true },
          endOffset: { type: 'int64', default: -1 },
        },
      },
    },
  },
} as const satisfies Fields;

export const offsetForLeaderEpoch = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '2-4',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface OffsetForLeaderEpochRequest extends Message<typeof request> {}
export interface OffsetForLeaderEpochResponse extends Message<typeof response> {}
