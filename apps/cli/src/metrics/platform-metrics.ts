/**
 * Metrics of `up`: collectors and series on the first cluster, what this process and the clients of its clusters tell
 * of themselves, and what the file of metrics asks for: rules, aggregation, targets.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Route } from '@millrace/api';
import { ClosingStack, messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import {
  type AlertRecord,
  askClients,
  type ClientReports,
  Metrics,
  type MetricsFile,
  type OwnFigure,
  OwnMetrics,
  prometheusRoutes,
  QueryEngine,
  type RollupRule,
  Rules,
  Scraper,
  startRollups,
} from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';

export interface PlatformMetricsOptions {
  /** The first one has the topics. */
  readonly clusters: readonly { readonly name: string; readonly client: Client }[];
  /** Where series, and state of the aggregation, lie. */
  readonly directory: string;
  readonly version: string;
  readonly warn: (message: string) => void;
  readonly file?: MetricsFile | undefined;
  readonly clientReports?: ClientReports | undefined;
  readonly sources?: readonly (() => readonly OwnFigure[])[] | undefined;
  /** Told of each alert that fires or is over, as a sentence. */
  readonly tell: (message: string) => void;
  /** Told which alerts fire, each time that this changes. */
  readonly onAlerts?: ((firing: readonly AlertRecord[]) => void) | undefined;
}

export interface PlatformMetrics extends AsyncDisposable {
  readonly metrics: Metrics;
  /** Prometheus's query API, for the control plane's listener. */
  readonly queryRoutes: readonly Route[];
}

const retryMs = 5_000;
const nothing: MetricsFile = { rules: [], rollups: [], targets: [] };

/** Series are rebuilt from the topic where their folder was lost, also by a loss of power. */
export function startPlatformMetrics(options: PlatformMetricsOptions): PlatformMetrics {
  const { clusters, directory, version, sources = [], clientReports, file = nothing } = options;
  const client = clusters[0]?.client as Client;
  const warn = onceEach(options.warn);
  const parts = new ClosingStack();
  const state = parts.use(openOrderedStore({ directory: join(directory, 'series'), rebuildable: true }));
  const metrics = parts.use(
    new Metrics({ ...{ client, state, warn: options.warn }, onFailure: (error) => warn(error.message) }),
  );
  const { collector } = metrics;
  parts.use(
    new OwnMetrics({
      ...{ collector, service: 'millrace', instance: hostname(), version },
      sources: [...sources, ...(clientReports === undefined ? [] : [() => reportFigures(clientReports)])],
      onFailure: (error) => warn(`metrics of this process are not stored: ${messageOf(error)}`),
    }),
  );
  if (clientReports !== undefined) {
    clientReports.attach(collector);
    parts.use({ [Symbol.asyncDispose]: async () => clientReports.attach(undefined) });
    for (const cluster of clusters) parts.use(again(cluster.name, (signal) => ask(cluster.client, signal), warn));
  }
  const engine = new QueryEngine({ source: metrics.source });
  const rules = parts.use(startRules(options, file, metrics, engine, client));
  if (file.rollups.length > 0) parts.use(runRollups(client, file.rollups, directory, warn));
  if (file.targets.length > 0) parts.use(new Scraper({ targets: file.targets, collector, warn: options.warn }));
  const queryRoutes = prometheusRoutes({ engine, version, rules: () => rules.report });
  return { metrics, queryRoutes, [Symbol.asyncDispose]: () => parts.close() };
}

function startRules(
  { onAlerts, tell, warn }: PlatformMetricsOptions,
  { rules: groups }: MetricsFile,
  metrics: Metrics,
  engine: QueryEngine,
  client: Client,
): Rules {
  const rules = new Rules({
    ...{ client, groups, engine, collector: metrics.collector, complete: metrics.complete, warn },
    settled: () => metrics.settled(),
    onAlert: (alert) => {
      tell(`metrics: ${alertLine(alert)}`);
      onAlerts?.(rules.firing);
    },
  });
  return rules;
}

/** `HighLoad fires: h1 is at 20 {node="h1"}` */
function alertLine({ labels: { alertname = '', ...labels }, annotations, state }: AlertRecord): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const what = state === 'firing' ? 'fires' : 'is over';
  const told = annotations['summary'] ?? annotations['description'];
  return `${alertname} ${what}${told === undefined ? '' : `: ${told}`} {${pairs.join(', ')}}`;
}

/** The aggregation, started anew where it ends by a failure. */
function runRollups(
  client: Client,
  rules: readonly RollupRule[],
  directory: string,
  warn: (message: string) => void,
): AsyncDisposable {
  const parts = new ClosingStack();
  const state = parts.use(openOrderedStore({ directory: join(directory, 'rollup'), rebuildable: true }));
  const run = async (signal: AbortSignal): Promise<void> => {
    await using job = await startRollups({
      ...{ client, rules, state, signal },
      onLate: (series) => warn(`aggregation: a point of ${series} came too late and is not counted`),
      job: { report: ({ level, message }) => level !== 'info' && warn(`aggregation: ${message}`) },
    });
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([stopped, job.finished]);
  };
  parts.use(again('aggregation', run, warn));
  return { [Symbol.asyncDispose]: () => parts.close() };
}

async function ask(client: Client, signal: AbortSignal): Promise<void> {
  await using admin = client.admin();
  await askClients(admin, signal);
}

/** Does it until it succeeds or is closed; what fails is told once. */
function again(
  what: string,
  work: (signal: AbortSignal) => Promise<void>,
  warn: (message: string) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        return await work(signal);
      } catch (error) {
        if (signal.aborted) return;
        warn(`${what}: ${messageOf(error)}`);
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

function reportFigures({ taken, leftOut }: ClientReports): OwnFigure[] {
  const points = [
    { value: taken, labels: { result: 'stored' } },
    { value: leftOut, labels: { result: 'left_out' } },
  ];
  const description = 'Reports of Kafka clients about themselves (KIP-714).';
  return [{ name: 'millrace.client.reports', unit: '{report}', description, kind: 'counter', points }];
}

/** An outage is told once, however often it is tried again. */
function onceEach(warn: (message: string) => void): (message: string) => void {
  let told = '';
  return (message) => {
    if (message !== told) warn(message);
    told = message;
  };
}
