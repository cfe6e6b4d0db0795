/** Whose something is: the team that may do what its roles allow to it. */
import type { DeclaredFleet } from '../record/record.ts';

/** Undefined for what belongs to no team, or is not declared: that is the admins'. */
export function owningTeam(fleet: DeclaredFleet, kind: string, id: string): string | undefined {
  switch (kind) {
    case 'team':
      return fleet.get('team', id)?.id;
    case 'topic':
      return fleet.get('topic', id)?.spec.owner;
    case 'application':
      return fleet.get('application', id)?.spec.team;
    case 'connector':
      return fleet.get('connector', id)?.spec.owner;
    case 'group':
      return teamOfGroup(fleet, id);
    default:
      return undefined;
  }
}

/** The team of the application that declares the group as its own, by name before by prefix. */
function teamOfGroup(fleet: DeclaredFleet, id: string): string | undefined {
  const slash = id.indexOf('/');
  const cluster = id.slice(0, slash);
  const group = id.slice(slash + 1);
  let found: { readonly team: string; readonly length: number } | undefined;
  for (const { spec } of fleet.list('application')) {
    for (const use of spec.uses ?? []) {
      if (use.cluster !== cluster || use.role !== 'consumer') continue;
      for (const pattern of use.groups ?? [spec.name, `${spec.name}.*`]) {
        const isMatch = pattern.endsWith('*') ? group.startsWith(pattern.slice(0, -1)) : group === pattern;
        // A name beats any prefix, the longer prefix the shorter one.
        const length = pattern.endsWith('*') ? pattern.length : Number.POSITIVE_INFINITY;
        if (isMatch && (found === undefined || length > found.length)) found = { team: spec.team, length };
      }
    }
  }
  return found?.team;
}
