/**
 * Adds partitions to transactions.
 * Up to version 3 a client adds to its one transaction; from 4 on brokers verify or add for several (KIP-890).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  transactions: {
    type: 'array',
    versions: '4+',
    of: {
      transactionalId: { type: 'string', versions: '4+' },
      producerId: { type: 'int64', versions: '4+' },
      producerEpoch: { type: 'int16', versions: '4+' },
      verifyOnly: { type: 'bool', versions: '4+' },
      topics: {
        type: 'array',
        versions: '4+',
        of: {
          name: { type: 'string' },
          partitions: { type: 'array', of: 'int32' },
        },
      },
    },
  },
  v3AndBelowTransactionalId: { type: 'string', versions: '0-3' },
  v3AndBelowProducerId: { type: 'int64', versions: '0-3' },
  v3AndBelowProducerEpoch: { type: 'int16', versions: '0-3' },
  v3AndBelowTopics: {
    type: 'array',
    versions: '0-3',
    of: {
      name: { type: 'string' },
      partitions: { type: 'array', of: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16', versions: '4+', ignorable: true },
  resultsByTransaction: {
    type: 'array',
    versions: '4+',
    of: {
      transactionalId: { type: 'string', versions: '4+' },
      topicResults: {
        type: 'array',
        versions: '4+',
        of: {
          name: { type: 'string' },
          resultsByPartition: {
            type: 'array',
            of: {
              partitionIndex: { type: 'int32' },
              partitionErrorCode: { type: 'int16' },
            },
          },
        },
      },
    },
  },
  resultsByTopicV3AndBelow: {
    type: 'array',
    versions: '0-3',
    of: {
      name: { type: 'string' },
      resultsByPartition: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          partitionErrorCode: { type: 'int16' },
        },
      },
    },
  },
} as const satisfies Fields;

export const addPartitionsToTxn = {
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface AddPartitionsToTxnRequest extends Message<typeof request> {}
export interface AddPartitionsToTxnResponse extends Message<typeof response> {}
