/**
 * Groups and transactional ids that applications would get rights on: nobody is given those of another team by asking
 * for them, since who may read with a group may move its offsets, and who has a transactional id ends its producer.
 */
import type { ProblemIssue } from '@millrace/api';
import { type Application, fitsName, groupsOf, type TopicUse } from '@millrace/api/declared';
import type { Proposal } from '@millrace/api/fleet';

type Claiming = Pick<Application, 'name' | 'team'> & { readonly uses?: readonly TopicUse[] | undefined };

interface Claim {
  readonly what: 'group' | 'transactional id';
  readonly cluster: string;
  /** With a star at its end all that begin so. */
  readonly name: string;
}

/** Names that are another team's already, or that stand for everybody's. */
export function takenNames(
  wanted: Proposal['applications'],
  applications: readonly Application[],
  field: string,
): ProblemIssue[] {
  const messages = wanted.flatMap((application) =>
    claimsOf(application).flatMap((claim): string[] => {
      const { what, cluster, name } = claim;
      if (name === '*') return [`would give ${application.name} all ${what}s of ${cluster}`];
      const holder = othersOf(application, applications).find((other) =>
        claimsOf(other).some((each) => isOfOneKind(each, claim) && nameCovers(name, each.name)),
      );
      if (holder === undefined) return [];
      const whose = `which are those of the application ${holder.name} of the team ${holder.team}`;
      return [`would give ${application.name} the ${what} ${name} on ${cluster}, ${whose}; choose other names`];
    }),
  );
  return [...new Set(messages)].map((message) => ({ field, message }));
}

/** Whether all names are called as their application is, and none as those of another team. */
export function hasOwnNames(wanted: Proposal['applications'], applications: readonly Application[]): boolean {
  return wanted.every((application) =>
    claimsOf(application).every((claim) => {
      const isWithin = othersOf(application, applications).some((other) =>
        claimsOf(other).some(
          (each) => isOfOneKind(each, claim) && each.name !== '*' && nameCovers(each.name, claim.name),
        ),
      );
      return !isWithin && isCalledAs(application.name, claim.name);
    }),
  );
}

function claimsOf({ name, uses = [] }: Claiming): Claim[] {
  return uses.flatMap((use): Claim[] => {
    const { role, cluster, transactionalIds = [] } = use;
    if (role === 'producer') return transactionalIds.map((id) => ({ what: 'transactional id', cluster, name: id }));
    return groupsOf(name, use).map((group) => ({ what: 'group', cluster, name: group }));
  });
}

function othersOf({ name, team }: Claiming, applications: readonly Application[]): Application[] {
  return applications.filter((other) => other.name !== name && other.team !== team);
}

function isOfOneKind(one: Claim, other: Claim): boolean {
  return one.what === other.what && one.cluster === other.cluster;
}

/** `orders`, `orders*`, `orders.nightly`, `orders-1`. */
function isCalledAs(application: string, name: string): boolean {
  return name.startsWith(application) && /^([._-].*)?\*?$/s.test(name.slice(application.length));
}

/** Whether one name stands for all that the other does. */
function nameCovers(one: string, other: string): boolean {
  return other.endsWith('*') && !one.endsWith('*') ? false : fitsName(one, other.replace(/\*$/, ''));
}
