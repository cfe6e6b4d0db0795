/**
 * Describes consumer groups of the newer protocol (KIP-848).
 * Version 1 tells classic members from those of the newer protocol.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupIds: { type: 'array', of: 'string' },
  includeAuthorizedOperations: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  groups: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+', default: null },
      groupId: { type: 'string' },
      groupState: { type: 'string' },
      groupEpoch: { type: 'int32' },
      assignmentEpoch: { type: 'int32' },
      assignorName: { type: 'string' },
      members: {
        type: 'array',
        of: {
          memberId: { type: 'string' },
          instanceId: { type: 'string', nullable: '0+', default: null },
          rackId: { type: 'string', nullable: '0+', default: null },
          memberEpoch: { type: 'int32' },
          clientId: { type: 'string' },
          clientHost: { type: 'string' },
          subscribedTopicNames: { type: 'array', of: 'string' },
          subscribedTopicRegex: { type: 'string', nullable: '0+', default: null },
          assignment: {
            type: 'struct',
            fields: {
              topicPartitions: {
                type: 'array',
                of: {
                  topicId: { type: 'uuid' },
                  topicName: { type: 'string' },
                  partitions: { type: 'array', of: 'int32' },
                },
              },
            },
          },
          targetAssignment: {
            type: 'struct',
            fields: {
              topicPartitions: {
                type: 'array',
                of: {
                  topicId: { type: 'uuid' },
                  topicName: { type: 'string' },
                  partitions: { type: 'array', of: 'int32' },
                },
              },
            },
          },
          memberType: { type: 'int8', versions: '1+', default: -1, ignorable: true },
        },
      },
      authorizedOperations: { type: 'int32', default: -2147483648 },
    },
  },
} as const satisfies Fields;

export const consumerGroupDescribe = {
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface ConsumerGroupDescribeRequest extends Message<typeof request> {}
export interface ConsumerGroupDescribeResponse extends Message<typeof response> {}
