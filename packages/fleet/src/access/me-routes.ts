/** Who asks, and what they may do. */
import { implement, permissionsOf, type Route, rolePermissions } from '@millrace/api';
import { allowedContract, meContract } from '@millrace/api/fleet';
import type { FleetRecord } from '../record/record.ts';
import { mayOn } from './may-on.ts';
import { mayReadRecords } from './may-read-records.ts';
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
          const allowed = rolePermissions.admin.filter((permission) => {
            // What a topic's class says of its records, its team does not say alone.
            if (kind === 'topic' && permission === 'read_records')
              return mayReadRecords(principal, fleet, ...placeOf(id));
            return mayOn(principal, permission, { team });
          });
          return { kind, id, team: team ?? null, allowed };
        }),
      };
    }),
  ];
}

/** Cluster and topic of the id of a topic. */
function placeOf(id: string): [cluster: string, topic: string] {
  const slash = id.indexOf('/');
  return [id.slice(0, slash), id.slice(slash + 1)];
}
