/**
 * Deletes offsets a group has stored.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  groupId: { type: 'string' },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

const response = {
  errorCode: { type: 'int16' },
  throttleTimeMs: { type: 'int32', default: 0, ignorable: true },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          errorCode: { type: 'int16' },
        },
      },
    },
  },
} as const satisfies Fields;

export const offsetDelete = {
  key: 47,
  name: 'OffsetDelete',
  versions: '0',
  request,
  response,
} as const satisfies Api;

export interface OffsetDeleteRequest extends Message<typeof request> {}
export interface OffsetDeleteResponse extends Message<typeof response> {}
