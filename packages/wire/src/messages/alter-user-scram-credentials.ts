/**
 * Sets and removes SCRAM credentials of users.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  deletions: {
    type: 'array',
    of: {
      name: { type: 'string' },
      mechanism: { type: 'int8' },
    },
  },
  upsertions: {
    type: 'array',
    of: {
      name: { type: 'string' },
      mechanism: { type: 'int8' },
      iterations: { type: 'int32' },
      salt: { type: 'bytes' },
      saltedPassword: { type: 'bytes' },
    },
  },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  results: {
    type: 'array',
    of: {
      user: { type: 'string' },
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
    },
  },
} as const satisfies Fields;

export const alterUserScramCredentials = {
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface AlterUserScramCredentialsRequest extends Message<typeof request> {}
export interface AlterUserScramCredentialsResponse extends Message<typeof response> {}
