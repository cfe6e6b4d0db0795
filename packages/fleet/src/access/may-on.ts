/**
 * Whether somebody may do a thing to one object. An admin may do all; everybody may view; for the rest a role of the
 * team that the object belongs to decides. What belongs to no team is the admins'.
 */
import { type Permission, type Principal, ProblemError, rolePermissions } from '@millrace/api';

/** The object, as far as access goes. */
export interface Owned {
  /** The team that it belongs to; undefined: none. */
  readonly team?: string | undefined;
}

export function mayOn(principal: Principal, permission: Permission, { team }: Owned): boolean {
  if (principal.kind === 'application') return false;
  if (principal.role === 'admin' || permission === 'view') return true;
  return principal.teams.some(({ name, role }) => name === team && rolePermissions[role].includes(permission));
}

/**
 * @param what the object, for people: `topic east/orders`
 * @throws ProblemError `forbidden`, which says who may
 */
export function requireOn(principal: Principal, permission: Permission, owned: Owned, what = 'this'): void {
  if (mayOn(principal, permission, owned)) return;
  throw new ProblemError(
    'forbidden',
    `${principal.name} may not ${phrases[permission]} ${what}; ${whoMay(permission, owned)} may`,
  );
}

const phrases: Readonly<Record<Permission, string>> = {
  view: 'see',
  read_records: 'read the records of',
  request: 'request changes of',
  change: 'change',
  approve: 'approve requests of',
  operate: 'operate',
  administer: 'administer',
  configure: 'ask for the configuration of',
};

function whoMay(permission: Permission, { team }: Owned): string {
  if (team === undefined || permission === 'administer') return 'only an admin';
  const role = rolePermissions.member.includes(permission) ? 'a member' : 'an owner';
  return `${role} of the team ${team}, or an admin,`;
}
