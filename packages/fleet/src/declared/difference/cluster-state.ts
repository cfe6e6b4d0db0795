/** What of a cluster can be declared, as it is there now: asked of the cluster itself, never from memory. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { AclBinding, Admin, Client, KafkaError, QuotaEntry, TopicListing } from '@millrace/client';

export interface TopicState {
  readonly partitions: number;
  /** Of its first partition. */
  readonly replicas: number;
  /** Those that are set for the topic itself. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface ClusterState {
  /** How many there are: no topic has more replicas. */
  readonly brokers: number;
  /** By name ascending, without internal ones. */
  readonly topics: ReadonlyMap<string, TopicState>;
  /** Mirrors that it is or was the target of, as they keep their offsets there. */
  readonly mirrors: readonly string[];
  /** Undefined where the cluster has none or does not tell them; then `aclsProblem` says why. */
  readonly acls?: readonly AclBinding[] | undefined;
  readonly aclsProblem?: string | undefined;
  /** Undefined likewise. */
  readonly quotas?: readonly QuotaEntry[] | undefined;
  readonly quotasProblem?: string | undefined;
}

/** A cluster of which nothing is known: it is to be filled as if it were empty, and nothing of it is judged. */
export const unknownState: ClusterState = {
  brokers: Number.POSITIVE_INFINITY,
  topics: new Map(),
  mirrors: [],
  acls: [],
  quotas: [],
};

/** A cluster that does not answer within this is out of reach. */
export const answerMsDefault = 5_000;
const sliceTopics = 250;
const slicesAtOnce = 4;

/** Rejects when the cluster can't be asked, or does not begin to answer in time. */
export async function observeState(
  client: Client,
  signal: AbortSignal,
  answerMs: number = answerMsDefault,
): Promise<ClusterState> {
  await using admin = client.admin();
  const { brokers } = await admin.describeCluster({ signal, timeoutMs: answerMs });
  const listed = await admin.listTopics({ signal });
  const [topics, [acls, aclsProblem], [quotas, quotasProblem]] = await Promise.all([
    observeTopics(admin, listed, signal),
    whereTold(admin.describeAcls({}, { signal })),
    whereTold(admin.describeClientQuotas({}, { signal })),
  ]);
  return { brokers: brokers.length, topics, mirrors: mirrorsIn(listed), acls, aclsProblem, quotas, quotasProblem };
}

function mirrorsIn(listed: readonly TopicListing[]): string[] {
  const prefix = 'millrace.offsets.';
  return listed.filter(({ topic }) => topic.startsWith(prefix)).map(({ topic }) => topic.slice(prefix.length));
}

async function observeTopics(
  admin: Admin,
  listed: readonly TopicListing[],
  signal: AbortSignal,
): Promise<Map<string, TopicState>> {
  const configs = new Map<string, Record<string, string>>();
  const open = slicesOf(listed.filter(({ topic }) => !isInternal(topic)));
  const work = async (): Promise<void> => {
    for (let slice = open.shift(); slice !== undefined; slice = open.shift()) {
      const resources = slice.map(({ topic }) => ({ type: 'topic', name: topic }) as const);
      for (const described of await admin.describeConfigs(resources, { signal })) {
        if (described.error !== undefined) {
          // It was deleted since it was listed.
          if (described.error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
          throw described.error;
        }
        const own = described.entries.filter(({ source, value }) => source === 'topic' && value !== null);
        configs.set(described.name, Object.fromEntries(own.map(({ name, value }) => [name, value ?? ''])));
      }
    }
  };
  await Promise.all(Array.from({ length: slicesAtOnce }, work));
  return new Map(
    listed.flatMap(({ topic, partitionCount, replicationFactor }): [string, TopicState][] => {
      const own = configs.get(topic);
      return own === undefined
        ? []
        : [[topic, { partitions: partitionCount, replicas: replicationFactor, configs: own }]];
    }),
  );
}

/** Topics that are nobody's to declare: Kafka's, whether it calls them internal or not, and Millrace's own. */
export function isInternal(topic: string): boolean {
  return topic.startsWith('__') || topic.startsWith('millrace.');
}

function slicesOf<T>(items: readonly T[]): T[][] {
  const slices: T[][] = [];
  for (let at = 0; at < items.length; at += sliceTopics) slices.push(items.slice(at, at + sliceTopics));
  return slices;
}

/** The answer, or why the cluster has none: no authorizer, no right to see it, a broker too old. */
async function whereTold<T>(asked: Promise<T>): Promise<readonly [T] | readonly [undefined, string]> {
  try {
    return [await asked];
  } catch (error) {
    if (!isMillraceError(error) || error.retriable) throw error;
    const hasNone = isMillraceError(error, 'kafka_error') && (error as KafkaError).errorName === 'SECURITY_DISABLED';
    return [undefined, hasNone ? 'it has no authorizer, so that everybody may do everything there' : messageOf(error)];
  }
}
