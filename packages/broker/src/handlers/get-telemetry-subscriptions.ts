/** GetTelemetrySubscriptions, version 0 (KIP-714). Everybody may ask, as on Apache Kafka. */
import { compressionId, errorCodes, getTelemetrySubscriptions as getTelemetrySubscriptionsApi } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { principalText } from '../security/principal.ts';
import type { ReportingClient } from '../telemetry/client-telemetry.ts';

/** The best first. */
const acceptedCompressionTypes = (['zstd', 'lz4', 'gzip', 'snappy'] as const).map(compressionId);

export const getTelemetrySubscriptions: Handler<typeof getTelemetrySubscriptionsApi> = {
  api: getTelemetrySubscriptionsApi,

  handle({ clientInstanceId }, context) {
    const { telemetry } = context.broker.cluster;
    const answer = telemetry.subscribe(clientInstanceId, reportingClient(context));
    if (typeof answer === 'number') {
      return {
        errorCode: answer,
        clientInstanceId,
        subscriptionId: 0,
        acceptedCompressionTypes: [],
        pushIntervalMs: 0,
        telemetryMaxBytes: 0,
        deltaTemporality: false,
        requestedMetrics: [],
      };
    }
    return {
      errorCode: errorCodes.NONE,
      clientInstanceId: answer.clientInstanceId,
      subscriptionId: answer.subscriptionId,
      acceptedCompressionTypes,
      pushIntervalMs: answer.intervalMs,
      telemetryMaxBytes: telemetry.bytesMax,
      deltaTemporality: true,
      requestedMetrics: [...answer.prefixes],
    };
  },
};

/** What the broker knows of a client that reports metrics. */
export function reportingClient(context: RequestContext): ReportingClient {
  const { broker, clientId, clientHost, connection, principal } = context;
  return {
    nodeId: broker.nodeId,
    clientId,
    clientHost,
    clientPort: connection.remotePort ?? 0,
    clientSoftwareName: connection.software?.name ?? 'unknown',
    clientSoftwareVersion: connection.software?.version ?? 'unknown',
    principal: principalText(principal),
  };
}
