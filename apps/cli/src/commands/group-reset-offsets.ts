import { MillraceError } from '@millrace/base';
import { type TopicPartition, unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { describeGroup, type GroupLag, noSuchGroup } from '../cluster/group-lag.ts';
import { type OpenCluster, openCluster } from '../cluster/open-cluster.ts';
import { partitionsOption, pickPartitions } from '../cluster/partition-choice.ts';
import { partitionRanges, resolvePosition } from '../cluster/partition-offsets.ts';
import { type Call, command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { many, parsed } from '../framework/option.ts';
import { counted, table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { parsePosition, positionForms } from '../records/position.ts';

/** Offsets of a group with members are its members' to commit. */
class GroupHasMembersError extends MillraceError {
  readonly code = 'group_has_members';

  constructor({ group, members, state }: GroupLag) {
    super(
      `${group} is ${state} with ${counted(members.length, 'member')}: its offsets can be moved only while it has none`,
      {
        hint: 'Stop its consumers first.',
      },
    );
  }
}

const resetOptions = {
  to: parsed({ placeholder: 'POSITION', help: `Where the group shall go on: ${positionForms}` }, (text) =>
    parsePosition(text),
  ),
  topic: many({ placeholder: 'TOPIC', short: 't', help: 'Only this topic' }, (name) => name),
  partition: partitionsOption,
  ...destructiveOptions,
  ...clusterOptions,
} as const;

export const groupResetOffsets = command({
  name: 'group reset-offsets',
  summary: "Move a group's committed offsets",
  description: `Of all topics of which the group has offsets, or of those named with --topic; a group that does not
    exist is made. The group must have no members. Offsets outside a partition go to its start or end.`,
  operands: [{ name: 'GROUP', help: 'whose offsets to move' }],
  options: resetOptions,
  examples: [
    {
      command: 'millrace group reset-offsets billing --to earliest --cluster east --dry-run',
      does: 'See the move first',
    },
    { command: 'millrace group reset-offsets billing --to 2h --topic orders --cluster east', does: 'Two hours back' },
  ],
  async run({ options, operands, terminal }: Call<typeof resetOptions>) {
    const [group] = operands as [string];
    const { to, dryRun } = options;
    if (to === undefined) {
      throw new UsageError('--to is missing', { hint: 'See `millrace group reset-offsets --help`.' });
    }
    await using cluster = await openCluster(options);
    const { admin } = cluster;
    const call = { signal: terminal.signal };
    const before = await describeGroup(cluster, group, call);
    if (before !== undefined && before.members.length > 0) throw new GroupHasMembersError(before);
    const partitions = await partitionsOf(cluster, group, before, { options, operands, terminal });
    const ranges = await partitionRanges(admin, partitions, call);
    const targets = await resolvePosition(admin, ranges, to, call);
    const moves = targets.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      from: before?.offsets.find((row) => row.topic === topic && row.partition === partition)?.committed ?? null,
      to: offset,
    }));
    if (!dryRun) {
      const deed = `move the offsets of ${group} on ${cluster.name} in ${counted(moves.length, 'partition')}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      unwrap(await admin.commitOffsets(group, targets, call));
    }
    if (terminal.json) {
      terminal.output.json({ cluster: cluster.name, group, dryRun, offsets: moves });
      return undefined;
    }
    const lines = table(
      moves,
      [
        { title: 'TOPIC', cell: (row) => row.topic, shrinks: true },
        { title: 'PARTITION', cell: (row) => row.partition, plain: true },
        { title: 'FROM', cell: (row) => row.from },
        { title: dryRun ? 'WOULD BE' : 'TO', cell: (row) => row.to },
      ],
      terminal.output.columns,
    );
    for (const line of lines) terminal.output.line(line);
    return undefined;
  },
});

/** Partitions to move: of the topics named, or all of which the group has offsets. */
async function partitionsOf(
  cluster: OpenCluster,
  group: string,
  before: GroupLag | undefined,
  { options: { topic, partition }, terminal: { signal } }: Call<typeof resetOptions>,
): Promise<TopicPartition[]> {
  if (topic.length > 0) return pickPartitions(cluster, topic, partition, { signal });
  if (before === undefined) throw await noSuchGroup(group, cluster);
  const wanted = partition.flat();
  const committed = before.offsets.filter((row) => row.end !== null);
  const chosen = committed.filter((row) => wanted.length === 0 || wanted.includes(row.partition));
  if (chosen.length > 0) return chosen;
  throw new UsageError(
    `${group} has no committed offsets ${wanted.length > 0 ? 'there' : 'yet'}; name topics with --topic`,
  );
}
