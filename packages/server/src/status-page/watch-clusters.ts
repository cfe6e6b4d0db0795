/**
 * Looks at the clusters every few seconds and tells what has changed, so that pages need not ask. What a cluster that
 * does not answer was last seen to be stays, marked as stale.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Admin, type Client, unwrap } from '@millrace/client';

export interface WatchedCluster {
  readonly name: string;
  readonly client: Client;
}

export interface ClusterStatus {
  readonly name: string;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly TopicStatus[];
  /** When this was last seen to be so. */
  readonly observedAt: string;
  /** The cluster did not answer since. */
  readonly stale: boolean;
}

export interface TopicStatus {
  readonly name: string;
  readonly partitions: number;
  /** Records that the topic holds; null when it could not be asked. */
  readonly records: number | null;
}

export interface WatchOptions {
  readonly clusters: readonly WatchedCluster[];
  readonly onChange: (clusters: readonly ClusterStatus[]) => void;
  /** Default 2,000. */
  readonly intervalMs?: number | undefined;
}

/** Begins to watch; `close` ends it. */
export function watchClusters(options: WatchOptions): AsyncDisposable & { close(): Promise<void> } {
  const stop = new AbortController();
  const running = watch(options, stop.signal);
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function watch(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const intervalMs = options.intervalMs ?? 2_000;
  const admins = options.clusters.map(({ client }) => client.admin());
  const known = new Map<string, ClusterStatus>();
  let told = '';
  while (!signal.aborted) {
    await Promise.all(
      options.clusters.map(async ({ name }, index) => {
        known.set(name, await observe(name, admins[index] as Admin, known.get(name), intervalMs, signal));
      }),
    );
    const clusters = options.clusters.flatMap(({ name }) => known.get(name) ?? []);
    // When it was looked at is no news while nothing else is.
    const news = JSON.stringify(clusters.map(({ observedAt, ...status }) => status));
    if (news !== told && !signal.aborted) {
      told = news;
      options.onChange(clusters);
    }
    await pause(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  await Promise.all(admins.map((admin) => admin.close()));
}

async function observe(
  name: string,
  admin: Admin,
  before: ClusterStatus | undefined,
  intervalMs: number,
  signal: AbortSignal,
): Promise<ClusterStatus> {
  const call = { signal, timeoutMs: Math.max(1_000, intervalMs) };
  try {
    const [{ brokers }, topics] = await Promise.all([admin.describeCluster(call), admin.listTopics(call)]);
    const records = await recordsByTopic(admin, topics, call);
    return {
      name,
      brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
      topics: topics.map(({ topic, partitionCount }) => ({
        name: topic,
        partitions: partitionCount,
        records: records.get(topic) ?? null,
      })),
      observedAt: new Date().toISOString(),
      stale: false,
    };
  } catch {
    // Why it does not answer is for the one who asks it; here it only counts that it does not.
    return { brokers: [], topics: [], observedAt: new Date().toISOString(), ...before, name, stale: true };
  }
}

const partitionsAskedMost = 2_000;

/**
 * Records by topic, of the first topics by name: asking for the offsets of very many partitions would cost more than it
 * tells.
 */
async function recordsByTopic(
  admin: Admin,
  topics: Awaited<ReturnType<Admin['listTopics']>>,
  call: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Map<string, number>> {
  const partitions = topics
    .flatMap(({ topic, partitionCount }) =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    )
    .slice(0, partitionsAskedMost);
  const offsets = async (at: 'earliest' | 'latest') =>
    unwrap(
      await admin.listOffsets(
        partitions.map((each) => ({ ...each, at })),
        call,
      ),
    );
  const [starts, ends] = await Promise.all([offsets('earliest'), offsets('latest')]);
  const records = new Map<string, number>();
  for (const [index, { topic, offset }] of ends.entries()) {
    records.set(topic, (records.get(topic) ?? 0) + offset - (starts[index]?.offset ?? 0));
  }
  return records;
}
