/**
 * Moves the start of partitions forward, deleting what lies before.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          offset: { type: 'int64' },
        },
      },
    },
  },
  timeoutMs: { type: 'int32' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  topics: {
    type: 'array',
    of: {
      name: { type: 'string' },
      partitions: {
        type: 'array',
        of: {
          partitionIndex: { type: 'int32' },
          lowWatermark: { type: 'int64' },
          errorCode: { type: 'int16' },
        },
      },
    },
  },
} as const satisfies Fields;

export const deleteRecords = {
  key: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface DeleteRecordsRequest extends Message<typeof request> {}
export interface DeleteRecordsResponse extends Message<typeof response> {}
