/** Tracking as `up` runs it: the collector, the standing pipeline, the script for pages, and where they keep state. */
import { join } from 'node:path';
import { type ClosingStack, isMillraceError, messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import type { DataDirectory } from '@millrace/engines';
import {
  browserScript,
  type Collector,
  createCollector,
  registryEventSchemas,
  startTracking,
  type Tracking,
  type TrackingOptions,
} from '@millrace/pipelines';
import type { Registry } from '@millrace/registry';
import type { Asset, EventHub } from '@millrace/server';
import { type OrderedStore, openOrderedStore } from '@millrace/store';

export interface PlatformTrackingOptions {
  readonly home: { readonly client: Client; readonly isReachable: boolean };
  readonly dataDirectory: DataDirectory;
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly trackingOrigins?: readonly string[] | undefined;
  readonly warn: (message: string) => void;
}

export interface PlatformTracking {
  readonly tracking: Tracking;
  readonly collector: Collector;
  /** `/t.js` */
  readonly script: Asset;
}

/**
 * On a cluster that may be away, or not let us make the topics: then it is told, and tried again until it works, while
 * everything else goes on. What it starts is closed with `parts`.
 */
export async function startTrackingOn(
  { home, dataDirectory, registry, hub, trackingOrigins, warn }: PlatformTrackingOptions,
  parts: ClosingStack,
): Promise<PlatformTracking> {
  let told = '';
  const stateOf = (name: string): OrderedStore =>
    parts.use(openOrderedStore({ directory: join(dataDirectory.path, 'tracking', name), rebuildable: true }));
  const schemas = registryEventSchemas(registry);
  const options: TrackingOptions = {
    client: home.client,
    state: { job: stateOf('job'), view: stateOf('view') },
    schemas,
    onReport: (report, recent) => {
      told = '';
      hub.set('tracking', report);
      hub.set('tracking.recent', recent);
    },
    onFailure: (error) => {
      // An outage is told once, however often it is tried again.
      const kind = error instanceof Error && isMillraceError(error.cause) ? error.cause.code : messageOf(error);
      if (kind !== told) warn(messageOf(error));
      told = kind;
    },
  };
  const tracking = parts.use(await startOrWait(options, home.isReachable));
  const collector = parts.use(createCollector({ client: home.client, schemas, origins: trackingOrigins }));
  const contentType = 'text/javascript; charset=utf-8';
  return { tracking, collector, script: { path: '/t.js', contentType, body: browserScript(), anyOrigin: true } };
}

async function startOrWait(options: TrackingOptions, isReachable: boolean): Promise<Tracking> {
  if (!isReachable) return startTracking({ ...options, waits: true });
  try {
    return await startTracking(options);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return startTracking({ ...options, waits: true });
  }
}
