/**
 * Creates access control entries.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  creations: {
    type: 'array',
    of: {
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
      resourcePatternType: { type: 'int8', versions: '1+', default: 3 },
      principal: { type: 'string' },
      host: { type: 'string' },
      operation: { type: 'int8' },
      permissionType: { type: 'int8' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
    },
  },
} as const satisfies Fields;

export const createAcls = {
  key: 30,
  name: 'CreateAcls',
  versions: '1-3',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface CreateAclsRequest extends Message<typeof request> {}
export interface CreateAclsResponse extends Message<typeof response> {}
