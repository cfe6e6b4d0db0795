/**
 * Asks which client metrics a broker wants (KIP-714).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  clientInstanceId: { type: 'uuid' },
} as const satisfies Fields;

const response = {
  throttleTimeMs: { type: 'int32', default: 0 },
  errorCode: { type: 'int16' },
  clientInstanceId: { type: 'uuid' },
  subscriptionId: { type: 'int32' },
  acceptedCompressionTypes: { type: 'array', of: 'int8' },
  pushIntervalMs: { type: 'int32' },
  telemetryMaxBytes: { type: 'int32' },
  deltaTemporality: { type: 'bool' },
  requestedMetrics: { type: 'array', of: 'string' },
} as const satisfies Fields;

export const getTelemetrySubscriptions = {
  key: 71,
  name: 'GetTelemetrySubscriptions',
  versions: '0',
  flexible: '0+',
  request,
  response,
} as const satisfies Api;

export interface GetTelemetrySubscriptionsRequest extends Message<typeof request> {}
export interface GetTelemetrySubscriptionsResponse extends Message<typeof response> {}
