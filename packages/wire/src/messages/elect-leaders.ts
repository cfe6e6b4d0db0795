/**
 * Elects leaders of partitions.
 * Version 1 distinguishes preferred and unclean elections (KIP-460).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  electionType: { type: 'int8', versions: '1+' },
  topicPartitions: {
    type: 'array',
    nullable: '0+',
    of: {
      topic: { type: 'string' },
      partitions: { type: 'array', of: 'int32' },
    },
  },
  timeoutMs: { type: 'int32', default: 60000 },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16', versions: '1+' },
  replicaElectionResults: {
    type: 'array',
    of: {
      topic: { type: 'string' },
      partitionResult: {
        type: 'array',
        of: {
          partitionId: { type: 'int32' },
          errorCode: { type: 'int16' },
          errorMessage: { type: 'string', nullable: '0+' },
        },
      },
    },
  },
} as const satisfies Fields;

export const electLeaders = {
  key: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  request,
  response,
} as const satisfies Api;

export interface ElectLeadersRequest extends Message<typeof request> {}
export interface ElectLeadersResponse extends Message<typeof response> {}
