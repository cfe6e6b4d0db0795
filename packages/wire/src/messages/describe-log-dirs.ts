/**
 * Describes the log directories of a broker and the replicas in them.
 * Version 4 tells their total and usable bytes, 5 whether they are cordoned.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  topics: {
    type: 'array',
    nullable: '0+',
    of: {
      topic: { type: 'string' },
      partitions: { type: 'array', of: 'int32' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16', versions: '3+', ignorable: true },
  results: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      logDir: { type: 'string' },
      topics: {
        type: 'array',
        of: {
          name: { type: 'string' },
          partitions: {
            type: 'array',
            of: {
              partitionIndex: { type: 'int32' },
              partitionSize: { type: 'int64' },
              offsetLag: { type: 'int64' },
              isFutureKey: { type: 'bool' },
            },
          },
        },
      },
      totalBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
      usableBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
      isCordoned: { type: 'bool', versions: '5+', ignorable: true },
    },
  },
} as const satisfies Fields;

export const describeLogDirs = {
  key: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface DescribeLogDirsRequest extends Message<typeof request> {}
export interface DescribeLogDirsResponse extends Message<typeof response> {}
