/** PushTelemetry, version 0 (KIP-714). Everybody may push what was asked for, as on Apache Kafka. */
import { pushTelemetry as pushTelemetryApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { reportingClient } from './get-telemetry-subscriptions.ts';

export const pushTelemetry: Handler<typeof pushTelemetryApi> = {
  api: pushTelemetryApi,

  async handle(request, context) {
    return { errorCode: await context.broker.cluster.telemetry.push(request, reportingClient(context)) };
  },
};
