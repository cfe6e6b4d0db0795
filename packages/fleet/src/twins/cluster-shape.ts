/**
 * The shape of a cluster: brokers, racks, topics, partitions, configurations, access, quotas, and who its users are;
 * no record and no secret. What belongs to Kafka itself, or to Millrace on that one cluster, is not part of it.
 */
import { isMillraceError } from '@millrace/base';
import {
  type AclBinding,
  type Admin,
  type AdminCallOptions,
  type Client,
  KafkaError,
  type QuotaEntry,
  unwrap,
} from '@millrace/client';

export interface TopicShape {
  readonly name: string;
  /** Node ids of each partition's replicas, the preferred leader first. */
  readonly replicas: readonly (readonly number[])[];
  /** Those that are set for the topic itself. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface UserShape {
  readonly user: string;
  /** Mechanisms of SCRAM that the user has credentials of. */
  readonly mechanisms: readonly string[];
}

export interface ClusterShape {
  readonly brokers: readonly { readonly nodeId: number; readonly rack: string | null }[];
  readonly topics: ReadonlyMap<string, TopicShape>;
  /** Undefined where the cluster has no authorizer. */
  readonly acls: readonly AclBinding[] | undefined;
  readonly quotas: readonly QuotaEntry[];
  /** Undefined where the cluster has no credentials of SCRAM. */
  readonly users: readonly UserShape[] | undefined;
}

/** So many topics are asked for at once. */
const chunkMax = 1_000;
const ownTopic = /^(?:__|millrace\.)/;
/** What is about single replicas says nothing of another cluster. */
const replicaConfigs: ReadonlySet<string> = new Set([
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
]);

/** Looks at a cluster; of topics only those that are named, when any are. */
export async function readShape(
  client: Client,
  call: AdminCallOptions,
  topics?: readonly string[],
): Promise<ClusterShape> {
  await using admin = client.admin();
  const [{ brokers }, found, acls, quotas, users] = await Promise.all([
    admin.describeCluster(call),
    readTopics(admin, call, topics),
    orUndefined(admin.describeAcls({}, call)),
    admin.describeClientQuotas({}, call),
    orUndefined(readUsers(admin, call)),
  ]);
  return { brokers: brokers.map(({ nodeId, rack }) => ({ nodeId, rack })), topics: found, acls, quotas, users };
}

async function readTopics(
  admin: Admin,
  call: AdminCallOptions,
  only: readonly string[] | undefined,
): Promise<Map<string, TopicShape>> {
  const names = only ?? (await admin.listTopics(call)).map(({ topic }) => topic).filter((name) => !ownTopic.test(name));
  const shapes = new Map<string, TopicShape>();
  for (let at = 0; at < names.length; at += chunkMax) {
    const chunk = names.slice(at, at + chunkMax);
    const resources = chunk.map((name) => ({ type: 'topic', name }) as const);
    const [described, configured] = await Promise.all([
      admin.describeTopics(chunk, call),
      admin.describeConfigs(resources, call),
    ]);
    const configs = new Map<string, Record<string, string>>();
    // A topic that was deleted meanwhile is not part of the shape.
    for (const result of configured)
      if (result.error === undefined) configs.set(result.name, ownConfigs(result.entries));
    for (const result of described) {
      if (result.error !== undefined) {
        if (result.error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
        throw result.error;
      }
      const replicas = result.partitions.map((partition) => partition.replicas);
      shapes.set(result.topic, { name: result.topic, replicas, configs: configs.get(result.topic) ?? {} });
    }
  }
  return shapes;
}

type Entries = readonly { readonly name: string; readonly value: string | null; readonly source: string }[];

function ownConfigs(entries: Entries): Record<string, string> {
  const own = entries.filter(({ name, source }) => source === 'topic' && !replicaConfigs.has(name));
  return Object.fromEntries(own.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
}

async function readUsers(admin: Admin, call: AdminCallOptions): Promise<UserShape[]> {
  const users = unwrap(await admin.describeScramCredentials(undefined, call));
  return users
    .map(({ user, credentials }) => ({ user, mechanisms: credentials.map(({ mechanism }) => mechanism).sort() }))
    .sort((one, other) => (one.user < other.user ? -1 : 1));
}

/** What the cluster does not have, or is too old for. */
async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof KafkaError && error.errorName === 'SECURITY_DISABLED') return undefined;
    if (isMillraceError(error, 'unsupported_api')) return undefined;
    throw error;
  }
}
