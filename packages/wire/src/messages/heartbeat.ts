/**
 * Keeps a member of a classic group alive, and tells it about a rebalance.
 * Version 3 adds static members.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  generationId: { type: 'int32' },
  memberId: { type: 'string' },
  groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16' },
} as const satisfies Fields;

export const heartbeat = {
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request,
  response,
} as const satisfies Api;

export interface HeartbeatRequest extends Message<typeof request> {}
export interface HeartbeatResponse extends Message<typeof response> {}
