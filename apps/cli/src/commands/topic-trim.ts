import { unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { partitionsOption, pickPartitions } from '../cluster/partition-choice.ts';
import { partitionRanges, resolvePosition } from '../cluster/partition-offsets.ts';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { parsed } from '../framework/option.ts';
import { count, table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { parsePosition, positionForms } from '../records/position.ts';

export const topicTrim = command({
  name: 'topic trim',
  summary: 'Delete the oldest records of a topic',
  operands: [{ name: 'TOPIC', help: 'the topic to trim' }],
  options: {
    before: parsed({ placeholder: 'POSITION', help: `Delete what lies before it: ${positionForms}` }, (text) =>
      parsePosition(text),
    ),
    partition: partitionsOption,
    ...destructiveOptions,
    ...clusterOptions,
  },
  examples: [
    { command: 'millrace topic trim orders --before 7d --cluster east', does: 'What is older than a week' },
    { command: 'millrace topic trim orders --before latest --cluster east', does: 'Everything there is now' },
  ],
  async run({ options, operands, terminal }) {
    const [topic] = operands as [string];
    const { before, dryRun } = options;
    if (before === undefined)
      throw new UsageError('--before is missing', { hint: 'See `millrace topic trim --help`.' });
    await using cluster = await openCluster(options);
    const { admin } = cluster;
    const call = { signal: terminal.signal };
    const partitions = await pickPartitions(cluster, [topic], options.partition, call);
    const ranges = await partitionRanges(admin, partitions, call);
    const cuts = await resolvePosition(admin, ranges, before, call);
    const plan = ranges.map(({ partition, start }, index) => ({
      partition,
      from: start,
      to: cuts[index]?.offset ?? start,
    }));
    const records = plan.reduce((sum, { from, to }) => sum + to - from, 0);
    if (records > 0 && !dryRun) {
      const deed = `delete ${count(records)} records of ${topic} on ${cluster.name}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      unwrap(await admin.deleteRecords(cuts, call));
    }
    if (terminal.json) {
      terminal.output.json({ cluster: cluster.name, topic, dryRun, records, partitions: plan });
      return undefined;
    }
    const lines = table(
      plan,
      [
        { title: 'PARTITION', cell: (row) => row.partition, plain: true },
        { title: 'STARTED AT', cell: (row) => row.from },
        { title: dryRun ? 'WOULD START AT' : 'STARTS AT', cell: (row) => row.to },
        { title: 'DELETED', cell: (row) => row.to - row.from },
      ],
      terminal.output.columns,
    );
    for (const line of lines) terminal.output.line(line);
    return undefined;
  },
});
