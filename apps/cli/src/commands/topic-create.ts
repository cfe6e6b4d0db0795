import { MillraceError } from '@millrace/base';
import { type CreatedTopic, unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { settingsOption } from '../cluster/configuration-option.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { untilKnown } from '../cluster/unknown-topic.ts';
import { command } from '../framework/command.ts';
import { flag, integer } from '../framework/option.ts';
import { counted } from '../framework/table.ts';

/** A topic of that name is there. */
class TopicExistsError extends MillraceError {
  readonly code = 'topic_exists';

  constructor(topic: string, cluster: string, cause: unknown) {
    super(`the topic ${topic} exists already on ${cluster}`, {
      cause,
      hint: '--if-not-exists leaves it as it is; `millrace topic alter` changes it.',
    });
  }
}

export const topicCreate = command({
  name: 'topic create',
  summary: 'Create topics',
  description: "What is not given is the cluster's default.",
  operands: [{ name: 'TOPIC', help: 'names of the topics to create', many: true }],
  options: {
    partitions: integer({ placeholder: 'N', short: 'p', help: 'How many partitions' }, { min: 1, max: 1_000_000 }),
    replicationFactor: integer({ placeholder: 'N', help: 'How many brokers keep a copy' }, { min: 1, max: 32_767 }),
    config: settingsOption('A configuration of the topic'),
    ifNotExists: flag({ help: 'Leave a topic that exists as it is' }),
    dryRun: flag({ help: 'Let the cluster check it, and create nothing' }),
    ...clusterOptions,
  },
  examples: [
    { command: 'millrace topic create orders --partitions 6 --cluster east', does: 'Six partitions' },
    {
      command: 'millrace topic create customers --config cleanup.policy=compact --cluster east',
      does: 'A compacted topic',
    },
  ],
  async run({ options, operands, terminal }) {
    await using cluster = await openCluster(options);
    const { partitions, replicationFactor, dryRun } = options;
    const configuration = Object.fromEntries(options.config);
    const results = await cluster.admin.createTopics(
      operands.map((topic) => ({ topic, partitions, replicationFactor, configuration })),
      { validateOnly: dryRun, signal: terminal.signal },
    );
    const exists = new Set<string>();
    const others = results.filter(({ topic, error }) => {
      const passedOver = options.ifNotExists && error?.errorName === 'TOPIC_ALREADY_EXISTS';
      if (passedOver) exists.add(topic);
      return !passedOver;
    });
    // What was created is told even when another topic failed.
    const created = others.filter((result): result is typeof result & CreatedTopic => result.error === undefined);
    if (!dryRun) {
      const names = created.map(({ topic }) => topic);
      await untilKnown(cluster, names, { signal: terminal.signal });
    }
    if (terminal.json) {
      terminal.output.json({
        cluster: cluster.name,
        dryRun,
        created: created.map(({ topic, topicId, partitionCount, replicationFactor: replicas }) => ({
          topic,
          topicId: dryRun ? null : topicId,
          partitions: partitionCount,
          replicationFactor: replicas,
        })),
        existing: [...exists],
      });
    } else {
      for (const { topic, partitionCount } of created) {
        const deed = dryRun ? 'Would create' : 'Created';
        terminal.output.line(`${deed} ${topic} on ${cluster.name} with ${counted(partitionCount, 'partition')}.`);
      }
      for (const topic of exists) terminal.output.line(`${topic} exists already on ${cluster.name}.`);
    }
    const existing = others.find(({ error }) => error?.errorName === 'TOPIC_ALREADY_EXISTS');
    if (existing !== undefined) throw new TopicExistsError(existing.topic, cluster.name, existing.error);
    unwrap(others);
    return undefined;
  },
});
