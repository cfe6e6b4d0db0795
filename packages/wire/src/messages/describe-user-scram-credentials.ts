/**
 * Describes which SCRAM credentials users have.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  users: {
    type: 'array',
    nullable: '0+',
    of: {
      name: { type: 'string' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  results: {
    type: 'array',
    of: {
      user: { type: 'string' },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
      credentialInfos: {
        type: 'array',
        of: {
          mechanism: { type: 'int8' },
          iterations: { type: 'int32' },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeUserScramCredentials = {
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeUserScramCredentialsRequest extends Message<typeof request> {}
export interface DescribeUserScramCredentialsResponse extends Message<typeof response> {}
