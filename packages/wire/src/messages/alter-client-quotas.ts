/**
 * Sets and removes quotas of users, clients and addresses.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  entries: {
    type: 'array',
    of: {
      entity: {
        type: 'array',
        of: {
          entityType: { type: 'string' },
          entityName: { type: 'string', nullable: '0+' },
        },
      },
      ops: {
        type: 'array',
        of: {
          key: { type: 'string' },
          value: { type: 'float64' },
          remove: { type: 'bool' },
        },
      },
    },
  },
  validateOnly: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  entries: {
    type: 'array',
    of: {
      errorCode: { type: 'int16' },
      errorMessage: { type: 'string', nullable: '0+' },
      entity: {
        type: 'array',
        of: {
          entityType: { type: 'string' },
          entityName: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

export const alterClientQuotas = {
  key: 49,
  name: 'AlterClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request,
  response,
} as const satisfies Api;

export interface AlterClientQuotasRequest extends Message<typeof request> {}
export interface AlterClientQuotasResponse extends Message<typeof response> {}
