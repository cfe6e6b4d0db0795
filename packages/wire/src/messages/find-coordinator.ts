/**
 * Finds the broker that coordinates a group, a transactional id or a share.
 * Version 4 asks for several keys at once.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  key: { type: 'string', versions: '0-3' },
  keyType: { type: 'int8', versions: '1+' },
  coordinatorKeys: { type: 'array', versions: '4+', of: 'string' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16', versions: '0-3' },
  errorMessage: { type: 'string', versions: '1-3', nullable: '1-3', ignorable: true },
  nodeId: { type: 'int32', versions: '0-3' },
  host: { type: 'string', versions: '0-3' },
  port: { type: 'int32', versions: '0-3' },
  coordinators: {
    type: 'array',
    versions: '4+',
    of: {
      key: { type: 'string', versions: '4+' },
      nodeId: { type: 'int32', versions: '4+' },
      host: { type: 'string', versions: '4+' },
      port: { type: 'int32', versions: '4+' },
      errorCode: { type: 'int16', versions: '4+' },
      errorMessage: { type: 'string', versions: '4+', nullable: '4+', ignorable: true },
    },
  },
} as const satisfies Fields;

export const findCoordinator = {
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface FindCoordinatorRequest extends Message<typeof request> {}
export interface FindCoordinatorResponse extends Message<typeof response> {}
