/**
 * Deletes the access control entries that match filters.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  filters: {
    type: 'array',
    of: {
      resourceTypeFilter: { type: 'int8' },
      resourceNameFilter: { type: 'string', nullable: '0+' },
      patternTypeFilter: { type: 'int8', versions: '1+', default: 3 },
      principalFilter: { type: 'string', nullable: '0+' },
      hostFilter: { type: 'string', nullable: '0+' },
      operation: { type: 'int8' },
      permissionType: { type: 'int8' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  filterResults: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
      matchingAcls: {
        type: 'array',
        of: {
          errorCode: { type: 'int16' },
          errorMessage: { type: 'string', nullable: '0+' },
          resourceType: { type: 'int8' },
          resourceName: { type: 'string' },
          patternType: { type: 'int8', versions: '1+', default: 3 },
          principal: { type: 'string' },
          host: { type: 'string' },
          operation: { type: 'int8' },
          permissionType: { type: 'int8' },
        },
      },
    },
  },
} as const satisfies Fields;

export const deleteAcls = {
  key: 31,
  name: 'DeleteAcls',
  versions: '1-3',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface DeleteAclsRequest extends Message<typeof request> {}
export interface DeleteAclsResponse extends Message<typeof response> {}
