/**
 * Deletes empty groups.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupsNames: { type: 'array', of: 'string' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      groupId: { type: 'string' },
      errorCode: { type: 'int16' },
    },
  },
} as const satisfies Fields;

export const deleteGroups = {
  key: 42,
  name: 'DeleteGroups',
  versions: '0-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface DeleteGroupsRequest extends Message<typeof request> {}
export interface DeleteGroupsResponse extends Message<typeof response> {}
