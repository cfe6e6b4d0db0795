/** Brokers' log directories: describe, move replicas between them. */
import { alterReplicaLogDirs, type DescribeLogDirsResponse, describeLogDirs } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartition } from '../topic.ts';
import { itemResults } from './item-results.ts';
import type { BrokerId, LogDirectory, LogDirectoryPath, ReplicaPlace } from './log-directory-admin.ts';
import { onBroker } from './routes.ts';

type DirectoryAnswer = DescribeLogDirsResponse['results'][number];
type DirectoryResult = ItemResult<LogDirectoryPath, LogDirectory>;

const altering: NeededAccess = { operation: 'alter', resourceType: 'cluster', resourceName: 'kafka-cluster' };
const describing: NeededAccess = { ...altering, operation: 'describe' };

export async function describeDirectories(
  cluster: Cluster,
  brokers: readonly number[],
  partitions: readonly TopicPartition[] | undefined,
  bounds: CallBounds,
): Promise<ItemResult<BrokerId, { readonly directories: readonly DirectoryResult[] }>[]> {
  const topics = partitions && byTopic(partitions, ({ partition }) => partition);
  const draft = { topics: topics?.map(([topic, indexes]) => ({ topic, partitions: indexes })) ?? null };
  const answers = await Promise.all(
    brokers.map((broker) =>
      onBroker(cluster, broker, bounds, (connection, timeoutMs) =>
        connection.request(describeLogDirs, draft, { timeoutMs }),
      ),
    ),
  );
  return itemResults(
    brokers.map((broker) => ({ broker })),
    (_, place) => answers[place],
    ({ broker }) => `describe the log directories of broker ${broker}`,
    ({ results }) => ({ directories: directoriesOf(results) }),
    () => describing,
  );
}

function directoriesOf(answers: readonly DirectoryAnswer[]): DirectoryResult[] {
  return itemResults(
    answers.map(({ logDir }) => ({ path: logDir })),
    (_, place) => answers[place],
    ({ path }) => `describe log directory ${path}`,
    ({ totalBytes, usableBytes, topics }) => ({
      totalBytes: totalBytes < 0 ? undefined : totalBytes,
      usableBytes: usableBytes < 0 ? undefined : usableBytes,
      replicas: topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
          topic: name,
          partition: partitionIndex,
          sizeBytes: partitionSize,
          offsetLag,
          future: isFutureKey,
        })),
      ),
    }),
    () => describing,
  );
}

export async function describeReplicaDirectories(
  cluster: Cluster,
  replicas: readonly ReplicaPlace[],
  bounds: CallBounds,
): Promise<ItemResult<ReplicaPlace, { readonly current: string | undefined; readonly future: string | undefined }>[]> {
  const brokers = [...new Set(replicas.map(({ broker }) => broker))];
  const described = await describeDirectories(cluster, brokers, replicas, bounds);
  return replicas.map(({ topic, partition, broker }) => {
    const answer = described.find((each) => each.broker === broker);
    if (answer?.error !== undefined) return { topic, partition, broker, error: answer.error };
    const pathOf = (future: boolean): string | undefined =>
      answer?.directories.find(
        (directory) =>
          directory.error === undefined &&
          directory.replicas.some(
            (replica) => replica.topic === topic && replica.partition === partition && replica.future === future,
          ),
      )?.path;
    return { topic, partition, broker, current: pathOf(false), future: pathOf(true) };
  });
}

export async function moveReplicas(
  cluster: Cluster,
  moves: readonly (ReplicaPlace & LogDirectoryPath)[],
  bounds: CallBounds,
): Promise<ItemResult<ReplicaPlace>[]> {
  const brokers = [...new Set(moves.map(({ broker }) => broker))];
  const answers = await Promise.all(
    brokers.map(async (broker) => {
      const own = moves.filter((move) => move.broker === broker);
      const { results } = await onBroker(cluster, broker, bounds, (connection, timeoutMs) =>
        connection.request(alterReplicaLogDirs, { dirs: directoryDrafts(own) }, { timeoutMs }),
      );
      return results.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => ({ broker, topicName, partitionIndex, errorCode })),
      );
    }),
  );
  const all = answers.flat();
  return itemResults(
    moves.map(({ topic, partition, broker }) => ({ topic, partition, broker })),
    ({ topic, partition, broker }) =>
      all.find(
        (answer) => answer.broker === broker && answer.topicName === topic && answer.partitionIndex === partition,
      ),
    ({ topic, partition, broker }) => `move the replica of ${topic} [${partition}] on broker ${broker}`,
    () => ({}),
    () => altering,
  );
}

function directoryDrafts(moves: readonly (ReplicaPlace & LogDirectoryPath)[]) {
  const paths = [...new Set(moves.map(({ path }) => path))];
  return paths.map((path) => {
    const here = moves.filter((move) => move.path === path);
    const topics = byTopic(here, ({ partition }) => partition);
    return { path, topics: topics.map(([name, partitions]) => ({ name, partitions })) };
  });
}
