/**
 * Replaces the whole configuration of topics, brokers and others; IncrementalAlterConfigs took its place.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  resources: {
    type: 'array',
    of: {
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
      configs: {
        type: 'array',
        of: {
          name: { type: 'string' },
          value: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
  validateOnly: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  responses: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
    },
  },
} as const satisfies Fields;

export const alterConfigs = {
  key: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface AlterConfigsRequest extends Message<typeof request> {}
export interface AlterConfigsResponse extends Message<typeof response> {}
