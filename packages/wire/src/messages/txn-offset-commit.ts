/**
 * Stores the offsets a group has processed as part of a transaction.
 * Version 3 adds the member, 5 adds the group to the transaction implicitly (KIP-890).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalId: { type: 'string' },
  groupId: { type: 'string' },
  producerId: { type: 'int64' },
  producerEpoch: { type: 'int16' },
  generationId: { type: 'int32', versions: '3+', default: -1 },
  memberId: { type: 'string', versions: '3+' },
  groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          committedOffset: { type: 'int64' },
          committedLeaderEpoch: { type: 'int32', versions: '2+', default: -1, ignorable: true },
          committedMetadata: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
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

export const txnOffsetCommit = {
  key: 28,
  name: 'TxnOffsetCommit',
  versions: '0-5',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface TxnOffsetCommitRequest extends Message<typeof request> {}
export interface TxnOffsetCommitResponse extends Message<typeof response> {}
