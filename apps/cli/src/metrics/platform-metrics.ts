/** Metrics of `up`: collectors and series on the first cluster, and what this process tells of itself. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Route } from '@millrace/api';
import { ClosingStack, messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import { Metrics, type OwnFigure, OwnMetrics, prometheusRoutes, QueryEngine } from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';

export interface PlatformMetricsOptions {
  readonly client: Client;
  /** Where series lie. */
  readonly directory: string;
  readonly version: string;
  readonly warn: (message: string) => void;
  readonly sources?: readonly (() => readonly OwnFigure[])[] | undefined;
}

export interface PlatformMetrics extends AsyncDisposable {
  readonly metrics: Metrics;
  /** Prometheus's query API, for the control plane's listener. */
  readonly queryRoutes: readonly Route[];
}

/** Series are rebuilt from the topic where their folder was lost, also by a loss of power. */
export function startPlatformMetrics({
  client,
  directory,
  version,
  warn,
  sources,
}: PlatformMetricsOptions): PlatformMetrics {
  const parts = new ClosingStack();
  const state = parts.use(openOrderedStore({ directory: join(directory, 'series'), rebuildable: true }));
  let told = '';
  const metrics = parts.use(
    new Metrics({
      ...{ client, state, warn },
      onFailure: (error) => {
        // An outage is told once, however often it is tried again.
        if (error.message !== told) warn(error.message);
        told = error.message;
      },
    }),
  );
  parts.use(
    new OwnMetrics({
      ...{ collector: metrics.collector, service: 'millrace', instance: hostname(), version, sources },
      onFailure: (error) => warn(`metrics of this process are not stored: ${messageOf(error)}`),
    }),
  );
  const queryRoutes = prometheusRoutes({ engine: new QueryEngine({ source: metrics.source }), version });
  return { metrics, queryRoutes, [Symbol.asyncDispose]: () => parts.close() };
}
