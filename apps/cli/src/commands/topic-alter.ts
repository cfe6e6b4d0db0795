import { type ConfigurationChange, unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { settingsOption } from '../cluster/configuration-option.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { describeExistingTopics } from '../cluster/unknown-topic.ts';
import { command } from '../framework/command.ts';
import { flag, integer, many } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

export const topicAlter = command({
  name: 'topic alter',
  summary: 'Add partitions to a topic, or change its configuration',
  description: `Partitions can be added and never be taken away; keys then go to other partitions than before, so that
    the order of a key holds only from there on.`,
  operands: [{ name: 'TOPIC', help: 'the topic to change' }],
  options: {
    partitions: integer(
      { placeholder: 'N', short: 'p', help: 'How many partitions there shall be in all' },
      { min: 1 },
    ),
    config: settingsOption('Set a configuration of the topic'),
    unset: many({ placeholder: 'NAME', help: "Give a configuration back to the cluster's default" }, (name) => name),
    dryRun: flag({ help: 'Let the cluster check it, and change nothing' }),
    ...clusterOptions,
  },
  examples: [
    { command: 'millrace topic alter orders --partitions 12 --cluster east', does: 'Twelve partitions in all' },
    { command: 'millrace topic alter orders --config retention.ms=86400000 --cluster east', does: 'Keep a day' },
  ],
  async run({ options, operands, terminal }) {
    const [topic] = operands as [string];
    const { partitions, config, unset, dryRun } = options;
    const changes: ConfigurationChange[] = [
      ...config.map(([name, value]) => ({ name, operation: 'set' as const, value })),
      ...unset.map((name) => ({ name, operation: 'delete' as const })),
    ];
    if (partitions === undefined && changes.length === 0) {
      throw new UsageError('nothing to change: give --partitions, --config or --unset', {
        hint: 'See `millrace topic alter --help`.',
      });
    }
    await using cluster = await openCluster(options);
    const { admin } = cluster;
    const call = { validateOnly: dryRun, signal: terminal.signal };
    const [before] = await describeExistingTopics(cluster, [topic], { signal: terminal.signal });
    const partitionsBefore = before?.partitions.length ?? 0;
    // The configuration goes first: it may be repeated, new partitions may not.
    if (changes.length > 0) {
      unwrap(await admin.incrementalAlterConfigs([{ type: 'topic', name: topic, changes }], call));
    }
    if (partitions !== undefined && partitions !== partitionsBefore) {
      unwrap(await admin.createPartitions([{ topic, totalCount: partitions }], call));
    }
    if (terminal.json) {
      terminal.output.json({
        cluster: cluster.name,
        topic,
        dryRun,
        partitions: { before: partitionsBefore, after: partitions ?? partitionsBefore },
        configuration: changes,
      });
      return undefined;
    }
    const would = dryRun ? 'would be ' : '';
    if (partitions !== undefined) {
      terminal.output.line(`${topic} on ${cluster.name}: partitions ${would}${partitionsBefore} -> ${partitions}`);
    }
    for (const change of changes) {
      const after = change.operation === 'delete' ? "the cluster's default" : change.value;
      terminal.output.line(`${topic} on ${cluster.name}: ${change.name} ${would}-> ${after}`);
    }
    return undefined;
  },
});
