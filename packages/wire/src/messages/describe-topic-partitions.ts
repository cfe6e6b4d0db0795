/**
 * Describes topics page by page, with eligible leader replicas (KIP-966).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
    },
  },
  responsePartitionLimit: { type: 'int32', default: 2000 },
  cursor: {
    type: 'struct',
    nullable: '0+',
    default: null,
    fields: {
      topicName: { type: 'string' },
      partitionIndex: { type: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, ignorable: true },
  topics: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      name: { type: 'string', nullable: '0+' },
      topicId: { type: 'uuid', ignorable: true },
      isInternal: { type: 'bool', ignorable: true },
      partitions: {
        type: 'array',
        of: {
          errorCode: { type: 'int16' },
          partitionIndex: { type: 'int32' },
          leaderId: { type: 'int32' },
          leaderEpoch: { type: 'int32', default: -1, ignorable: true },
          replicaNodes: { type: 'array', of: 'int32' },
          isrNodes: { type: 'array', of: 'int32' },
          eligibleLeaderReplicas: { type: 'array', nullable: '0+', default: null, of: 'int32' },
          lastKnownElr: { type: 'array', nullable: '0+', default: null, of: 'int32' },
          offlineReplicas: { type: 'array', ignorable: true, of: 'int32' },
        },
      },
      topicAuthorizedOperations: { type: 'int32', default: -2147483648 },
    },
  },
  nextCursor: {
    type: 'struct',
    nullable: '0+',
    default: null,
    fields: {
      topicName: { type: 'string' },
      partitionIndex: { type: 'int32' },
    },
  },
} as const satisfies Fields;

export const describeTopicPartitions = {
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeTopicPartitionsRequest extends Message<typeof request> {}
export interface DescribeTopicPartitionsResponse extends Message<typeof response> {}
