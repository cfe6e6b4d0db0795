/**
 * Which ACLs the record asks for, cluster by cluster: those that follow from what applications use, equal for all
 * principals of one; those that are declared as they are; and denials for principals that are shut out. Pure.
 *
 * Nobody is allowed to create topics: those are declared.
 */
import { type Acl, type Application, groupsOf, type TopicUse } from '@millrace/api/declared';
import type { AclBinding } from '@millrace/client';
import type { DeclaredFleet } from '../record/record.ts';
import { principalsOf } from './principals.ts';

/** An ACL that is to be there, and why: `orders produces to orders.placed`. */
export interface WantedAcl {
  readonly acl: AclBinding;
  readonly because: readonly string[];
}

export interface WantedAclsOptions {
  /**
   * Whether idempotent producers need a right of their own there, as brokers before 2.8 ask (KIP-679). Default:
   * nowhere.
   */
  readonly needsIdempotentWrite?: ((cluster: string) => boolean) | undefined;
  /** Principals that may do nothing, by the clusters on which they may not. Default none. */
  readonly shutOut?: ReadonlyMap<string, { keys(): Iterable<string> }> | undefined;
}

type Resource = Pick<AclBinding, 'resourceType' | 'resourceName' | 'patternType'>;

/** Everything that is wanted, by cluster; each ACL once. */
export function wantedAcls(
  fleet: Pick<DeclaredFleet, 'list'>,
  options: WantedAclsOptions = {},
): ReadonlyMap<string, readonly WantedAcl[]> {
  const wanted = new Map<string, Map<string, WantedAcl>>();
  const add = (cluster: string, acl: AclBinding, because: string): void => {
    const ofCluster = wanted.get(cluster) ?? new Map<string, WantedAcl>();
    wanted.set(cluster, ofCluster);
    const key = aclKey(acl);
    const reasons = ofCluster.get(key)?.because ?? [];
    if (!reasons.includes(because)) ofCluster.set(key, { acl, because: [...reasons, because] });
  };
  for (const { spec } of fleet.list('application')) {
    for (const [cluster, entries] of applicationAcls(spec, options)) {
      for (const { acl, because } of entries) for (const reason of because) add(cluster, acl, reason);
    }
  }
  for (const { spec } of fleet.list('acl')) add(spec.cluster, declaredBinding(spec), 'declared');
  for (const [principal, clusters] of options.shutOut ?? []) {
    for (const cluster of clusters.keys()) {
      for (const acl of denialsOf(principal)) add(cluster, acl, `${principal} is shut out`);
    }
  }
  return new Map([...wanted].map(([cluster, entries]) => [cluster, [...entries.values()]]));
}

/** Those of one application, for each of its principals. */
export function applicationAcls(
  application: Pick<Application, 'name' | 'principals' | 'uses'>,
  { needsIdempotentWrite }: WantedAclsOptions = {},
): ReadonlyMap<string, readonly WantedAcl[]> {
  const wanted = new Map<string, WantedAcl[]>();
  const principals = principalsOf(application);
  for (const use of application.uses ?? []) {
    const grants = grantsOf(application.name, use, needsIdempotentWrite?.(use.cluster) ?? false);
    const because = `${application.name} ${use.role === 'producer' ? 'produces to' : 'consumes'} ${use.topic}`;
    const entries = principals.flatMap((principal) =>
      grants.map((grant): WantedAcl => {
        return { acl: { ...grant, principal, host: '*', permission: 'allow' }, because: [because] };
      }),
    );
    wanted.set(use.cluster, [...(wanted.get(use.cluster) ?? []), ...entries]);
  }
  return wanted;
}

/** What shuts a principal out of a cluster, whatever else is allowed; a denial beats every grant. */
export function denialsOf(principal: string): AclBinding[] {
  const everything: readonly Resource[] = [
    resource('topic', '*'),
    resource('group', '*'),
    resource('transactional-id', '*'),
    { resourceType: 'cluster', resourceName: 'kafka-cluster', patternType: 'literal' },
    { resourceType: 'delegation-token', resourceName: '*', patternType: 'literal' },
    { resourceType: 'user', resourceName: '*', patternType: 'literal' },
  ];
  return everything.map((each) => ({ ...each, principal, host: '*', operation: 'all', permission: 'deny' }));
}

/** Two ACLs are the same when their keys are. */
export function aclKey(acl: AclBinding): string {
  const { resourceType, patternType, resourceName, principal, host, operation, permission } = acl;
  return JSON.stringify([resourceType, patternType, resourceName, principal, host, operation, permission]);
}

/** For people: `User:orders.a may write topic orders`. */
export function aclText({
  principal,
  host,
  permission,
  operation,
  resourceType,
  resourceName,
  patternType,
}: AclBinding): string {
  const may = permission === 'allow' ? 'may' : 'may not';
  const what = operation === 'all' ? 'do anything to' : operation;
  const name = patternType === 'prefixed' ? `${resourceName}*` : resourceName;
  return `${principal} ${may} ${what} ${resourceType} ${name}${host === '*' ? '' : ` from ${host}`}`;
}

function grantsOf(
  application: string,
  use: TopicUse,
  idempotentWrite: boolean,
): (Resource & Pick<AclBinding, 'operation'>)[] {
  const topic = resource('topic', use.topic);
  if (use.role === 'consumer') {
    const groups = groupsOf(application, use);
    return [...both('read', topic), ...groups.flatMap((group) => both('read', resource('group', group)))];
  }
  const ids = use.transactionalIds ?? [];
  const cluster = { resourceType: 'cluster', resourceName: 'kafka-cluster', patternType: 'literal' } as const;
  return [
    ...both('write', topic),
    ...ids.flatMap((id) => both('write', resource('transactional-id', id))),
    ...(idempotentWrite ? [{ ...cluster, operation: 'idempotent-write' } as const] : []),
  ];
}

/** Describing follows from it in Kafka's own authorizer, and is said for others. */
function both(
  operation: 'read' | 'write',
  what: Resource,
): (Resource & { readonly operation: AclBinding['operation'] })[] {
  return [
    { ...what, operation },
    { ...what, operation: 'describe' },
  ];
}

/** A name as it is declared: a star at its end stands for all that begin so, a star alone for all. */
function resource(resourceType: AclBinding['resourceType'], name: string): Resource {
  if (name === '*' || !name.endsWith('*')) return { resourceType, resourceName: name, patternType: 'literal' };
  return { resourceType, resourceName: name.slice(0, -1), patternType: 'prefixed' };
}

/** A rule as clusters have it; the text of operation and type is checked where it is declared. */
export function declaredBinding(acl: Acl): AclBinding {
  return {
    resourceType: acl.resourceType as AclBinding['resourceType'],
    resourceName: acl.resourceName,
    patternType: acl.patternType ?? 'literal',
    principal: acl.principal,
    host: acl.host ?? '*',
    operation: acl.operation as AclBinding['operation'],
    permission: acl.permission ?? 'allow',
  };
}
