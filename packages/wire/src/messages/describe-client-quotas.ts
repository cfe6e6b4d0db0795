/**
 * Describes the quotas of users, clients and addresses that match a filter.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  components: {
    type: 'array',
    of: {
      entityType: { type: 'string' },
      matchType: { type: 'int8' },
      match: { type: 'string', nullable: '0+' },
    },
  },
  strict: { type: 'bool' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+' },
  entries: {
    type: 'array',
    nullable: '0+',
    of: {
      entity: {
        type: 'array',
        of: {
          entityType: { type: 'string' },
          entityName: { type: 'string', nullable: '0+' },
        },
      },
      values: {
        type: 'array',
        of: {
          key: { type: 'string' },
          value: { type: 'float64' },
        },
      },
    },
  },
} as const satisfies Fields;

export const describeClientQuotas = {
  key: 48,
  name: 'DescribeClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request,
  response,
} as const satisfies Api;

export interface DescribeClientQuotasRequest extends Message<typeof request> {}
export interface DescribeClientQuotasResponse extends Message<typeof response> {}
