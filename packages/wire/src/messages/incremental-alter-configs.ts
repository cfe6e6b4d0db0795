/**
 * Sets, deletes, appends to and subtracts from configuration values.
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
          configOperation: { type: 'int8' },
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

export const incrementalAlterConfigs = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: '1+',
  request,
  response,
} as const satisfies Api;

export interface IncrementalAlterConfigsRequest extends Message<typeof request> {}
export interface IncrementalAlterConfigsResponse extends Message<typeof response> {}
