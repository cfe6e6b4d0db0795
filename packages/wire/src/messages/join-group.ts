/**
 * Joins a classic group, or joins again for the next generation.
 * Version 4 answers MEMBER_ID_REQUIRED first (KIP-394), 5 adds static members, 7 names the protocol type, 9 lets the
 * leader skip the assignment.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  sessionTimeoutMs: { type: 'int32' },
  rebalanceTimeoutMs: { type: 'int32', versions: '1+', default: -1, ignorable: true },
  memberId: { type: 'string' },
  groupInstanceId: { type: 'string', versions: '5+', nullable: '5+', default: null },
  protocolType: { type: 'string' },
  protocols: {
    type: 'array',
    of: {
      name: { type: 'string' },
      metadata: { type: 'bytes' },
    },
  },
  reason: { type: 'string', versions: '8+', nullable: '8+', default: null, ignorable: true },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '2+', ignorable: true },
  errorCode: { type: 'int16' },
  generationId: { type: 'int32', default: -1 },
  protocolType: { type: 'string', versions: '7+', nullable: '7+', default: null, ignorable: true },
  protocolName: { type: 'string', nullable: '7+' },
  leader: { type: 'string' },
  skipAssignment: { type: 'bool', versions: '9+' },
  memberId: { type: 'string' },
  members: {
    type: 'array',
    of: {
      memberId: { type: 'string' },
      groupInstanceId: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
      metadata: { type: 'bytes' },
    },
  },
} as const satisfies Fields;

export const joinGroup = {
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request,
  response,
} as const satisfies Api;

export interface JoinGroupRequest extends Message<typeof request> {}
export interface JoinGroupResponse extends Message<typeof response> {}
