/**
 * Sends client metrics to a broker (KIP-714).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  clientInstanceId: { type: 'uuid' },
  subscriptionId: { type: 'int32' },
  terminating: { type: 'bool' },
  compressionType: { type: 'int8' },
  metrics: { type: 'bytes' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
} as const satisfies Fields;

export const pushTelemetry = {
  key: 72,
  name: 'PushTelemetry',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface PushTelemetryRequest extends Message<typeof request> {}
export interface PushTelemetryResponse extends Message<typeof response> {}
