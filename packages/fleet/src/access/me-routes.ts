/** Who asks, and what they may do. */
import { implement, permissionsOf, type Route, rolePermissions } from '@millrace/api';
import { allowedContract, meContract } from '@millrace/api/fleet';
import type { FleetRecord } from '../record/record.ts';
import { mayOn } from './may-on.ts';
import { owningTeam } from './owning-team.ts';

export function meRoutes(record: Pick<FleetRecord, 'current'>, login: 'provider' | 'token'): Route[] {
  return [
    implement(meContract, ({ principal }) => {
      const anonymous = principal.kind === 'system' && principal.name === 'anonymous';
      return { principal, permissions: [...permissionsOf(principal)], anonymous, login };
    }),
    implement(allowedContract, ({ principal, body }) => {
      const fleet = record.current();
      return {
        objects: body.objects.map(({ kind, id }) => {
          const team = owningTeam(fleet, kind, id);
          const allowed = rolePermissions.admin.filter((permission) => mayOn(principal, permission, { team }));
          return { kind, id, team: team ?? null, allowed };
        }),
      };
    }),
  ];
}
