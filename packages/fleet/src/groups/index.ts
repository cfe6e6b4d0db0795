import type { Route } from '@millrace/api';
import type { PlanKind } from '../operations/plan-kind.ts';
import { type GroupParts, groupResetKind } from './group-reset.ts';
import { groupRoutes } from './routes.ts';

export type { GroupParts } from './group-reset.ts';

/** Resets of the offsets of groups. */
export function openGroups(parts: GroupParts): { readonly routes: Route[]; readonly planKinds: PlanKind[] } {
  return { routes: groupRoutes(parts), planKinds: [groupResetKind(parts) as unknown as PlanKind] };
}
