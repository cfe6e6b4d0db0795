/**
 * What Kafka clients of any maker tell their brokers of themselves (KIP-714), on its way to the collector: each point
 * gets the cluster and the client's id, and the resource says who the client is. A client never waits for it: what
 * comes before there is a collector, or faster than points can be stored, is left out and counted.
 */
import type { Admin } from '@millrace/client';
import { ExportMetricsRequest, type KeyValue, Resource } from '@millrace/telemetry';
import type { MetricsCollector } from '../collect/collector.ts';

/** A report, as a broker takes it from a client. */
export interface ClientReport {
  readonly clientInstanceId: string;
  readonly clientId: string | null;
  readonly clientHost: string;
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
  readonly principal: string;
  /** `MetricsData` of OTLP. */
  readonly otlp: Uint8Array;
}

const tenant = 'kafka-clients';
const underWayMax = 256;
/** The subscription that asks for all metrics of all clients. */
const subscription = { type: 'client-metrics', name: 'millrace' } as const;
const intervalMs = 60_000;

export class ClientReports {
  #collector: MetricsCollector | undefined;
  #underWay = 0;
  #taken = 0;
  #leftOut = 0;

  /** Reports whose points were stored. */
  get taken(): number {
    return this.#taken;
  }

  /** Reports that were not. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** From now on reports go there; undefined: nowhere. */
  attach(collector: MetricsCollector | undefined): void {
    this.#collector = collector;
  }

  /** @throws TelemetryError where it is no OTLP, so that the client hears of it */
  take(cluster: string, report: ClientReport): void {
    const request = identified(ExportMetricsRequest.decode(report.otlp), cluster, report);
    if (this.#collector === undefined || this.#underWay >= underWayMax) {
      this.#leftOut++;
      return;
    }
    this.#underWay++;
    void this.#collector
      .take(request, tenant)
      .then(
        () => void this.#taken++,
        () => void this.#leftOut++,
      )
      .finally(() => void this.#underWay--);
  }
}

/**
 * Has a cluster ask its clients for metrics, unless it has the subscription already: what an operator has changed of it
 * stays. Needs brokers with a receiver of such reports.
 */
export async function askClients(admin: Admin, signal?: AbortSignal): Promise<void> {
  const known = await admin.listConfigResources([subscription.type], { signal });
  if (known.some(({ name }) => name === subscription.name)) return;
  const changes = [
    { name: 'metrics', operation: 'set', value: '*' },
    { name: 'interval.ms', operation: 'set', value: String(intervalMs) },
  ] as const;
  const [result] = await admin.incrementalAlterConfigs([{ ...subscription, changes }], { signal });
  if (result?.error !== undefined) throw result.error;
}

function identified(request: ExportMetricsRequest, cluster: string, report: ClientReport): ExportMetricsRequest {
  const { clientId, clientInstanceId, clientHost, clientSoftwareName, clientSoftwareVersion, principal } = report;
  const facts = attributes({
    ...{ 'service.name': clientId ?? clientSoftwareName, 'service.instance.id': clientInstanceId, principal },
    ...{ 'client.software.name': clientSoftwareName, 'client.software.version': clientSoftwareVersion },
    'client.address': clientHost,
  });
  const labels = attributes({ cluster, client_id: clientId ?? '' });
  const labelled = <
    T extends { readonly attributes: readonly KeyValue[] },
    D extends { readonly dataPoints: readonly T[] },
  >(
    data: D | undefined,
  ): D | undefined =>
    data && {
      ...data,
      dataPoints: data.dataPoints.map((point) => ({ ...point, attributes: [...point.attributes, ...labels] })),
    };
  const resourceMetrics = request.resourceMetrics.map((each) => ({
    ...each,
    resource: Resource.of({ ...each.resource, attributes: [...facts, ...(each.resource?.attributes ?? [])] }),
    scopeMetrics: each.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => ({
        ...metric,
        gauge: labelled(metric.gauge),
        sum: labelled(metric.sum),
        histogram: labelled(metric.histogram),
        exponentialHistogram: labelled(metric.exponentialHistogram),
        summary: labelled(metric.summary),
      })),
    })),
  }));
  return ExportMetricsRequest.of({ resourceMetrics });
}

function attributes(values: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}
