/**
 * Deletes topics.
 * Version 6 names topics by id or name.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    versions: '6+',
    of: {
      name: { type: 'string', versions: '6+', nullable: '6+', default: null },
      topicId: { type: 'uuid', versions: '6+' },
    },
  },
  topicNames: { type: 'array', versions: '0-5', ignorable: true, of: 'string' },
  timeoutMs: { type: 'int32' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  responses: {
    type: 'array',
    of: {
      name: { type: 'string', nullable: '6+' },
      topicId: { type: 'uuid', versions: '6+', ignorable: true },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    },
  },
} as const satisfies Fields;

export const deleteTopics = {
  key: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface DeleteTopicsRequest extends Message<typeof request> {}
export interface DeleteTopicsResponse extends Message<typeof response> {}
