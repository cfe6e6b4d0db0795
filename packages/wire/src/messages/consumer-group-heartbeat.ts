/**
 * Joins, keeps alive and leaves a consumer group of the newer protocol (KIP-848).
 * Version 1 lets the broker match a pattern of topics and has the client choose the member id.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  memberId: { type: 'string' },
  memberEpoch: { type: 'int32' },
  instanceId: { type: 'string', nullable: '0+', default: null },
  rackId: { type: 'string', nullable: '0+', default: null },
  rebalanceTimeoutMs: { type: 'int32', default: -1 },
  subscribedTopicNames: { type: 'array', nullable: '0+', default: null, of: 'string' },
  subscribedTopicRegex: { type: 'string', versions: '1+', nullable: '1+', default: null },
  serverAssignor: { type: 'string', nullable: '0+', default: null },
  topicPartitions: {
    type: 'array',
    nullable: '0+',
    default: null,
    of: {
      topicId: { type: 'uuid' },
      partitions: { type: 'array', of: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+', default: null },
  memberId: { type: 'string', nullable: '0+', default: null },
  memberEpoch: { type: 'int32' },
  heartbeatIntervalMs: { type: 'int32' },
  assignment: {
    type: 'struct',
    nullable: '0+',
    default: null,
    fields: {
      topicPartitions: {
        type: 'array',
        of: {
          topicId: { type: 'uuid' },
          partitions: { type: 'array', of: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

export const consumerGroupHeartbeat = {
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface ConsumerGroupHeartbeatRequest extends Message<typeof request> {}
export interface ConsumerGroupHeartbeatResponse extends Message<typeof response> {}
