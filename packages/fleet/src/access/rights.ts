/**
 * What somebody has been given: everything, or roles of teams. Rights from several places add up; those of a token are
 * never more than its owner has at the moment.
 */
import type { Principal, RoleName } from '@millrace/api';

export type TeamRole = Principal['teams'][number];

export interface Rights {
  readonly admin: boolean;
  /** Each team once. */
  readonly teams: readonly TeamRole[];
}

export const noRights: Rights = { admin: false, teams: [] };
export const allRights: Rights = { admin: true, teams: [] };

/** Those of all together; of two roles of a team the greater one. */
export function union(...all: readonly Rights[]): Rights {
  const teams = new Map<string, TeamRole['role']>();
  for (const { name, role } of all.flatMap((each) => each.teams)) {
    if (teams.get(name) !== 'owner') teams.set(name, role);
  }
  return { admin: all.some(({ admin }) => admin), teams: [...teams].map(([name, role]) => ({ name, role })) };
}

/** What of the rights is left within others. */
export function narrow(rights: Rights, within: Rights): Rights {
  if (within.admin) return rights;
  if (rights.admin) return within;
  const teams = rights.teams.flatMap(({ name, role }): TeamRole[] => {
    const bound = within.teams.find((team) => team.name === name);
    if (bound === undefined) return [];
    return [{ name, role: bound.role === 'member' ? 'member' : role }];
  });
  return { admin: false, teams };
}

/** Whether nothing of the rights lies outside of others. */
export function isWithin(rights: Rights, bounds: Rights): boolean {
  if (bounds.admin) return true;
  if (rights.admin) return false;
  return rights.teams.every(({ name, role }) =>
    bounds.teams.some((team) => team.name === name && (team.role === 'owner' || role === 'member')),
  );
}

/** The one word for them: the greatest role that they hold anywhere. */
export function roleOf({ admin, teams }: Rights): RoleName {
  if (admin) return 'admin';
  if (teams.some(({ role }) => role === 'owner')) return 'owner';
  return teams.length > 0 ? 'member' : 'viewer';
}

export function rightsOf({ role, teams }: Pick<Principal, 'role' | 'teams'>): Rights {
  return { admin: role === 'admin', teams };
}

export function principalWith(who: Pick<Principal, 'kind' | 'name'>, rights: Rights): Principal {
  return { ...who, role: roleOf(rights), teams: rights.admin ? [] : [...rights.teams] };
}
