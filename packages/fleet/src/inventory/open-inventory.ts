/** The inventory as a part of the control plane: what looks, what keeps, and what is asked over HTTP. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Route } from '@millrace/api';
import type { Platform } from '@millrace/base';
import type { ProtocolClusters } from '../clusters/fleet-clusters.ts';
import type { Database } from '../database/database.ts';
import type { FleetRecord } from '../record/record.ts';
import type { Inventory } from './inventory.ts';
import { LiveInventory } from './live-inventory.ts';
import type { Pace } from './refresh/cluster-watch.ts';
import { clusterRoutes } from './routes/cluster-routes.ts';
import { groupRoutes } from './routes/group-routes.ts';
import { seriesRoutes } from './routes/series-routes.ts';
import { topicRoutes } from './routes/topic-routes.ts';
import { SeriesCompanion } from './series/series-companion.ts';
import { UseCompanion } from './uses/use-companion.ts';
import { FleetRows } from './views/fleet-rows.ts';

export interface InventoryParts extends InventorySettings {
  readonly database: Database;
  readonly platform: Platform;
  readonly record: Pick<FleetRecord, 'current'>;
  readonly clusters: ProtocolClusters;
  /** Told what went wrong in the background, as a sentence. */
  readonly report: (message: string) => void;
}

export interface InventorySettings {
  /** How often, and how patiently, a cluster is looked at. */
  readonly pace?: Partial<Pace> | undefined;
  /** A process that is gone is followed after this. Default 6 s. */
  readonly leaseTtlMs?: number | undefined;
  /** How soon those who follow know. Default 2 s. */
  readonly followMs?: number | undefined;
  /** How long figures over time are kept. Default 7. */
  readonly seriesDays?: number | undefined;
  /** How long the history of changes and uses is kept. Default 90. */
  readonly historyDays?: number | undefined;
}

export interface OpenInventory extends AsyncDisposable {
  readonly inventory: Inventory;
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

/** Begins with the last known state, and looks or follows until it is closed. */
export async function openInventory(parts: InventoryParts): Promise<OpenInventory> {
  const { database, platform, record, clusters, report, seriesDays = 7, historyDays = 90 } = parts;
  const { db } = database;
  const { pace, leaseTtlMs, followMs } = parts;
  const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const inventory = new LiveInventory({ db, platform, clusters, holder, report, pace, leaseTtlMs, followMs });
  const series = new SeriesCompanion(db, platform, seriesDays);
  inventory.accompany(series);
  inventory.accompany(new UseCompanion(db, platform, historyDays));
  const rows = new FleetRows(inventory, record);
  const routeParts = { db, platform, inventory, record, rows, openBuckets: series.open };
  await inventory.open();
  const close = (): Promise<void> => inventory.close();
  return {
    inventory,
    routes: [
      ...clusterRoutes(routeParts),
      ...topicRoutes(routeParts),
      ...groupRoutes(routeParts),
      ...seriesRoutes(routeParts),
    ],
    close,
    [Symbol.asyncDispose]: close,
  };
}
