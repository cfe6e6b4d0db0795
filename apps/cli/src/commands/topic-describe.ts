import { type ConfigurationEntry, unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { type OpenCluster, withClusters } from '../cluster/open-cluster.ts';
import { partitionRanges } from '../cluster/partition-offsets.ts';
import { noSuchTopic, saysUnknown } from '../cluster/unknown-topic.ts';
import { type Call, command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { counted, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';

const describeOptions = {
  allConfig: flag({ help: 'Show the whole configuration and not only what was changed' }),
  ...clusterOptions,
} as const;

export const topicDescribe = command({
  name: 'topic describe',
  summary: "Show topics' partitions, offsets and configuration",
  operands: [{ name: 'TOPIC', help: 'which topics to describe', many: true }],
  options: describeOptions,
  examples: [{ command: 'millrace topic describe tracking.events', does: 'On every cluster that has it' }],
  async run({ options, operands, terminal }: Call<typeof describeOptions>) {
    return withClusters(options, async (clusters) => {
      const found = await Promise.all(
        clusters.map((cluster) => describe(cluster, operands, options.allConfig, terminal)),
      );
      const topics = found.flat();
      for (const wanted of operands) {
        if (topics.some(({ topic }) => topic === wanted)) continue;
        throw await noSuchTopic(wanted, clusters[0] as OpenCluster);
      }
      if (terminal.json) terminal.output.json({ topics });
      else for (const [index, topic] of topics.entries()) print(topic, index, terminal);
      return undefined;
    });
  },
});

type Described = Awaited<ReturnType<typeof describe>>[number];

async function describe(cluster: OpenCluster, names: readonly string[], allConfig: boolean, { signal }: Terminal) {
  const { admin } = cluster;
  const results = (await admin.describeTopics(names, { signal })).filter(({ error }) => !saysUnknown(error));
  return Promise.all(
    unwrap(results).map(async ({ topic, topicId, internal, partitions }) => {
      const [ranges, configs] = await Promise.all([
        partitionRanges(
          admin,
          partitions.map(({ partition }) => ({ topic, partition })),
          { signal },
        ),
        admin.describeConfigs([{ type: 'topic', name: topic }], { signal }),
      ]);
      const entries = unwrap(configs).flatMap((resource) => resource.entries);
      return {
        cluster: cluster.name,
        topic,
        topicId,
        internal,
        configuration: Object.fromEntries(
          entries.filter((entry) => allConfig || isChanged(entry)).map(({ name, value }) => [name, value]),
        ),
        partitions: partitions.map(
          ({ partition, leader, leaderEpoch, replicas, inSyncReplicas, offlineReplicas }, index) => ({
            partition,
            leader,
            leaderEpoch,
            replicas,
            inSyncReplicas,
            offlineReplicas,
            startOffset: ranges[index]?.start ?? null,
            endOffset: ranges[index]?.end ?? null,
          }),
        ),
      };
    }),
  );
}

function isChanged({ source }: ConfigurationEntry): boolean {
  return source === 'topic';
}

function print(described: Described, index: number, { output }: Terminal): void {
  const { cluster, topic, topicId, partitions, configuration } = described;
  const records = partitions.reduce(
    (sum, { startOffset, endOffset }) => sum + (endOffset ?? 0) - (startOffset ?? 0),
    0,
  );
  if (index > 0) output.line('');
  output.line(
    `${topic} on ${cluster}: ${counted(partitions.length, 'partition')}, ${counted(records, 'record')} at most`,
  );
  output.line(`  id ${topicId}${described.internal ? ', internal' : ''}`);
  for (const [name, value] of Object.entries(configuration)) output.line(`  ${name}=${value ?? '(hidden)'}`);
  output.line('');
  const lines = table(
    partitions,
    [
      { title: 'PARTITION', cell: (row) => row.partition, plain: true },
      { title: 'START', cell: (row) => row.startOffset },
      { title: 'END', cell: (row) => row.endOffset },
      { title: 'LEADER', cell: (row) => (row.leader < 0 ? null : row.leader), plain: true },
      { title: 'REPLICAS', cell: (row) => row.replicas.join(','), shrinks: true },
      { title: 'IN SYNC', cell: (row) => row.inSyncReplicas.join(','), shrinks: true },
    ],
    output.columns,
  );
  for (const line of lines) output.line(line);
}
