/** Twins of clusters: made, compared, brought to the same shape, given samples of records, deleted. */
import { implement, type Route } from '@millrace/api';
import { twinDiffContract, twinListContract } from '@millrace/api/fleet';
import type { PlanKind } from '../operations/plan-kind.ts';
import { sampleCopyKind } from './sample-copy.ts';
import { twinCreateKind } from './twin-create.ts';
import { twinDeleteKind } from './twin-delete.ts';
import type { TwinParts } from './twin-parts.ts';
import { twinSyncKind } from './twin-sync.ts';
import { twinDiff, twinViews } from './twin-views.ts';

export type { ClusterFactory, TwinCluster, TwinPlan } from './cluster-factory.ts';
export { type ClusterShape, readShape, type TopicShape } from './cluster-shape.ts';
export { type MaskRecord, maskRecords, type SchemaValues } from './masking/mask-rules.ts';
export { shapeDifferences } from './shape-differences.ts';
export type { TwinParts } from './twin-parts.ts';

export function openTwins(parts: TwinParts): { readonly routes: Route[]; readonly planKinds: PlanKind[] } {
  return {
    routes: [
      implement(twinListContract, () => ({ items: twinViews(parts) })),
      implement(twinDiffContract, ({ params, signal }) => twinDiff(parts, params.twin, signal)),
    ],
    planKinds: [
      twinCreateKind(parts),
      twinDeleteKind(parts),
      twinSyncKind(parts),
      sampleCopyKind(parts),
    ] as unknown as PlanKind[],
  };
}
