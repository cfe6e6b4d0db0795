/**
 * Lists resources that have a configuration of their own.
 * Version 0 lists client metrics only (KIP-714), 1 the given types (KIP-1142).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  resourceTypes: { type: 'array', versions: '1+', of: 'int8' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  configResources: {
    type: 'array',
    of: {
      resourceName: { type: 'string' },
      resourceType: { type: 'int8', versions: '1+', default: 16, ignorable: true },
    },
  },
} as const satisfies Fields;

export const listConfigResources = {
  key: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface ListConfigResourcesRequest extends Message<typeof request> {}
export interface ListConfigResourcesResponse extends Message<typeof response> {}
