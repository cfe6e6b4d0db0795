/**
 * Everything that can be declared of a fleet, kind by kind: its list in the fleet file, its schema, and the id that one
 * of them has among its kind for as long as it is declared.
 *
 * Kinds come after those that they refer to, so that this is an order in which they can be made.
 */
import type { Static, TObject } from 'typebox';
import { Acl, Quota } from './access.ts';
import { ClientSetting } from './client-setting.ts';
import { Cluster, ConnectCluster } from './cluster.ts';
import { Connector, Mirror } from './flows.ts';
import { Environment, Season, Site, Zone } from './places.ts';
import { Policy } from './policy.ts';
import { Team } from './team.ts';
import { Application, Topic } from './topic.ts';

export interface Kind<Schema extends TObject> {
  /** The field of the fleet file, and the last part of its address in the API. */
  readonly list: string;
  readonly schema: Schema;
  idOf(spec: Static<Schema>): string;
}

const kind = <Schema extends TObject>(
  list: string,
  schema: Schema,
  idOf: (spec: Static<Schema>) => string,
): Kind<Schema> => ({ list, schema, idOf });
const byName = ({ name }: { readonly name: string }): string => name;

export const kinds = {
  environment: kind('environments', Environment, byName),
  site: kind('sites', Site, byName),
  zone: kind('zones', Zone, byName),
  season: kind('seasons', Season, byName),
  team: kind('teams', Team, byName),
  cluster: kind('clusters', Cluster, byName),
  connect: kind('connects', ConnectCluster, byName),
  topic: kind('topics', Topic, ({ cluster, name }) => `${cluster}/${name}`),
  application: kind('applications', Application, byName),
  acl: kind('acls', Acl, idOfAcl),
  quota: kind('quotas', Quota, idOfQuota),
  mirror: kind('mirrors', Mirror, byName),
  connector: kind('connectors', Connector, ({ connect, name }) => `${connect}/${name}`),
  policy: kind('policies', Policy, byName),
  client_setting: kind('clientSettings', ClientSetting, byName),
} as const;

export type KindName = keyof typeof kinds;
/** What is declared of one thing of a kind. */
export type Spec<K extends KindName> = Static<(typeof kinds)[K]['schema']>;

export const kindNames = Object.keys(kinds) as readonly KindName[];

function idOfAcl(acl: Acl): string {
  const { cluster, principal, host = '*', operation, permission = 'allow' } = acl;
  const { resourceType, resourceName, patternType = 'literal' } = acl;
  return `${cluster}/${[resourceType, patternType, resourceName, principal, host, operation, permission].join(' ')}`;
}

function idOfQuota({ cluster, user, clientId, ip }: Quota): string {
  const entity = Object.entries({ user, clientId, ip }).filter(([, name]) => name !== undefined);
  return `${cluster}/${entity.map(([type, name]) => `${type}=${name}`).join(' ')}`;
}
