/**
 * Writes the markers that end transactions into partitions; brokers send it to each other.
 * Version 2 carries the transaction version (KIP-1228).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  markers: {
    type: 'array',
    of: {
      producerId: { type: 'int64' },
      producerEpoch: { type: 'int16' },
      transactionResult: { type: 'bool' },
      topics: {
        type: 'array',
        of: {
          name: { type: 'string' },
          partitionIndexes: { type: 'array', of: 'int32' },
        },
      },
      coordinatorEpoch: { type: 'int32' },
      transactionVersion: { type: 'int8', versions: '2+', ignorable: true },
    },
  },
} as const satisfies Fields;

const response = {
  markers: {
    type: 'array',
    of: {
      producerId: { type: 'int64' },
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
    },
  },
} as const satisfies Fields;

export const writeTxnMarkers = {
  key: 27,
  name: 'WriteTxnMarkers',
  versions: '1-2',
  flexible: '1+',
  request,
  response,
} as const satisfies Api;

export interface WriteTxnMarkersRequest extends Message<typeof request> {}
export interface WriteTxnMarkersResponse extends Message<typeof response> {}
