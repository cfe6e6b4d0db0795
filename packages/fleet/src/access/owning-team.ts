/** Whose something is: the team that may do what its roles allow to it. */
import { teamOfGroup } from '../groups/team-of-group.ts';
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
      return teamOfGroup(fleet, id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1));
    default:
      return undefined;
  }
}
