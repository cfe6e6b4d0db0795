import { clusterOptions } from '../cluster/cluster-options.ts';
import { withClusters } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { table } from '../framework/table.ts';

export const topicList = command({
  name: 'topic list',
  summary: 'List topics',
  description:
    'Without --cluster or --bootstrap: the topics of every cluster of the platform that runs on this machine.',
  operands: [],
  options: { internal: flag({ help: "Show Kafka's own topics too" }), ...clusterOptions },
  examples: [
    { command: 'millrace topic list', does: 'All topics of the platform on this machine' },
    { command: 'millrace topic list --bootstrap kafka1:9092 --json', does: 'Of any cluster, for a script' },
  ],
  async run({ options, terminal }) {
    const { signal, output } = terminal;
    return withClusters(options, async (clusters) => {
      const listings = await Promise.all(
        clusters.map(async ({ name, admin }) => {
          const topics = await admin.listTopics({ internal: options.internal, signal });
          return topics.map((listing) => ({ cluster: name, ...listing }));
        }),
      );
      const topics = listings.flat();
      if (terminal.json) {
        output.json({
          topics: topics.map(({ cluster, topic, topicId, internal, partitionCount, replicationFactor }) => ({
            cluster,
            topic,
            topicId,
            internal,
            partitions: partitionCount,
            replicationFactor,
          })),
        });
        return undefined;
      }
      if (topics.length === 0) {
        terminal.note('There are no topics yet. Make one with `millrace topic create NAME`.');
        return undefined;
      }
      const columns = [
        ...(clusters.length > 1 ? [{ title: 'CLUSTER', cell: (row: (typeof topics)[number]) => row.cluster }] : []),
        { title: 'TOPIC', cell: (row: (typeof topics)[number]) => row.topic, shrinks: true as const },
        { title: 'PARTITIONS', cell: (row: (typeof topics)[number]) => row.partitionCount },
        { title: 'REPLICAS', cell: (row: (typeof topics)[number]) => row.replicationFactor },
      ];
      for (const line of table(topics, columns, output.columns)) output.line(line);
      return undefined;
    });
  },
});
