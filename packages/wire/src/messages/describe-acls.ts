/**
 * Lists the access control entries that match a filter.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  resourceTypeFilter: { type: 'int8' },
  resourceNameFilter: { type: 'string', nullable: '0+' },
  patternTypeFilter: { type: 'int8', versions: '1+', default: 3 },
  principalFilter: { type: 'string', nullable: '0+' },
  hostFilter: { type: 'string', nullable: '0+' },
  operation: { type: 'int8' },
  permissionType: { type: 'int8' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  resources: {
    type: 'array',
    of: {
      resourceType: { type: 'int8' },
      resourceName: { type: 'string' },
      patternType: { type: 'int8', versions: '1+', default: 3 },
      acls: {
        type: 'array',
        of: {
          principal: { type: 'string' },
          host: { type: 'string' },
          operation: { type: 'int8' },
          permissionType: { type: 'int8' },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeAcls = {
  key: 29,
  name: 'DescribeAcls',
  versions: '1-3',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface DescribeAclsRequest extends Message<typeof request> {}
export interface DescribeAclsResponse extends Message<typeof response> {}
