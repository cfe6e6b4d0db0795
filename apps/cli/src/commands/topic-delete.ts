import { unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { partitionRanges } from '../cluster/partition-offsets.ts';
import { describeExistingTopics, saysUnknown } from '../cluster/unknown-topic.ts';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag } from '../framework/option.ts';
import { count, counted } from '../framework/table.ts';

export const topicDelete = command({
  name: 'topic delete',
  summary: 'Delete topics',
  description: 'All records of the topics are gone for good.',
  operands: [{ name: 'TOPIC', help: 'names of the topics to delete', many: true }],
  options: {
    ifExists: flag({ help: 'Pass over topics that do not exist' }),
    ...destructiveOptions,
    ...clusterOptions,
  },
  examples: [
    { command: 'millrace topic delete orders --cluster east --dry-run', does: 'What would be lost' },
    { command: 'millrace topic delete orders --cluster east --yes', does: 'Without a question, for a script' },
  ],
  async run({ options, operands, terminal }) {
    await using cluster = await openCluster(options);
    const { admin } = cluster;
    const { signal, output } = terminal;
    const listed = await admin.describeTopics(operands, { signal });
    const wanted = options.ifExists
      ? listed.filter(({ error }) => !saysUnknown(error)).map(({ topic }) => topic)
      : operands;
    const topics = wanted.length === 0 ? [] : await describeExistingTopics(cluster, wanted, { signal });
    const ranges = await partitionRanges(
      admin,
      topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),
      { signal },
    );
    const doomed = topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.length,
      offsets: ranges.reduce((sum, range) => sum + (range.topic === topic ? range.end - range.start : 0), 0),
    }));
    if (doomed.length > 0 && !options.dryRun) {
      const list = doomed.map(({ topic, offsets }) => `${topic} (${count(offsets)} records)`).join(', ');
      const deed = `delete ${counted(doomed.length, 'topic')} on ${cluster.name}: ${list}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      unwrap(await admin.deleteTopics(wanted, { signal }));
    }
    if (terminal.json) {
      output.json({ cluster: cluster.name, dryRun: options.dryRun, deleted: doomed });
      return undefined;
    }
    const verb = options.dryRun ? 'Would delete' : 'Deleted';
    for (const { topic, partitions, offsets } of doomed) {
      output.line(
        `${verb} ${topic} on ${cluster.name}: ${counted(partitions, 'partition')}, ${counted(offsets, 'record')}.`,
      );
    }
    if (doomed.length === 0) output.line('There was nothing to delete.');
    return undefined;
  },
});
