/**
 * What each role may do, and what a contract asks for. A role of a team holds for what belongs to that team
 * (`mayOn` of `@millrace/fleet/access` judges one object); here stands only whether somebody may do a thing at all.
 */
import type { Contract } from './contract.ts';
import type { Permission, Principal, RoleName } from './principal.ts';

/** What a role may do, of the objects that it holds for; each may also do what the one before it may. */
export const rolePermissions: Readonly<Record<RoleName, readonly Permission[]>> = {
  viewer: ['view'],
  member: ['view', 'read_records', 'request'],
  owner: ['view', 'read_records', 'request', 'change', 'approve', 'operate'],
  admin: ['view', 'read_records', 'request', 'change', 'approve', 'operate', 'administer'],
};

/** What a caller must be permitted to call it at all. */
export function permissionOf(
  contract: Pick<Contract, 'method' | 'permission' | 'anyOrigin' | 'dialect'>,
): Permission | 'public' {
  if (contract.permission !== undefined) return contract.permission;
  if (contract.anyOrigin) return 'public';
  // Serializers register schemas as they go.
  if (contract.dialect !== undefined && contract.method === 'POST') return 'request';
  return contract.method === 'GET' ? 'view' : 'administer';
}

/** Whether there may be any object on which they may do it. */
export function mayAnywhere(principal: Principal, permission: Permission): boolean {
  return permissionsOf(principal).includes(permission);
}

/** All that an application may: not even to view, which is for people. */
const applicationPermissions: readonly Permission[] = ['configure'];

/** What they may do somewhere, from least to most. Teams decide for members and owners, not the summary in `role`. */
export function permissionsOf({ kind, role, teams }: Principal): readonly Permission[] {
  if (kind === 'application') return applicationPermissions;
  if (role === 'admin') return rolePermissions.admin;
  if (teams.some((team) => team.role === 'owner')) return rolePermissions.owner;
  return teams.length > 0 ? rolePermissions.member : rolePermissions.viewer;
}
