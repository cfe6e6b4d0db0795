/** Whose a consumer group is. */
import type { DeclaredFleet } from '../record/record.ts';

/**
 * The team of the application that consumes with the group, as the uses of topics on that cluster say; undefined when
 * no application does. Of several the one with the longest name that fits.
 */
export function teamOfGroup(fleet: DeclaredFleet, cluster: string, group: string): string | undefined {
  let best: { readonly length: number; readonly team: string } | undefined;
  for (const { spec } of fleet.list('application')) {
    for (const use of spec.uses ?? []) {
      if (use.role !== 'consumer' || use.cluster !== cluster) continue;
      for (const pattern of use.groups ?? [spec.name, `${spec.name}.*`]) {
        if (!fits(pattern, group) || (best !== undefined && best.length >= pattern.length)) continue;
        best = { length: pattern.length, team: spec.team };
      }
    }
  }
  return best?.team;
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
