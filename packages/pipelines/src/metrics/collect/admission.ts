/**
 * Which series may come in: so many of one metric, and so many of one tenant, within two hours. A series that is known
 * stays so while it sends; a new one past a limit is dropped, and told. What was dropped is counted by metric.
 *
 * Holds the known series in two generations: what was not seen for one whole generation is forgotten.
 */
import type { IncomingPoint } from './otlp-samples.ts';
import { type SampleSeries, sampleSeries } from './sample-series.ts';

export interface CardinalityLimits {
  /** Series of one metric of one tenant. Default 10,000. */
  readonly seriesOfMetricMax: number;
  /** Series of one tenant. Default 200,000. */
  readonly seriesOfTenantMax: number;
}

export const cardinalityLimitsDefault: CardinalityLimits = { seriesOfMetricMax: 10_000, seriesOfTenantMax: 200_000 };

export interface DroppedSeries {
  readonly tenant: string;
  readonly metric: string;
  readonly reason: 'metric_limit' | 'tenant_limit';
  /** Points that were dropped since the start. */
  readonly points: number;
  /** In a sentence what is dropped, why, and what to do. */
  readonly sentence: string;
}

const generationMs = 3_600_000;
/** Values of a series' labels, all together; longer ones are refused. */
const keyBytesMax = 16_384;

class Tenant {
  /** By identity. */
  current = new Map<string, SampleSeries>();
  previous = new Map<string, SampleSeries>();
  /** Known series by metric. */
  byMetric = new Map<string, number>();
  total = 0;
}

export class Admission {
  readonly #limits: CardinalityLimits;
  readonly #now: () => number;
  readonly #onDrop: (dropped: DroppedSeries) => void;
  readonly #tenants = new Map<string, Tenant>();
  readonly #dropped = new Map<string, DroppedSeries>();
  #turnsAt: number;

  /** `onDrop`: told once an hour of each metric that loses series. */
  constructor(limits: CardinalityLimits, now: () => number, onDrop: (dropped: DroppedSeries) => void) {
    this.#limits = limits;
    this.#now = now;
    this.#onDrop = onDrop;
    this.#turnsAt = now() + generationMs;
  }

  /** What was dropped so far, a metric and reason each. */
  get dropped(): Iterable<DroppedSeries> {
    return this.#dropped.values();
  }

  /** Series that are known. */
  get size(): number {
    let size = 0;
    for (const { total } of this.#tenants.values()) size += total;
    return size;
  }

  /** The series of a point, or why it is dropped. */
  admit(point: IncomingPoint, tenantName: string): SampleSeries | DroppedSeries {
    if (this.#now() >= this.#turnsAt) this.#turn();
    let tenant = this.#tenants.get(tenantName);
    if (tenant === undefined) {
      tenant = new Tenant();
      this.#tenants.set(tenantName, tenant);
    }
    const { identity, metric } = point;
    const known = tenant.current.get(identity);
    if (known !== undefined) return known;
    const before = tenant.previous.get(identity);
    if (before !== undefined) {
      tenant.previous.delete(identity);
      tenant.current.set(identity, before);
      return before;
    }
    const ofMetric = tenant.byMetric.get(metric) ?? 0;
    if (ofMetric >= this.#limits.seriesOfMetricMax) return this.#drop(tenantName, metric, 'metric_limit');
    if (tenant.total >= this.#limits.seriesOfTenantMax) return this.#drop(tenantName, metric, 'tenant_limit');
    const series = sampleSeries(point.facts());
    if (series.key.length > keyBytesMax)
      return this.#drop(tenantName, metric, 'metric_limit', 'its labels are too long');
    tenant.current.set(identity, { ...series, metric });
    tenant.byMetric.set(metric, ofMetric + 1);
    tenant.total += 1;
    return series;
  }

  #drop(tenant: string, metric: string, reason: DroppedSeries['reason'], why?: string): DroppedSeries {
    const key = `${tenant}\u0001${metric}\u0001${reason}`;
    const before = this.#dropped.get(key);
    const { seriesOfMetricMax, seriesOfTenantMax } = this.#limits;
    const limit =
      reason === 'metric_limit'
        ? `it has ${seriesOfMetricMax} series already, the most that a metric may have`
        : `its sender has ${seriesOfTenantMax} series already, the most that one may have`;
    const advice = 'take a label away that has a value for each request, user or id';
    const sentence = `new series of ${metric} are dropped: ${why ?? limit}; ${advice}`;
    const dropped = { tenant, metric, reason, points: (before?.points ?? 0) + 1, sentence };
    this.#dropped.set(key, dropped);
    if (before === undefined || !this.#told.has(key)) {
      this.#told.add(key);
      this.#onDrop(dropped);
    }
    return dropped;
  }

  readonly #told = new Set<string>();

  #turn(): void {
    this.#turnsAt = this.#now() + generationMs;
    this.#told.clear();
    for (const [name, tenant] of this.#tenants) {
      for (const { metric } of tenant.previous.values()) {
        const left = (tenant.byMetric.get(metric) ?? 1) - 1;
        if (left === 0) tenant.byMetric.delete(metric);
        else tenant.byMetric.set(metric, left);
        tenant.total -= 1;
      }
      tenant.previous = tenant.current;
      tenant.current = new Map();
      if (tenant.total === 0) this.#tenants.delete(name);
    }
  }
}
