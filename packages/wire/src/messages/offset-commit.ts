/**
 * Stores the offsets a group has processed.
 * Version 7 adds static members, 8 is flexible, 9 serves the consumer protocol, 10 names topics by id.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  generationIdOrMemberEpoch: { type: 'int32', versions: '1+', default: -1, ignorable: true },
  memberId: { type: 'string', versions: '1+', ignorable: true },
  groupInstanceId: { type: 'string', versions: '7+', nullable: '7+', default: null },
  retentionTimeMs: { type: 'int64', versions: '2-4', default: -1, ignorable: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string', versions: '0-9', ignorable: true },
      topicId: { type: 'uuid', versions: '10+', ignorable: true },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          committedOffset: { type: 'int64' },
          committedLeaderEpoch: { type: 'int32', versions: '6+', default: -1, ignorable: true },
          committedMetadata: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '3+', ignorable: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string', versions: '0-9', ignorable: true },
      topicId: { type: 'uuid', versions: '10+', ignorable: true },
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

export const offsetCommit = {
  key: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: '8+',
  request,
  response,
} as const satisfies Api;

export interface OffsetCommitRequest extends Message<typeof request> {}
export interface OffsetCommitResponse extends Message<typeof response> {}
