/** Applications that a request names: what they would get to use, and what speaks against it. */
import type { ProblemIssue } from '@millrace/api';
import type { TopicUse } from '@millrace/api/declared';
import type { Proposal, RequestedApplication } from '@millrace/api/fleet';
import type { FleetPicture } from './fleet-picture.ts';

type ProposedApplication = Proposal['applications'][number];

/** A cluster on which the topic is or will be. */
export interface UsePlace {
  readonly cluster: string;
  readonly site: string | undefined;
  /** Where producers write, unless they say otherwise. */
  readonly isHome: boolean;
}

/** `field`: where the applications are in the request. */
export function proposeApplications(
  asked: readonly RequestedApplication[],
  topic: string,
  places: readonly UsePlace[],
  team: string,
  picture: FleetPicture,
  field: string,
): { readonly applications: ProposedApplication[]; readonly issues: ProblemIssue[] } {
  const issues: ProblemIssue[] = [];
  const applications = new Map<string, ProposedApplication>();
  for (const [index, each] of asked.entries()) {
    const place = asked.length === 1 && !field.endsWith('s') ? field : `${field}/${index}`;
    const existing = picture.application(each.name);
    const owner = each.team ?? existing?.team ?? team;
    issues.push(...issuesOf(each, owner, existing, places, picture, place));
    const before = applications.get(each.name);
    const publicKey = each.publicKey ?? before?.publicKey;
    applications.set(each.name, {
      name: each.name,
      team: owner,
      isNew: existing === undefined,
      ...(publicKey !== undefined && existing === undefined && { publicKey }),
      uses: [...(before?.uses ?? []), ...usesOf(each, topic, places)],
    });
  }
  return { applications: [...applications.values()], issues };
}

/** A password is written to clusters as it is issued, so one that is used elsewhere, too, needs the next. */
export function rotationNotes(applications: readonly ProposedApplication[], picture: FleetPicture): string[] {
  return applications.flatMap(({ name, uses }) => {
    const known = new Set(picture.application(name)?.uses?.map(({ cluster }) => cluster));
    const added = [...new Set(uses.map(({ cluster }) => cluster))].filter((cluster) => !known.has(cluster));
    if (known.size === 0 || added.length === 0) return [];
    const where = added.join(', ');
    return [`${name} has no password on ${where} yet: rotate it then (millrace application rotate ${name}).`];
  });
}

function usesOf(
  { role, sites, groups, transactionalIds }: RequestedApplication,
  topic: string,
  places: readonly UsePlace[],
) {
  const wanted = places.filter(({ site, isHome }) =>
    sites === undefined ? role === 'consumer' || isHome : site !== undefined && sites.includes(site),
  );
  return wanted.map(
    ({ cluster }): TopicUse => ({
      cluster,
      topic,
      role,
      ...(role === 'consumer' && groups !== undefined && { groups }),
      ...(role === 'producer' && transactionalIds !== undefined && { transactionalIds }),
    }),
  );
}

function issuesOf(
  { name, publicKey, role, groups, transactionalIds, sites = [] }: RequestedApplication,
  owner: string,
  existing: ReturnType<FleetPicture['application']>,
  places: readonly UsePlace[],
  picture: FleetPicture,
  field: string,
): ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  const add = (part: string, message: string): void => void issues.push({ field: `${field}/${part}`, message });
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) add('name', 'must be made of letters, digits, ., - and _');
  if (existing !== undefined && existing.team !== owner)
    add('team', `is not that of ${name}, which is ${existing.team}`);
  if (picture.team(owner) === undefined) add('team', `names ${JSON.stringify(owner)}, which is not among the teams`);
  if (existing !== undefined && publicKey !== undefined && publicKey !== existing.publicKey) {
    add('publicKey', `can't be changed by a request; change the application ${name}`);
  }
  if (role === 'consumer' && transactionalIds !== undefined) add('transactionalIds', 'are for producers');
  if (role === 'producer' && groups !== undefined) add('groups', 'are for consumers');
  for (const site of sites) {
    if (!places.some((place) => place.site === site)) add('sites', `names ${site}, where the topic is not`);
  }
  return issues;
}
