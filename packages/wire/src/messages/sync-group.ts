/**
 * Hands out the assignment that the leader of a classic group made.
 * Version 3 adds static members, 5 checks protocol type and name.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  generationId: { type: 'int32' },
  memberId: { type: 'string' },
  groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
  protocolType: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
  protocolName: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
  assignments: {
    type: 'array',
    of: {
      memberId: { type: 'string' },
      assignment: { type: 'bytes' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16' },
  protocolType: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
  protocolName: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
  assignment: { type: 'bytes' },
} as const satisfies Fields;

export const syncGroup = {
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface SyncGroupRequest extends Message<typeof request> {}
export interface SyncGroupResponse extends Message<typeof response> {}
