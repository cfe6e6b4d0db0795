/**
 * Describes the quorum of the metadata log.
 * Version 1 adds the replicas' times, 2 their directories and addresses.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      topicName: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', versions: '2+', nullable: '2+', ignorable: true },
  topics: {
    type: 'array',
    of: {
      topicName: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
          errorMessage: { type: 'string', versions: '2+', nullable: '2+', ignorable: true },
          leaderId: { type: 'int32' },
          leaderEpoch: { type: 'int32' },
          highWatermark: { type: 'int64' },
          currentVoters: {
            type: 'array',
            of: {
              replicaId: { type: 'int32' },
              replicaDirectoryId: { type: 'uuid', versions: '2+' },
              logEndOffset: { type: 'int64' },
              lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
            },
          },
          observers: {
            type: 'array',
            of: {
              replicaId: { type: 'int32' },
              replicaDirectoryId: { type: 'uuid', versions: '2+' },
              logEndOffset: { type: 'int64' },
              lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
            },
          },
        },
      },
    },
  },
  nodes: {
    type: 'array',
    versions: '2+',
    of: {
      nodeId: { type: 'int32', versions: '2+' },
      listeners: {
        type: 'array',
        versions: '2+',
        of: {
          name: { type: 'string', versions: '2+' },
          host: { type: 'string', versions: '2+' },
          port: { type: 'uint16', versions: '2+' },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeQuorum = {
  key: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeQuorumRequest extends Message<typeof request> {}
export interface DescribeQuorumResponse extends Message<typeof response> {}
