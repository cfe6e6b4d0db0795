/**
 * Appends record batches to partitions.
 * Acks 0 gets no answer at all. Version 9 is flexible; 10 names the new leader in tagged fields (KIP-951); 12 adds
 * partitions to a transaction implicitly (KIP-890); 13 names topics by id.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactionalId: { type: 'string', versions: '3+', nullable: '3+', default: null },
  acks: { type: 'int16' },
  timeoutMs: { type: 'int32' },
  topicData: {
    type: 'array',
    of: {
      name: { type: 'string', versions: '0-12', ignorable: true },
      topicId: { type: 'uuid', versions: '13+', ignorable: true },
      partitionData: {
        type: 'array',
        of: {
          index: { type: 'int32' },
          records: { type: 'records', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  responses: {
    type: 'array',
    of: {
      name: { type: 'string', versions: '0-12', ignorable: true },
      topicId: { type: 'uuid', versions: '13+', ignorable: true },
      partitionResponses: {
        type: 'array',
        of: {
          index: { type: 'int32' },
          errorCode: { type: 'int16' },
          baseOffset: { type: 'int64' },
          logAppendTimeMs: { type: 'int64', versions: '2+', default: -1, ignorable: true },
          logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
          recordErrors: {
            type: 'array',
            versions: '8+',
            ignorable: true,
            of: {
              batchIndex: { type: 'int32', versions: '8+' },
              batchIndexErrorMessage: { type: 'string', versions: '8+', nullable: '8+', default: null },
            },
          },
          errorMessage: { type: 'string', versions: '8+', nullable: '8+', default: null, ignorable: true },
          currentLeader: {
            type: 'struct',
            versions: '10+',
            tag: 0,
            tagged: '10+',
            fields: {
              leaderId: { type: 'int32', versions: '10+', default: -1 },
              leaderEpoch: { type: 'int32', versions: '10+', default: -1 },
            },
          },
        },
      },
    },
  },
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  nodeEndpoints: {
    type: 'array',
    versions: '10+',
    tag: 0,
    tagged: '10+',
    of: {
      nodeId: { type: 'int32', versions: '10+' },
      host: { type: 'string', versions: '10+' },
      port: { type: 'int32', versions: '10+' },
      rack: { type: 'string', versions: '10+', nullable: '10+', default: null },
    },
  },
} as const satisfies Fields;

export const produce = {
  key: 0,
  name: 'Produce',
  versions: '3-13',
  flexible: '9+',
  request,
  response,
} as const satisfies Api;

export interface ProduceRequest extends Message<typeof request> {}
export interface ProduceResponse extends Message<typeof response> {}
