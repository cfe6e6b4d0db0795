/**
 * Describes classic groups and their members.
 * Version 4 shows static member ids, 6 answers GROUP_ID_NOT_FOUND and an error message.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groups: { type: 'array', of: 'string' },
  includeAuthorizedOperations: { type: 'bool', versions: '3+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  groups: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', versions: '6+', nullable: '6+', default: null },
      groupId: { type: 'string' },
      groupState: { type: 'string' },
      protocolType: { type: 'string' },
      protocolData: { type: 'string' },
      members: {
        type: 'array',
        of: {
          memberId: { type: 'string' },
          groupInstanceId: { type: 'string', versions: '4+', nullable: '4+', default: null, ignorable: true },
          clientId: { type: 'string' },
          clientHost: { type: 'string' },
          memberMetadata: { type: 'bytes' },
          memberAssignment: { type: 'bytes' },
        },
      },
      authorizedOperations: { type: 'int32', versions: '3+', default: -2147483648 },
    },
  },
} as const satisfies Fields;

export const describeGroups = {
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request,
  response,
} as const satisfies Api;

export interface DescribeGroupsRequest extends Message<typeof request> {}
export interface DescribeGroupsResponse extends Message<typeof response> {}
