/**
 * Lists the groups that a broker coordinates.
 * Version 4 filters by state, 5 by type.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  statesFilter: { type: 'array', versions: '4+', of: 'string' },
  typesFilter: { type: 'array', versions: '5+', of: 'string' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  errorCode: { type: 'int16' },
  groups: {
    type: 'array',
    of: {
      groupId: { type: 'string' },
      protocolType: { type: 'string' },
      groupState: { type: 'string', versions: '4+', ignorable: true },
      groupType: { type: 'string', versions: '5+', ignorable: true },
    },
  },
} as const satisfies Fields;

export const listGroups = {
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface ListGroupsRequest extends Message<typeof request> {}
export interface ListGroupsResponse extends Message<typeof response> {}
