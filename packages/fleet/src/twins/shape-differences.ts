/**
 * What differs between a cluster and its twin, one to one: the same topics, configurations and security. Pure.
 *
 * A twin may have fewer brokers: what follows from that (fewer replicas, and no more of them asked to be in sync) is no
 * difference beside the one of the brokers.
 */
import type { TwinDifference } from '@millrace/api/fleet';
import type { AclBinding, QuotaEntity, QuotaEntry } from '@millrace/client';
import type { ClusterShape, TopicShape } from './cluster-shape.ts';

type Fix = TwinDifference['fix'];

/** By kind and name: topics, then access, quotas, users, brokers. */
export function shapeDifferences(source: ClusterShape, twin: ClusterShape): TwinDifference[] {
  return [
    ...topicDifferences(source, twin),
    ...aclDifferences(source, twin),
    ...quotaDifferences(source, twin),
    ...userDifferences(source, twin),
    ...brokerDifferences(source, twin),
  ];
}

export function aclText({ principal, host, operation, permission, ...resource }: AclBinding): string {
  const { resourceType, patternType, resourceName } = resource;
  return [resourceType, patternType, resourceName, principal, host, operation, permission].join(' ');
}

/** `user=ann client-id=<default>`. */
export function quotaText(entity: QuotaEntity): string {
  const names = Object.entries(entity).sort(([one], [other]) => (one < other ? -1 : 1));
  return names.map(([type, name]) => `${type}=${name ?? '<default>'}`).join(' ');
}

/** How many replicas a topic has on the twin at least, given its brokers. */
export function twinReplicas({ replicas }: TopicShape, twin: Pick<ClusterShape, 'brokers'>): number {
  return Math.min(replicas[0]?.length ?? 1, twin.brokers.length);
}

/** The configurations that a topic has on the twin, where it has so many replicas. */
export function twinConfigs({ configs }: TopicShape, replicas: number): Readonly<Record<string, string>> {
  const inSync = configs['min.insync.replicas'];
  if (inSync === undefined || Number(inSync) <= replicas) return configs;
  return { ...configs, 'min.insync.replicas': String(replicas) };
}

function topicDifferences(source: ClusterShape, twin: ClusterShape): TwinDifference[] {
  const names = [...new Set([...source.topics.keys(), ...twin.topics.keys()])].sort();
  return names.flatMap((name) => {
    const [wanted, there] = [source.topics.get(name), twin.topics.get(name)];
    if (wanted === undefined || there === undefined) {
      const text = wanted === undefined ? `only the twin has the topic ${name}` : `the twin lacks the topic ${name}`;
      const side = (topic: TopicShape | undefined) => topic && `${topic.replicas.length} partitions`;
      return [difference('topic', name, side(wanted), side(there), wanted === undefined ? 'remove' : 'sync', text)];
    }
    return [...partitionDifferences(wanted, there, twin), ...configDifferences(wanted, there, twin)];
  });
}

function partitionDifferences(wanted: TopicShape, there: TopicShape, twin: ClusterShape): TwinDifference[] {
  const { name } = wanted;
  const found: TwinDifference[] = [];
  const [count, has] = [wanted.replicas.length, there.replicas.length];
  if (count !== has) {
    const isMore = has > count;
    const text = `${name} has ${has} partitions on the twin, not ${count}`;
    const why = isMore ? `${text}; partitions can't be taken away, only the whole topic be made anew` : text;
    found.push(difference('partitions', name, String(count), String(has), isMore ? 'none' : 'sync', why));
  }
  const [replicas, own] = [twinReplicas(wanted, twin), there.replicas[0]?.length ?? 0];
  if (replicas !== own) {
    const text = `${name} has ${own} replicas on the twin, not ${replicas}; a reassignment changes that`;
    found.push(difference('replicas', name, String(replicas), String(own), 'none', text));
  }
  return found;
}

function configDifferences(wanted: TopicShape, there: TopicShape, twin: ClusterShape): TwinDifference[] {
  const configs = twinConfigs(wanted, twinReplicas(wanted, twin));
  const keys = [...new Set([...Object.keys(configs), ...Object.keys(there.configs)])].sort();
  return keys.flatMap((key) => {
    const [one, other] = [configs[key], there.configs[key]];
    if (one === other) return [];
    const text = `${key} of ${wanted.name} is ${other ?? 'not set'} on the twin, and ${one ?? 'not set'} on its source`;
    return [difference('config', `${wanted.name} ${key}`, one, other, 'sync', text)];
  });
}

function aclDifferences({ acls: wanted }: ClusterShape, { acls: there }: ClusterShape): TwinDifference[] {
  if (wanted === undefined && there === undefined) return [];
  if (wanted === undefined || there === undefined) {
    const where = wanted === undefined ? 'the source' : 'the twin';
    const text = `${where} has no authorizer, so that everybody may do all there`;
    const side = (acls: unknown) => (acls === undefined ? 'none' : 'an authorizer');
    return [difference('authorizer', '', side(wanted), side(there), 'none', text)];
  }
  const [ofSource, ofTwin] = [new Set(wanted.map(aclText)), new Set(there.map(aclText))];
  return [
    ...[...ofSource].filter((acl) => !ofTwin.has(acl)).map((acl) => sided('acl', acl, true, 'the rule')),
    ...[...ofTwin].filter((acl) => !ofSource.has(acl)).map((acl) => sided('acl', acl, false, 'the rule')),
  ];
}

function quotaDifferences(source: ClusterShape, twin: ClusterShape): TwinDifference[] {
  const [wanted, there] = [quotasOf(source.quotas), quotasOf(twin.quotas)];
  return [...new Set([...wanted.keys(), ...there.keys()])].sort().flatMap((entity) => {
    const [one, other] = [wanted.get(entity), there.get(entity)];
    if (one === other) return [];
    const text = `the quota of ${entity} is ${other ?? 'not set'} on the twin, and ${one ?? 'not set'} on its source`;
    return [difference('quota', entity, one, other, one === undefined ? 'remove' : 'sync', text)];
  });
}

function quotasOf(entries: readonly QuotaEntry[]): Map<string, string> {
  return new Map(
    entries.map(({ entity, quotas }) => {
      const limits = Object.entries(quotas).sort(([one], [other]) => (one < other ? -1 : 1));
      return [quotaText(entity), limits.map(([name, value]) => `${name}=${value}`).join(' ')];
    }),
  );
}

function userDifferences({ users: wanted }: ClusterShape, { users: there }: ClusterShape): TwinDifference[] {
  const has = new Set(there?.map(({ user }) => user));
  const absent = (wanted ?? []).filter(({ user }) => !has.has(user));
  return absent.map(({ user, mechanisms }) => {
    const text = `${user} has no credentials on the twin; they are issued there, and never copied`;
    return difference('user', user, mechanisms.join(' '), undefined, 'none', text);
  });
}

function brokerDifferences(source: ClusterShape, twin: ClusterShape): TwinDifference[] {
  const racks = (shape: ClusterShape) =>
    new Map(shape.brokers.map(({ nodeId, rack }) => [nodeId, rack === undefined ? 'no rack' : `rack ${rack}`]));
  const [wanted, there] = [racks(source), racks(twin)];
  return [...new Set([...wanted.keys(), ...there.keys()])]
    .sort((one, other) => one - other)
    .flatMap((id) => {
      const [one, other] = [wanted.get(id), there.get(id)];
      if (one === other) return [];
      const text = `broker ${id}: ${one ?? 'absent'} on the source, ${other ?? 'absent'} on the twin`;
      return [difference('broker', String(id), one, other, 'none', text)];
    });
}

function sided(kind: string, name: string, isOfSource: boolean, what: string): TwinDifference {
  const text = isOfSource ? `the twin lacks ${what} ${name}` : `only the twin has ${what} ${name}`;
  const [source, twin] = isOfSource ? ['there', undefined] : [undefined, 'there'];
  return difference(kind, name, source, twin, isOfSource ? 'sync' : 'remove', text);
}

function difference(
  kind: string,
  name: string,
  source: string | undefined,
  twin: string | undefined,
  fix: Fix,
  text: string,
): TwinDifference {
  return { id: `${kind} ${name}`.trim(), kind, source: source ?? null, twin: twin ?? null, fix, text };
}
