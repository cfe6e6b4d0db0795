/**
 * Finds offsets by timestamp.
 * Timestamps below zero are questions: -1 latest, -2 earliest, -3 that of the greatest timestamp (version 7, KIP-734),
 * -4 earliest local (8), -5 latest tiered (9), -6 earliest pending upload (11).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  replicaId: { type: 'int32' },
  isolationLevel: { type: 'int8', versions: '2+' },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          currentLeaderEpoch: { type: 'int32', versions: '4+', default: -1, ignorable: true },
          timestamp: { type: 'int64' },
        },
      },
    },
  },
  timeoutMs: { type: 'int32', versions: '10+', ignorable: true },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '2+', ignorable: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
          timestamp: { type: 'int64', versions: '1+', default: -1 },
          offset: { type: 'int64', versions: '1+', default: -1 },
          leaderEpoch: { type: 'int32', versions: '4+', default: -1 },
        },
      },
    },
  },
} as const satisfies Fields;

export const listOffsets = {
  key: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: '6+',
  request,
  response,
} as const satisfies Api;

export interface ListOffsetsRequest extends Message<typeof request> {}
export interface ListOffsetsResponse extends Message<typeof response> {}
