/** A file against the record against what is on the clusters. Pure; whoever asks has looked at the clusters. */
import type { KindName, Topic } from '@millrace/api/declared';
import type { ConnectView, ToldItem } from '@millrace/api/fleet';
import type { DeclaredFleet } from '../../record/record.ts';
import { declaredFleetOf } from '../declared-lists.ts';
import { idOf } from '../fleet-lists.ts';
import { aclOf, quotaOf, type WantedAccess } from '../wanted-access.ts';
import { type ClusterState, isInternal, unknownState } from './cluster-state.ts';
import { type ClusterDifference, compareCluster, type Doomed, type Refusal } from './compare-cluster.ts';
import { type Intent, intentOf, type Request, unknownNames } from './intent.ts';
import { type NamedThing, nameOf } from './named-things.ts';
import { toldOfFlows } from './told-of-flows.ts';

/** A cluster as it was found. */
export type Look = { readonly state: ClusterState } | { readonly problem: string };

export interface FleetDifference {
  readonly intent: Intent;
  /** By cluster, in the order in which they are declared; without those that nothing is known of. */
  readonly clusters: ReadonlyMap<string, ClusterDifference>;
  /** All that stands in the way: nothing is applied while there is any. */
  readonly refused: readonly Refusal[];
  /** Clusters that could not be asked, with the reason. */
  readonly unreachable: ReadonlyMap<string, string>;
  /** What is told of mirrors and connectors. */
  readonly flows: readonly ToldItem[];
  /** Clusters that are declared only now, or with another address: they are filled as if they were empty. */
  readonly unseen: readonly string[];
}

/** Clusters that have to be looked at for a request. */
export function clustersToLookAt(record: DeclaredFleet, request: Request): string[] {
  if (request.kinds !== undefined && !request.kinds.some((kind) => kindsOnClusters.has(kind))) return [];
  return record
    .list('cluster')
    .map(({ id }) => id)
    .filter((name) => request.clusters === undefined || request.clusters.includes(name))
    .filter((name) => !isMoved(record, request, name));
}

const lyingOnClusters: ReadonlySet<KindName> = new Set(['topic', 'acl', 'quota']);

/** Kinds that show on clusters; ACLs follow from applications as well. */
const kindsOnClusters: ReadonlySet<KindName> = new Set(['topic', 'acl', 'quota', 'application', 'mirror']);

export function differenceOf(
  record: DeclaredFleet,
  request: Request,
  looks: ReadonlyMap<string, Look>,
  access: WantedAccess,
  connects: readonly ConnectView[] = [],
): FleetDifference {
  const intent = intentOf(record, request);
  const wanted = declaredFleetOf(intent.wanted);
  const { kinds, clusters: only } = request;
  const looksAt = (kind: KindName): boolean => kinds === undefined || kinds.includes(kind);
  const topics = Map.groupBy(intent.wanted.topic, ({ cluster }) => cluster);
  const acls: ReturnType<WantedAccess['acls']> =
    looksAt('acl') || looksAt('application') ? access.acls(wanted) : new Map();
  const quotas: ReturnType<WantedAccess['quotas']> = looksAt('quota') ? access.quotas(wanted) : new Map();
  const clusters = new Map<string, ClusterDifference>();
  const unreachable = new Map<string, string>();
  const unseen: string[] = [];
  for (const { name } of intent.wanted.cluster) {
    if (only !== undefined && !only.includes(name)) continue;
    const isNew = record.get('cluster', name) === undefined || isMoved(record, request, name);
    const look: Look | undefined = isNew ? { state: unknownState } : looks.get(name);
    if (look === undefined) continue;
    if (isNew) unseen.push(name);
    if ('problem' in look) {
      unreachable.set(name, look.problem);
      continue;
    }
    const doomed = doomedOn(name, intent.named, look.state);
    const ofCluster = {
      topics: looksAt('topic') ? (topics.get(name) ?? []) : [],
      acls: acls.get(name) ?? [],
      quotas: quotas.get(name) ?? [],
      doomed,
    };
    const difference = compareCluster(name, ofCluster, look.state);
    clusters.set(name, inScope(difference, looksAt));
  }
  const isThere = (thing: NamedThing): boolean => isOnCluster(thing, looks);
  const refused = [
    ...intent.refused,
    ...unknownClusters(record, request, intent),
    ...unknownNames(record, intent, isThere),
    ...outOfReach(intent.named, unreachable),
    ...[...clusters.values()].flatMap((difference) => difference.refused),
  ];
  const flows = toldOfFlows(intent.wanted, { mirrors: mirrorsOf(looks), connects }, looksAt);
  return { intent, clusters, refused, unreachable, unseen, flows };
}

function mirrorsOf(looks: ReadonlyMap<string, Look>): Map<string, readonly string[]> {
  return new Map([...looks].flatMap(([name, look]) => ('problem' in look ? [] : [[name, look.state.mirrors]])));
}

/** Whether a file gives a cluster of the record another address or login, so that who answers there may be another. */
function isMoved(record: DeclaredFleet, { file, kinds }: Request, name: string): boolean {
  if (kinds !== undefined && !kinds.includes('cluster')) return false;
  const written = file?.cluster?.find((cluster) => cluster.name === name);
  const known = record.get('cluster', name)?.spec;
  return written !== undefined && known !== undefined && written.bootstrap !== known.bootstrap;
}

function unknownClusters(record: DeclaredFleet, { clusters = [] }: Request, intent: Intent): Refusal[] {
  const known = new Set(intent.wanted.cluster.map(({ name }) => name));
  return clusters
    .filter((name) => !known.has(name) && record.get('cluster', name) === undefined)
    .map((name) => ({ subject: `cluster ${name}`, message: 'is not declared' }));
}

/** What is not looked at is not told either. */
function inScope(difference: ClusterDifference, looksAt: (kind: KindName) => boolean): ClusterDifference {
  const { topics, acls, quotas } = difference.unmanaged;
  return {
    ...difference,
    unmanaged: {
      topics: looksAt('topic') ? topics.filter((name) => !isInternal(name)) : [],
      acls: looksAt('acl') ? acls : [],
      quotas: looksAt('quota') ? quotas : [],
    },
  };
}

function doomedOn(cluster: string, named: readonly NamedThing[], state: ClusterState): Doomed {
  const own = named.filter(({ id }) => id.startsWith(`${cluster}/`));
  const ids = (kind: KindName): Set<string> => new Set(own.filter((each) => each.kind === kind).map(({ id }) => id));
  const [topics, acls, quotas] = [ids('topic'), ids('acl'), ids('quota')];
  if (own.length === 0) return { topics: [], acls: [], quotas: [] };
  return {
    topics: [...state.topics.keys()].filter((name) => topics.has(topicId(cluster, name))),
    acls: (state.acls ?? []).filter((acl) => acls.has(idOf('acl', aclOf(cluster, acl)))),
    quotas: (state.quotas ?? [])
      .filter((quota) => quotas.has(idOf('quota', quotaOf(cluster, quota))))
      .map(({ entity }) => entity),
  };
}

/** What lies on a cluster that does not answer can't be deleted, and is not to be forgotten before it is. */
function outOfReach(named: readonly NamedThing[], unreachable: ReadonlyMap<string, string>): Refusal[] {
  return named.flatMap(({ kind, id }): Refusal[] => {
    const cluster = id.slice(0, id.indexOf('/'));
    if (!lyingOnClusters.has(kind) || !unreachable.has(cluster)) return [];
    return [{ subject: nameOf(kind, id), message: `can't be deleted while cluster ${cluster} is out of reach` }];
  });
}

function isOnCluster({ kind, id }: NamedThing, looks: ReadonlyMap<string, Look>): boolean {
  for (const [cluster, look] of looks) {
    if ('problem' in look) continue;
    const { topics, acls = [], quotas = [] } = look.state;
    if (kind === 'topic' && [...topics.keys()].some((name) => topicId(cluster, name) === id)) return true;
    if (kind === 'acl' && acls.some((acl) => idOf('acl', aclOf(cluster, acl)) === id)) return true;
    if (kind === 'quota' && quotas.some((quota) => idOf('quota', quotaOf(cluster, quota)) === id)) return true;
  }
  return false;
}

function topicId(cluster: string, name: string): string {
  return idOf('topic', { cluster, name } as Topic);
}
