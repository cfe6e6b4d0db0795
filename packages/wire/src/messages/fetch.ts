/**
 * Reads record batches from partitions, waiting for data if asked to.
 * Version 7 brings sessions (KIP-227), 11 the rack (KIP-392), 12 is flexible and detects divergence, 13 names topics by
 * id, 15 moves the replica id into a tagged field.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  clusterId: {
    type: 'string',
    versions: '12+',
    nullable: '12+',
    default: null,
    ignorable: true,
    tag: 0,
    tagged: '12+',
  },
  replicaId: { type: 'int32', versions: '0-14', default: -1 },
  replicaState: {
    type: 'struct',
    versions: '15+',
    tag: 1,
    tagged: '15+',
    fields: {
      replicaId: { type: 'int32', versions: '15+', default: -1 },
      replicaEpoch: { type: 'int64', versions: '15+', default: -1 },
    },
  },
  maxWaitMs: { type: 'int32' },
  minBytes: { type: 'int32' },
  maxBytes: { type: 'int32', versions: '3+', default: 2147483647, ignorable: true },
  isolationLevel: { type: 'int8', versions: '4+', ignorable: true },
  sessionId: { type: 'int32', versions: '7+', ignorable: true },
  sessionEpoch: { type: 'int32', versions: '7+', default: -1, ignorable: true },
  topics: {
    type: 'array',
    of: {
      topic: { type: 'string', versions: '0-12', ignorable: true },
      topicId: { type: 'uuid', versions: '13+', ignorable: true },
      partitions: {
        type: 'array',
        of: {
          partition: { type: 'int32' },
          currentLeaderEpoch: { type: 'int32', versions: '9+', default: -1, ignorable: true },
          fetchOffset: { type: 'int64' },
          lastFetchedEpoch: { type: 'int32', versions: '12+', default: -1 },
          logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
          partitionMaxBytes: { type: 'int32' },
          replicaDirectoryId: { type: 'uuid', versions: '17+', ignorable: true, tag: 0, tagged: '17+' },
          highWatermark: {
            type: 'int64',
            versions: '18+',
            default: Number.POSITIVE_INFINITY,
            ignorable: true,
            tag: 1,
            tagged: '18+',
          },
        },
      },
    },
  },
  forgottenTopicsData: {
    type: 'array',
    versions: '7+',
    of: {
      topic: { type: 'string', versions: '7-12', ignorable: true },
      topicId: { type: 'uuid', versions: '13+', ignorable: true },
      partitions: { type: 'array', versions: '7+', of: 'int32' },
    },
  },
  rackId: { type: 'string', versions: '11+', ignorable: true },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16', versions: '7+', ignorable: true },
  sessionId: { type: 'int32', versions: '7+' },
  responses: {
    type: 'array',
    of: {
      topic: { type: 'string', versions: '0-12', ignorable: true },
      topicId: { type: 'uuid', versions: '13+', ignorable: true },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
          highWatermark: { type: 'int64' },
          lastStableOffset: { type: 'int64', versions: '4+', default: -1, ignorable: true },
          logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
          divergingEpoch: {
            type: 'struct',
            versions: '12+',
            tag: 0,
            tagged: '12+',
            fields: {
              epoch: { type: 'int32', versions: '12+', default: -1 },
              endOffset: { type: 'int64', versions: '12+', default: -1 },
            },
          },
          currentLeader: {
            type: 'struct',
            versions: '12+',
            tag: 1,
            tagged: '12+',
            fields: {
              leaderId: { type: 'int32', versions: '12+', default: -1 },
              leaderEpoch: { type: 'int32', versions: '12+', default: -1 },
            },
          },
          snapshotId: {
            type: 'struct',
            versions: '12+',
            tag: 2,
            tagged: '12+',
            fields: {
              endOffset: { type: 'int64', default: -1 },
              epoch: { type: 'int32', default: -1 },
            },
          },
          abortedTransactions: {
            type: 'array',
            versions: '4+',
            nullable: '4+',
            ignorable: true,
            of: {
              producerId: { type: 'int64', versions: '4+' },
              firstOffset: { type: 'int64', versions: '4+' },
            },
          },
          preferredReadReplica: { type: 'int32', versions: '11+', default: -1 },
          records: { type: 'records', nullable: '0+' },
        },
      },
    },
  },
  nodeEndpoints: {
    type: 'array',
    versions: '16+',
    tag: 0,
    tagged: '16+',
    of: {
      nodeId: { type: 'int32', versions: '16+' },
      host: { type: 'string', versions: '16+' },
      port: { type: 'int32', versions: '16+' },
      rack: { type: 'string', versions: '16+', nullable: '16+', default: null },
    },
  },
} as const satisfies Fields;

export const fetch = {
  key: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  request,
  response,
} as const satisfies Api;

export interface FetchRequest extends Message<typeof request> {}
export interface FetchResponse extends Message<typeof response> {}
