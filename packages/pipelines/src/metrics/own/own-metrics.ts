/**
 * Metrics of this process itself, as OpenTelemetry names them, sent to the collector every few seconds without HTTP:
 * event loop, memory, CPU, garbage collection, and whatever sources add. What can't be stored now is not kept: counters
 * are totals, so that only a point is lost.
 */
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { type ExportMetricsRequest, type KeyValue, Metric, NumberPoint, temporality } from '@millrace/telemetry';
import type { MetricsCollector } from '../collect/collector.ts';

export interface OwnFigure {
  /** OpenTelemetry's: `process.memory.usage`. */
  readonly name: string;
  /** UCUM: `By`, `s`, `1`, `{record}`. */
  readonly unit: string;
  readonly description: string;
  /** A counter is a total since the start of the process. */
  readonly kind: 'counter' | 'gauge';
  readonly points: readonly {
    readonly value: number;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  }[];
}

export interface OwnMetricsOptions {
  readonly collector: MetricsCollector;
  /** `service.name` and `service.instance.id`. */
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Asked each time. Must not throw. */
  readonly sources?: readonly (() => readonly OwnFigure[])[] | undefined;
  /** Default 10,000. */
  readonly intervalMs?: number | undefined;
  /** Told once when points can't be stored, until they can again. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

const tenant = 'millrace';

export class OwnMetrics {
  readonly #options: OwnMetricsOptions;
  readonly #startMs = Date.now();
  readonly #loop = monitorEventLoopDelay({ resolution: 20 });
  readonly #collections = { count: 0, seconds: 0 };
  readonly #observer: PerformanceObserver;
  readonly #timer: NodeJS.Timeout;
  #sending: Promise<void> | undefined;
  #failed = false;

  constructor(options: OwnMetricsOptions) {
    this.#options = options;
    this.#loop.enable();
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#collections.count++;
        this.#collections.seconds += duration / 1_000;
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#timer = setInterval(() => void this.send(), options.intervalMs ?? 10_000);
    this.#timer.unref();
  }

  /** Sends what is true now. A send that is under way is waited for instead. */
  send(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#observer.disconnect();
    this.#loop.disable();
    await this.#sending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(): Promise<void> {
    const { collector, sources = [], onFailure } = this.#options;
    try {
      const figures = [...this.#process(), ...sources.flatMap((source) => source())];
      await collector.take(this.#request(figures), tenant);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) onFailure?.(error);
      this.#failed = true;
    }
  }

  #request(figures: readonly OwnFigure[]): ExportMetricsRequest {
    const { service, instance, version } = this.#options;
    const timeMs = Date.now();
    const attributes = attributesOf({
      ...{ 'service.name': service, 'service.instance.id': instance, 'service.version': version },
      ...{ 'process.pid': String(process.pid), 'process.runtime.version': process.version },
    });
    const metrics = figures.map(({ name, unit, description, kind, points }) => {
      const startMs = kind === 'counter' ? this.#startMs : 0;
      const dataPoints = points.map(({ value, labels = {} }) =>
        NumberPoint.of({ asDouble: value, startMs, timeMs, attributes: attributesOf(labels) }),
      );
      if (kind === 'gauge') return Metric.of({ name, unit, description, gauge: { dataPoints } });
      const sum = { dataPoints, aggregationTemporality: temporality.cumulative, isMonotonic: true };
      return Metric.of({ name, unit, description, sum });
    });
    const resource = { attributes, droppedAttributesCount: 0 };
    const scopeMetrics = [{ scope: undefined, schemaUrl: '', metrics }];
    return { resourceMetrics: [{ resource, schemaUrl: '', scopeMetrics }] };
  }

  #process(): OwnFigure[] {
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { utilization } = performance.eventLoopUtilization();
    const loop = this.#loop;
    const delay = (value: number): number => (Number.isFinite(value) ? value / 1e9 : 0);
    const figures: OwnFigure[] = [
      gauge('process.memory.usage', 'By', 'Resident memory.', [{ value: rss }]),
      gauge('nodejs.memory', 'By', 'Memory of the runtime, by kind.', [
        ...Object.entries({ heapTotal, heapUsed, external, arrayBuffers }).map(([kind, value]) => {
          return { value, labels: { kind } };
        }),
      ]),
      counter('process.cpu.time', 's', 'CPU time.', [
        { value: user / 1e6, labels: { mode: 'user' } },
        { value: system / 1e6, labels: { mode: 'system' } },
      ]),
      gauge('nodejs.eventloop.utilization', '1', 'Share of time that the event loop works.', [{ value: utilization }]),
      gauge('nodejs.eventloop.delay', 's', 'Delay of the event loop since the last report.', [
        { value: delay(loop.mean), labels: { statistic: 'mean' } },
        { value: delay(loop.percentile(99)), labels: { statistic: 'p99' } },
        { value: delay(loop.max), labels: { statistic: 'max' } },
      ]),
      counter('nodejs.gc.count', '{collection}', 'Garbage collections.', [{ value: this.#collections.count }]),
      counter('nodejs.gc.time', 's', 'Time spent in garbage collections.', [{ value: this.#collections.seconds }]),
      gauge('process.uptime', 's', 'Time since the process began.', [{ value: process.uptime() }]),
    ];
    loop.reset();
    return [...figures, ...collectorFigures(this.#options.collector)];
  }
}

/** What the collector counts of itself, and what it dropped. */
function collectorFigures(collector: MetricsCollector): OwnFigure[] {
  const dropped = [...collector.dropped].map(({ tenant: of, metric, reason, points }) => {
    return { value: points, labels: { tenant: of, metric, reason } };
  });
  return [
    counter('millrace.metrics.points', '{point}', 'Points that were stored.', [{ value: collector.points }]),
    gauge('millrace.metrics.series', '{series}', 'Series that send.', [{ value: collector.series }]),
    counter('millrace.metrics.dropped', '{point}', 'Points of series past a limit of cardinality.', dropped),
  ];
}

function counter(name: string, unit: string, description: string, points: OwnFigure['points']): OwnFigure {
  return { name, unit, description, kind: 'counter', points };
}

function gauge(name: string, unit: string, description: string, points: OwnFigure['points']): OwnFigure {
  return { name, unit, description, kind: 'gauge', points };
}

function attributesOf(labels: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(labels).map(([key, value]) => ({ key, value }));
}
