/**
 * Brings a cluster to the shape of another: each function does what is missing of one kind, and nothing the second
 * time. What can't be made does not keep the rest from being made; it is told at the end, all of it as one error.
 */
import { MillraceError } from '@millrace/base';
import type { AclBinding, Admin, AdminCallOptions, KafkaError, NewTopic } from '@millrace/client';
import type { ClusterShape, TopicShape } from './cluster-shape.ts';
import { quotaText, twinConfigs, twinReplicas } from './shape-differences.ts';

/** Some of many things could not be done; the others were. */
export class PartlyDoneError extends MillraceError {
  readonly code = 'partly_done';
  /** What failed, and why. */
  readonly failures: readonly string[];

  constructor(what: string, failures: readonly string[]) {
    const told = failures.slice(0, 3).join('; ');
    super(`${what}: ${failures.length} failed: ${told}${failures.length > 3 ? '; and so on' : ''}`);
    this.failures = failures;
  }
}

export type Progress = (done: number, total: number) => Promise<void>;

const topicsMax = 200;
const othersMax = 500;

/** Makes topics that are not there, with the partitions, replicas and configurations that they have on the source. */
export async function makeTopics(
  admin: Admin,
  topics: readonly TopicShape[],
  twin: Pick<ClusterShape, 'brokers'>,
  call: AdminCallOptions,
  progress: Progress,
): Promise<number> {
  const nodes = new Set(twin.brokers.map(({ nodeId }) => nodeId));
  const failures: string[] = [];
  let made = 0;
  for (let at = 0; at < topics.length; at += topicsMax) {
    const chunk = topics.slice(at, at + topicsMax).map((topic) => newTopic(topic, nodes));
    for (const { topic, error } of await admin.createTopics(chunk, call)) {
      if (error === undefined) made += 1;
      else if (error.errorName !== 'TOPIC_ALREADY_EXISTS') failures.push(failureOf(`topic ${topic}`, error));
    }
    await progress(Math.min(at + topicsMax, topics.length), topics.length);
  }
  if (failures.length > 0) throw new PartlyDoneError('making topics', failures);
  return made;
}

/** As it lies on the source where the twin has all those brokers, else wherever there is room. */
function newTopic(shape: TopicShape, nodes: ReadonlySet<number>): NewTopic {
  const { name: topic, replicas } = shape;
  const replicationFactor = twinReplicas(shape, { brokers: [...nodes].map((nodeId) => ({ nodeId, rack: null })) });
  const configuration = twinConfigs(shape, replicationFactor);
  const isSame = replicas.every((partition) => partition.every((nodeId) => nodes.has(nodeId)));
  if (isSame) return { topic, assignment: replicas, configuration };
  return { topic, partitions: replicas.length, replicationFactor, configuration };
}

/** Adds partitions up to as many as the source has. */
export async function addPartitions(
  admin: Admin,
  topics: readonly TopicShape[],
  there: ClusterShape,
  call: AdminCallOptions,
): Promise<number> {
  const wanted = topics.flatMap(({ name, replicas }) => {
    const has = there.topics.get(name)?.replicas.length ?? 0;
    return has > 0 && has < replicas.length ? [{ topic: name, totalCount: replicas.length }] : [];
  });
  const failures: string[] = [];
  for (let at = 0; at < wanted.length; at += othersMax) {
    for (const { topic, error } of await admin.createPartitions(wanted.slice(at, at + othersMax), call)) {
      if (error !== undefined) failures.push(failureOf(`topic ${topic}`, error));
    }
  }
  if (failures.length > 0) throw new PartlyDoneError('adding partitions', failures);
  return wanted.length;
}

/** Sets the configurations of topics that differ, and takes back those that the source has not set. */
export async function alignConfigs(
  admin: Admin,
  topics: readonly TopicShape[],
  there: ClusterShape,
  call: AdminCallOptions,
): Promise<number> {
  const changes = topics.flatMap((shape) => {
    const current = there.topics.get(shape.name)?.configs;
    if (current === undefined) return [];
    const wanted = twinConfigs(shape, twinReplicas(shape, there));
    const set = Object.entries(wanted).filter(([name, value]) => current[name] !== value);
    const unset = Object.keys(current).filter((name) => !Object.hasOwn(wanted, name));
    const changed = [
      ...set.map(([name, value]) => ({ name, operation: 'set' as const, value })),
      ...unset.map((name) => ({ name, operation: 'delete' as const })),
    ];
    return changed.length === 0 ? [] : [{ type: 'topic' as const, name: shape.name, changes: changed }];
  });
  const failures: string[] = [];
  for (let at = 0; at < changes.length; at += othersMax) {
    for (const { name, error } of await admin.incrementalAlterConfigs(changes.slice(at, at + othersMax), call)) {
      if (error !== undefined) failures.push(failureOf(`topic ${name}`, error));
    }
  }
  if (failures.length > 0) throw new PartlyDoneError('configuring topics', failures);
  return changes.length;
}

export async function grant(admin: Admin, acls: readonly AclBinding[], call: AdminCallOptions): Promise<number> {
  const failures: string[] = [];
  for (let at = 0; at < acls.length; at += othersMax) {
    for (const { error, ...acl } of await admin.createAcls(acls.slice(at, at + othersMax), call)) {
      if (error !== undefined) failures.push(failureOf(`rule of ${acl.principal}`, error));
    }
  }
  if (failures.length > 0) throw new PartlyDoneError('granting', failures);
  return acls.length;
}

/** Sets the quotas of these entities to what the source has; limits that it has not go. */
export async function alignQuotas(
  admin: Admin,
  entities: ReadonlySet<string>,
  source: ClusterShape,
  there: ClusterShape,
  call: AdminCallOptions,
): Promise<number> {
  const current = new Map(there.quotas.map((entry) => [quotaText(entry.entity), entry.quotas]));
  const changes = source.quotas
    .filter(({ entity }) => entities.has(quotaText(entity)))
    .map(({ entity, quotas }) => {
      const gone = Object.keys(current.get(quotaText(entity)) ?? {}).filter((name) => !Object.hasOwn(quotas, name));
      return { entity, set: quotas, remove: gone };
    });
  if (changes.length === 0) return 0;
  const results = await admin.alterClientQuotas(changes, call);
  const failures = results.flatMap(({ entity, error }) => (error ? [failureOf(quotaText(entity), error)] : []));
  if (failures.length > 0) throw new PartlyDoneError('setting quotas', failures);
  return changes.length;
}

function failureOf(what: string, error: KafkaError): string {
  return `${what}: ${error.message}`;
}
