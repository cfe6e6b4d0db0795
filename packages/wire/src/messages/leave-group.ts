/**
 * Takes members out of a classic group.
 * Version 3 takes several members at once, 5 carries the reason.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  memberId: { type: 'string', versions: '0-2' },
  members: {
    type: 'array',
    versions: '3+',
    of: {
      memberId: { type: 'string', versions: '3+' },
      groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
      reason: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16' },
  members: {
    type: 'array',
    versions: '3+',
    of: {
      memberId: { type: 'string', versions: '3+' },
      groupInstanceId: { type: 'string', versions: '3+', nullable: '3+' },
      errorCode: { type: 'int16', versions: '3+' },
    },
  },
} as const satisfies Fields;

export const leaveGroup = {
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface LeaveGroupRequest extends Message<typeof request> {}
export interface LeaveGroupResponse extends Message<typeof response> {}
