/** `POST /api/v1/write`: Prometheus's remote write 1.0 and 2.0. Answers 204 when all that it took is stored. */
import { defineContract, implement, ProblemError, type Route } from '@millrace/api';
import { seriesOfV2, TelemetryError, WriteRequest, WriteRequestV2 } from '@millrace/telemetry';
import { Type } from 'typebox';
import { bodyBytes } from '../../collecting/body-bytes.ts';
import { collectorDialect } from '../../collecting/collector-dialect.ts';
import type { RejectedPart } from '../../collecting/otlp-route.ts';
import type { IncomingPoint, RefusedMetric } from './otlp-samples.ts';
import { type FamilyFacts, remoteSamples } from './remote-samples.ts';

type Send = (
  points: readonly IncomingPoint[],
  refused: readonly RefusedMetric[],
  tenant: string,
) => Promise<RejectedPart | undefined>;

const bodyBytesMax = 8 * 2 ** 20;
const unpackedBytesMax = 64 * 2 ** 20;
/** Families of which the metadata are kept. */
const familiesMax = 20_000;

export function remoteWriteRoute(send: Send): Route {
  const families = new Map<string, FamilyFacts>();
  const contract = defineContract({
    method: 'POST',
    path: '/api/v1/write',
    summary: "Takes Prometheus's remote write, 1.0 and 2.0",
    description: 'Answers 204 when all that it took is stored; 400 says which series can never be taken.',
    kind: 'page',
    dialect: collectorDialect(['application/x-protobuf']),
    body: Type.Unknown(),
    bodyCheckedBy: 'handler',
    bodyBytesMax,
    response: Type.Unknown(),
    problems: ['malformed_request', 'unavailable'],
  });
  return implement(contract, async (request) => {
    const isV2 = request.header('content-type')?.includes('io.prometheus.write.v2.Request') === true;
    const encoding = request.header('content-encoding') ?? 'snappy';
    const bytes = await bodyBytes(request.body, encoding, unpackedBytesMax);
    const { points, refused } = read(bytes, isV2, families);
    const rejected = await send(points, refused, request.principal.name);
    if (rejected !== undefined) {
      // The specification has no partial success: what was taken is stored, and this is never sent again.
      throw new ProblemError('invalid_request', `${rejected.count} samples were not taken: ${rejected.message}`);
    }
    const histograms = points.filter(({ identity }) => identity.endsWith('h')).length;
    return {
      status: 204,
      headers: {
        'x-prometheus-remote-write-samples-written': String(points.length - histograms),
        'x-prometheus-remote-write-histograms-written': String(histograms),
        'x-prometheus-remote-write-exemplars-written': '0',
      },
    };
  });
}

function read(bytes: Uint8Array, isV2: boolean, families: Map<string, FamilyFacts>): ReturnType<typeof remoteSamples> {
  const familyOf = (metric: string): FamilyFacts | undefined =>
    families.get(metric) ?? families.get(metric.replace(/_(?:total|count|sum|bucket)$/, ''));
  try {
    if (isV2) return remoteSamples(seriesOfV2(WriteRequestV2.decode(bytes)), familyOf);
    const { timeseries, metadata } = WriteRequest.decode(bytes);
    for (const { family, type, help, unit } of metadata) {
      if (families.size < familiesMax || families.has(family)) families.set(family, { type, help, unit });
    }
    return remoteSamples(timeseries, familyOf);
  } catch (error) {
    if (error instanceof TelemetryError) throw new ProblemError('malformed_request', error.message, { cause: error });
    throw error;
  }
}
