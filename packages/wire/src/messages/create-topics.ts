/**
 * Creates topics.
 * Version 5 answers with the resulting configuration, 7 with the topic id.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      numPartitions: { type: 'int32' },
      replicationFactor: { type: 'int16' },
      assignments: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          brokerIds: { type: 'array', of: 'int32' },
        },
      },
      configs: {
        type: 'array',
        of: {
          name: { type: 'string' },
          value: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
  timeoutMs: { type: 'int32', default: 60000 },
  validateOnly: { type: 'bool', versions: '1+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '2+', ignorable: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      topicId: { type: 'uuid', versions: '7+', ignorable: true },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', versions: '1+', nullable: '0+', ignorable: true },
      topicConfigErrorCode: { type: 'int16', versions: '5+', ignorable: true, tag: 0, tagged: '5+' },
      numPartitions: { type: 'int32', versions: '5+', default: -1, ignorable: true },
      replicationFactor: { type: 'int16', versions: '5+', default: -1, ignorable: true },
      configs: {
        type: 'array',
        versions: '5+',
        nullable: '5+',
        ignorable: true,
        of: {
          name: { type: 'string', versions: '5+' },
          value: { type: 'string', versions: '5+', nullable: '5+' },
          readOnly: { type: 'bool', versions: '5+' },
          configSource: { type: 'int8', versions: '5+', default: -1, ignorable: true },
          isSensitive: { type: 'bool', versions: '5+' },
        },
      },
    },
  },
} as const satisfies Fields;

export const createTopics = {
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  request,
  response,
} as const satisfies Api;

export interface CreateTopicsRequest extends Message<typeof request> {}
export interface CreateTopicsResponse extends Message<typeof response> {}
