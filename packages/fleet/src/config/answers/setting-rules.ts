/** Which declared rules hold for a use, the more specific ones later. Pure. */
import { type ClientSetting, type ClientSettingMatch, fitsName, type Role } from '@millrace/api/declared';

/** What rules are matched with. */
export interface UseFacts {
  readonly application: string;
  readonly team: string;
  readonly topic: string;
  readonly role: Role;
  readonly cluster: string;
  readonly environment: string | undefined;
  /** Where the instance runs. */
  readonly site: string | undefined;
}

/**
 * How specific it is to be matched by something, the most specific first: a rule for one application is more specific
 * than any that names none, and so on.
 */
const bySpecificity = [
  'applications',
  'topics',
  'clusters',
  'teams',
  'sites',
  'environments',
  'roles',
] as const satisfies readonly (keyof ClientSettingMatch)[];

/** Those that hold, in the order in which they are applied; rules that are equally specific by name. */
export function rulesFor(rules: readonly ClientSetting[], use: UseFacts): ClientSetting[] {
  return rules
    .filter(({ match = {} }) => holds(match, use))
    .sort((a, b) => weight(a) - weight(b) || (a.name < b.name ? -1 : 1));
}

function holds(match: ClientSettingMatch, use: UseFacts): boolean {
  const { applications, teams, topics, clusters, environments, sites, roles } = match;
  const isAmong = (list: readonly string[] | undefined, name: string | undefined): boolean =>
    list === undefined || (name !== undefined && list.includes(name));
  return (
    isAmong(applications, use.application) &&
    isAmong(teams, use.team) &&
    isAmong(clusters, use.cluster) &&
    isAmong(environments, use.environment) &&
    isAmong(sites, use.site) &&
    isAmong(roles, use.role) &&
    (topics === undefined || topics.some((pattern) => fitsName(pattern, use.topic)))
  );
}

function weight({ match = {} }: ClientSetting): number {
  return bySpecificity.reduce((sum, field, index) => {
    return match[field] === undefined ? sum : sum + 2 ** (bySpecificity.length - 1 - index);
  }, 0);
}
