/**
 * Who may read the records of a topic: its data class and its team decide. `public` and `internal`: members of any
 * team. `confidential`, and topics without a class: members of its team, and of those whose applications are declared
 * to consume it. `restricted`: the owners of its team. Topics that nobody declared, and internal ones: admins alone.
 */
import { mayAnywhere, type Principal, ProblemError } from '@millrace/api';
import { fitsName } from '@millrace/api/declared';
import type { DeclaredFleet } from '../record/record.ts';
import { mayOn } from './may-on.ts';

export function mayReadRecords(principal: Principal, fleet: DeclaredFleet, cluster: string, topic: string): boolean {
  if (principal.role === 'admin') return true;
  if (!mayAnywhere(principal, 'read_records')) return false;
  const spec = isInternal(topic) ? undefined : fleet.get('topic', `${cluster}/${topic}`)?.spec;
  if (spec === undefined) return false;
  switch (spec.dataClass) {
    case 'public':
    case 'internal':
      return true;
    case 'restricted':
      return (
        spec.owner !== undefined && principal.teams.some(({ name, role }) => name === spec.owner && role === 'owner')
      );
    default:
      return [spec.owner, ...consumingTeams(fleet, cluster, topic)].some((team) => {
        return team !== undefined && mayOn(principal, 'read_records', { team });
      });
  }
}

/** @throws ProblemError `forbidden` */
export function requireRecords(principal: Principal, fleet: DeclaredFleet, cluster: string, topic: string): void {
  if (mayReadRecords(principal, fleet, cluster, topic)) return;
  const advice = 'its team and data class decide who may; ask its team, or an admin';
  throw new ProblemError('forbidden', `${principal.name} may not read the records of ${cluster}/${topic}: ${advice}`);
}

/** Kafka's own and ours, which hold offsets, schemas and state of others. */
function isInternal(topic: string): boolean {
  return topic.startsWith('__') || topic.startsWith('millrace.');
}

function consumingTeams(fleet: DeclaredFleet, cluster: string, topic: string): string[] {
  return fleet.list('application').flatMap(({ spec }) => {
    const consumes = spec.uses?.some((use) => {
      return use.role === 'consumer' && use.cluster === cluster && fitsName(use.topic, topic);
    });
    return consumes ? [spec.team] : [];
  });
}
