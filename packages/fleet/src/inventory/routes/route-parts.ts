/** What the routes of the inventory work with, and how they say that something is not there. */
import { ProblemError } from '@millrace/api';
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Schema } from '../../database/schema.ts';
import type { FleetRecord } from '../../record/record.ts';
import type { Inventory } from '../inventory.ts';
import type { OpenBuckets } from '../series/query-series.ts';
import type { ClusterRows, FleetRows } from '../views/fleet-rows.ts';

export interface RouteParts {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly inventory: Inventory;
  readonly record: Pick<FleetRecord, 'current'>;
  readonly rows: FleetRows;
  readonly openBuckets: OpenBuckets;
}

/** How many changes come with one thing. */
export const historyMax = 100;

export function clusterRows({ rows }: RouteParts, name: string): ClusterRows {
  const found = rows.cluster(name);
  if (found === undefined) throw notFound(`there is no cluster ${name} in the record of the fleet`, 'clusters');
  return found;
}

export function notFound(sentence: string, list: string): ProblemError {
  return new ProblemError('not_found', `${sentence}; /api/v1/${list} lists those there are`);
}
