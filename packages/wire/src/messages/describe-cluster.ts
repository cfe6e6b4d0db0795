/**
 * Describes the brokers of a cluster.
 * Version 1 adds the endpoint type, 2 fenced brokers.
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  includeClusterAuthorizedOperations: { type: 'bool' },
  endpointType: { type: 'int8', versions: '1+', default: 1 },
  includeFencedBrokers: { type: 'bool', versions: '2+' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  errorMessage: { type: 'string', nullable: '0+', default: null },
  endpointType: { type: 'int8', versions: '1+', default: 1 },
  clusterId: { type: 'string' },
  controllerId: { type: 'int32', default: -1 },
  brokers: {
    type: 'array',
    of: {
      brokerId: { type: 'int32' },
      host: { type: 'string' },
      port: { type: 'int32' },
      rack: { type: 'string', nullable: '0+', default: null },
      isFenced: { type: 'bool', versions: '2+' },
    },
  },
  clusterAuthorizedOperations: { type: 'int32', default: -2147483648 },
} as const satisfies Fields;

export const describeCluster = {
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface DescribeClusterRequest extends Message<typeof request> {}
export interface DescribeClusterResponse extends Message<typeof response> {}
