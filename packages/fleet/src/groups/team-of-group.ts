/** Whose a consumer group is. */
import { fitsName, groupsOf } from '@millrace/api/declared';
import type { DeclaredFleet } from '../record/record.ts';

/**
 * The team of the application that consumes with the group, as the uses of topics on that cluster say; undefined when
 * no application does. Of several the one that declares its very name, and then the longest beginning.
 */
export function teamOfGroup(fleet: DeclaredFleet, cluster: string, group: string): string | undefined {
  let best: { readonly length: number; readonly team: string } | undefined;
  for (const { spec } of fleet.list('application')) {
    for (const use of spec.uses ?? []) {
      if (use.role !== 'consumer' || use.cluster !== cluster) continue;
      for (const pattern of groupsOf(spec.name, use)) {
        const length = pattern === group ? Number.POSITIVE_INFINITY : pattern.length;
        if (!fitsName(pattern, group) || (best !== undefined && best.length >= length)) continue;
        best = { length, team: spec.team };
      }
    }
  }
  return best?.team;
}
